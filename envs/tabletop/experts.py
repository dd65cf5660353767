"""Scripts that do what is asked, knowing where everything is: one for each way of handling things."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import gymnasium as gym
import mujoco
import numpy as np

from vlmrl.envs.simulator import simulator
from vlmrl.envs.tabletop import arm, scene
from vlmrl.envs.tabletop.instruction import Instruction
from vlmrl.envs.tabletop.scene import BUTTON_TOP, BUTTON_TRAVEL, COLOURS, HALF, TIP
from vlmrl.envs.tabletop.states import BEHIND, SHORT, target
from vlmrl.envs.tabletop.truth import where
from vlmrl.envs.task import Policy, State
from vlmrl.types import Array

Script: TypeAlias = Iterator[Array]
"""Actions, each computed from the state that the one before led to."""

OPEN, SHUT = 1.0, -1.0
"""What the fingers are told."""
ABOVE = 0.15
"""Height at which the hand, and a block in it, passes over everything [m]."""
LOW = 0.032
"""Height of the hand that pushes: its palm passes over cabinet and button [m]."""
ALIGN, STEER = 0.6, 0.3
"""Shares of how far the hand is from the block's middle, and the block from its line, that a step of pushing mends."""


def expert(env: gym.Env[Any, Any], asked: Instruction) -> Policy:
    """A policy for the episode of ``env`` that has just begun; when its script is over it holds still.

    Args:
        env: the tabletop, wrapped or not.
        asked: what to do.
    """
    model, data = simulator(env)
    script, last = SCRIPTS[asked.form](_Bench(model, data), asked), np.zeros(4, np.float32)

    def policy(observation: Array, info: dict[str, Any]) -> Array:
        nonlocal last
        last = next(script, np.concatenate([np.zeros(3), last[3:]])).astype(np.float32)
        return last

    return policy


class _Bench:
    """The simulator as a script sees it."""

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        self._model, self._data = model, data

    @property
    def state(self) -> State:
        return State.of(self._model, self._data)

    @property
    def hand(self) -> Array:
        return arm.hand(self._data.qpos)

    @property
    def commanded(self) -> Array:
        return arm.hand(self._data.ctrl)

    def block(self, colour: str) -> Array:
        return scene.block(self._data.qpos, colour).copy()

    def go(self, place: Array, fingers: float, patience: int = 16) -> Script:
        """Move the hand to a place, and give up after so many steps."""
        place = np.clip(place, arm.LOW, arm.HIGH)
        for _ in range(patience):
            if np.abs(place - self.commanded).max() < 1e-3 and np.abs(place - self.hand).max() < 0.008:
                return
            yield self.towards(place, fingers)

    def towards(self, place: Array, fingers: float) -> Array:
        """One step of the commanded place towards another."""
        way = (place - self.commanded) / arm.STEP
        return np.concatenate([np.clip(way, -1.0, 1.0), [fingers]])

    def still(self, fingers: float, steps: int) -> Script:
        """Let the fingers move."""
        for _ in range(steps):
            yield np.array([0.0, 0.0, 0.0, fingers])


def _at(place: Array, height: float) -> Array:
    """The same place on the table at another height."""
    return np.array([place[0], place[1], height])


def _reach(bench: _Bench, asked: Instruction) -> Script:
    place = where(bench.state, asked.thing)
    up = HALF + TIP if asked.thing in COLOURS else TIP + 0.002 if asked.thing == "button" else 0.01
    yield from bench.go(_at(place, max(ABOVE, place[2] + 0.05)), SHUT)
    yield from bench.go(_at(place, place[2] + up), SHUT)


def _pick(bench: _Bench, colour: str) -> Script:
    place = bench.block(colour)
    yield from bench.go(_at(place, 0.11), OPEN)
    yield from bench.go(place, OPEN)
    yield from bench.still(SHUT, 3)
    yield from bench.go(_at(place, ABOVE), SHUT)


