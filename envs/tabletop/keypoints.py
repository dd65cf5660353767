"""The named points of the scene, and the way of the hand that does an instruction."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np

from vlmrl.envs.tabletop import arm, scene
from vlmrl.envs.tabletop.instruction import Instruction
from vlmrl.envs.tabletop.scene import BUTTON_TOP, BUTTON_TRAVEL, COLOURS, HALF, TIP, ZONES
from vlmrl.envs.tabletop.states import BEHIND, target
from vlmrl.envs.tabletop.truth import WIDE, where
from vlmrl.envs.task import Points, State, StateFn
from vlmrl.types import Array

OVER = 0.12
"""Height at which the hand, and a block in it, passes over everything [m]."""
LOW = 0.032
"""Height of the hand that pushes [m]."""
TOUCHING = 0.034
"""From the middle of a block to the hand that pushes it [m]."""
BEFORE = 0.065
"""How far before its handle the hand stands that closes the drawer [m]."""
SHUT = 0.036
"""The same when it is closed [m]."""
PULLED = 0.010
"""How much further than the drawer comes out the hand goes that opens it [m]."""
DEEP = 0.003
"""How much lower than the button sinks the hand goes that presses it [m]."""
RELEASED = 0.002
"""Above its place, where a block is let go [m]."""

NEAR: Final = {"reach": 0.030, "press": 0.012, "open": 0.020, "close": 0.008, "lift": 0.018}
"""How near to its place the hand, or what it moves, is when an instruction of this verb counts as done [m]; of others
2.5 cm."""


def hand(state: State) -> Array:
    """The place between the fingertips: ``(..., 3)`` [m]."""
    return arm.hand(state.qpos)


def closed(state: State) -> Array:
    """Whether the fingers are as near to each other as a block between them is wide, or nearer: bool ``(...)``."""
    shut: Array = scene.opening(state.qpos) < WIDE
    return shut


def points(asked: Instruction) -> Points:
    """The points of the scene, for an instruction."""
    named: dict[str, StateFn] = {"hand": hand}
    named |= {thing: partial(where, thing=thing) for thing in (*COLOURS, *ZONES, "button", "handle")}
    if asked.verb not in ("reach", "press"):
        named["place"] = partial(_place, asked=asked)
    thing = "handle" if asked.thing == "drawer" else asked.thing
    grasp = thing if asked.verb not in ("reach", "press") else ""
    return Points(
        named=named,
        own="hand",
        target="place" if grasp else thing,
        way=partial(way, asked=asked),
        near=NEAR.get(asked.verb, 0.025),
        grasp=grasp,
        grasped=0 if asked.verb in ("lift", "close") else 1,
        closed=closed,
        hidden=("place",),
    )


def way(state: State, asked: Instruction) -> Array:
    """From the first state of an episode, where the hand goes: ``(..., K, 3)`` [m]."""
    if asked.verb == "push":
        return _pushed(state, asked)
    if asked.verb in ("put", "stack"):
        block, place = scene.block(state.qpos, asked.thing), _place(state, asked)
        lower = place + np.array([0.0, 0.0, 0.045 if asked.form == "put drawer" else RELEASED])
        return np.stack([_at(block, OVER), block, _at(block, OVER), _at(place, OVER), lower], axis=-2)
    thing = where(state, "handle" if asked.thing == "drawer" else asked.thing)
    if asked.verb == "reach":
        # As near as the fingers come; the middle of a block is inside it.
        up = HALF + TIP - 0.008 if asked.thing in COLOURS else TIP
        there: Array = thing + np.array([0.0, 0.0, up])
        return there[..., None, :]
    if asked.verb == "lift":
        return np.stack([thing, _at(thing, OVER)], axis=-2)
    if asked.verb == "press":
        down = BUTTON_TOP - BUTTON_TRAVEL + TIP - DEEP
        return np.stack([_at(thing, BUTTON_TOP + 0.05), _at(thing, down)], axis=-2)
    if asked.verb == "open":
        hook = _at(thing, 0.036)
        return np.stack([_at(thing, 0.11), hook, hook - np.array([0.0, scene.DRAWER_RANGE + PULLED, 0.0])], axis=-2)
    before = _at(thing, 0.040) - np.array([0.0, BEFORE, 0.0])
    shut = _at(thing, 0.040)
    shut[..., 1] = scene.HANDLE[1] - SHUT
    return np.stack([before, shut], axis=-2)


def _place(state: State, asked: Instruction) -> Array:
    """Where the thing that is moved is when it is done."""
    if asked.verb in ("open", "close"):
        there = where(state, "handle").copy()
        there[..., 1] = scene.HANDLE[1] - (scene.DRAWER_RANGE if asked.verb == "open" else 0.0)
        return there
    if asked.verb == "lift":
        block = scene.block(state.qpos, asked.thing).copy()
        block[..., 2] = np.maximum(block[..., 2], OVER)
        return block
    return target(asked, state)


def _pushed(state: State, asked: Instruction) -> Array:
    """Down behind the block, then on in a straight line."""
    block, place = scene.block(state.qpos, asked.thing), _place(state, asked)
    ahead = place - block
    ahead[..., 2] = 0.0
    ahead = ahead / np.maximum(np.linalg.norm(ahead, axis=-1, keepdims=True), 1e-9)
    behind = block - BEHIND * ahead
    return np.stack([_at(behind, 0.11), _at(behind, LOW), _at(place - TOUCHING * ahead, LOW)], axis=-2)


def _at(place: Array, height: float) -> Array:
    """The same place over the table at another height."""
    there = place.copy()
    there[..., 2] = height
    return there