def _lift(bench: _Bench, asked: Instruction) -> Script:
    yield from _pick(bench, asked.thing)


def _put(bench: _Bench, asked: Instruction) -> Script:
    yield from _pick(bench, asked.thing)
    place = target(asked, bench.state)
    drop = 0.045 if asked.form == "put drawer" else 0.002
    yield from bench.go(_at(place, ABOVE), SHUT)
    yield from bench.go(_at(place, place[2] + drop), SHUT)
    yield from bench.still(OPEN, 3)
    yield from bench.go(_at(place, ABOVE + 0.02), OPEN)


def _push(bench: _Bench, asked: Instruction) -> Script:
    """Along one axis after the other: a block pushed askew turns."""
    place, start = target(asked, bench.state), bench.block(asked.thing)
    # Planned at the start: a block that drifts aside on its way has no lane checked for a second push.
    for axis in np.flatnonzero(np.abs(place - start)[:2] > SHORT):
        there = bench.block(asked.thing)
        there[axis] = place[axis]
        yield from _shove(bench, asked.thing, there)


def _shove(bench: _Bench, colour: str, place: Array) -> Script:
    """Behind the block, then on and on towards where it is to go, always from behind."""
    ahead = _ahead(bench.block(colour), place)
    behind = bench.block(colour) - BEHIND * ahead
    yield from bench.go(_at(behind, 0.11), SHUT)
    yield from bench.go(_at(behind, LOW), SHUT)
    for _ in range(30):
        block = bench.block(colour)
        left = float(ahead @ (place - block))
        if left < 0.005:
            break
        # Back to the block's middle, and with it, by friction, back to the line.
        aside = ALIGN * (bench.hand - block) + STEER * (block - place)
        aside -= (aside @ ahead) * ahead
        yield bench.towards(_at(bench.hand + min(0.024, 0.6 * left + 0.004) * ahead - aside, LOW), SHUT)
    yield from bench.go(bench.hand - 0.02 * ahead, SHUT, 3)
    yield from bench.go(_at(bench.hand, 0.11), SHUT)


def _ahead(block: Array, place: Array) -> Array:
    way = np.array([place[0] - block[0], place[1] - block[1], 0.0])
    return way / max(float(np.linalg.norm(way)), 1e-9)


def _open(bench: _Bench, asked: Instruction) -> Script:
    handle = where(bench.state, "handle")
    yield from bench.go(_at(handle, 0.11), SHUT)
    yield from bench.go(_at(handle, 0.036), SHUT)
    yield from bench.go(np.array([handle[0], handle[1] - scene.DRAWER_RANGE - 0.01, 0.036]), SHUT, 8)
    yield from bench.go(_at(bench.hand, ABOVE), SHUT)


def _close(bench: _Bench, asked: Instruction) -> Script:
    handle = where(bench.state, "handle")
    before = handle - [0.0, 0.065, 0.0]
    yield from bench.go(_at(before, 0.11), SHUT)
    yield from bench.go(_at(before, 0.040), SHUT)
    yield from bench.go(np.array([handle[0], handle[1] + scene.DRAWER_RANGE, 0.040]), SHUT, 8)


def _press(bench: _Bench, asked: Instruction) -> Script:
    top = where(bench.state, "button")
    yield from bench.go(_at(top, BUTTON_TOP + 0.05), SHUT)
    yield from bench.go(_at(top, BUTTON_TOP - BUTTON_TRAVEL + TIP - 0.012), SHUT, 6)


SCRIPTS: dict[str, Callable[[_Bench, Instruction], Script]] = {
    "reach": _reach,
    "lift": _lift,
    "push to": _push,
    "push onto": _push,
    "put in": _put,
    "put drawer": _put,
    "put by": _put,
    "stack": _put,
    "open": _open,
    "close": _close,
    "press": _press,
}
"""How an instruction of each form is done."""
