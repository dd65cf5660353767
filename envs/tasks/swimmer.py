"""Swimmer of dm_control: six links in a row in water, seen from above. Truth: how far each joint is bent.

The target is a mocap body here, so that its place is part of the state; dm_control moves a geom and a light of the
model instead.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np

from vlmrl.envs.suite import SuiteEnv, placed
from vlmrl.envs.task import Camera, Policy, Pose, State, Task
from vlmrl.types import Array

ROOT = 3
"""Numbers of the head's place before the five joints between the links."""
BEND = np.pi / 3
"""How far a joint bends to either side [rad]; five of them make a hexagon, almost closed."""
LIGHT = (0.0, 0.0, 1.45)
"""From the target to the light over it [m]."""


def load() -> Any:
    """dm_control's swimmer of six links with its target, and the light over it, as a mocap body."""
    from dm_control.suite import swimmer

    return placed(swimmer.swimmer6(), *swimmer.get_model_and_assets(6), "target", "target_light")


def near_target(physics: Any, random: np.random.RandomState) -> None:
    """Start nearly straight, with the target up to a metre away."""
    named = physics.named.model
    named.geom_pos["target"], named.light_pos["target_light"] = 0.0, LIGHT
    physics.data.qpos[ROOT:] = random.uniform(-0.3, 0.3, 5)
    angle, far = random.uniform(-np.pi, np.pi), random.uniform(0.5, 0.9)
    physics.data.mocap_pos[0] = far * np.cos(angle), far * np.sin(angle), 0.05


def make(control_dt: float) -> gym.Env[Any, Any]:
    """The environment, acting every ``control_dt`` seconds."""
    return SuiteEnv(load, control_dt, start=near_target)


def bends(state: State, sides: tuple[int, ...]) -> Array:
    """How far each joint is bent to its side, of all that it can be: ``(..., 5)`` in [-1, 1].

    Args:
        state: where everything is.
        sides: for each joint 1, which is left, or -1.
    """
    shares: Array = np.clip(state.qpos[..., ROOT:] / BEND, -1, 1) * np.array(sides)
    return shares


def nearness_bent(state: State, sides: tuple[int, ...]) -> Array:
    """``(...)`` in [0, 1], 1 is bent all the way to the sides given, or every joint to the other side."""
    nearness: Array = np.abs(bends(state, sides).mean(axis=-1))
    return nearness


def bent(state: State, sides: tuple[int, ...]) -> Array:
    """True with every joint bent by 45 of its 60 degrees at least: all to one side for a ring, in turn for a zigzag."""
    turned = bends(state, sides)
    done: Array = np.maximum(turned.min(axis=-1), -turned.max(axis=-1)) > 0.75
    return done


def poses(rng: np.random.Generator, n: int, sides: tuple[int, ...], low: float = 0.85, high: float = 1.0) -> Pose:
    """Draw ``n`` poses with every joint bent between two shares of what it can be, to its side or all to the other."""
    bent_by = rng.choice([-1, 1], (n, 1)) * BEND * rng.uniform(low, high, (n, 5)) * np.array(sides)
    root = np.concatenate([np.zeros((n, 2)), rng.uniform(-np.pi, np.pi, (n, 1))], axis=1)
    angle, far = rng.uniform(-np.pi, np.pi, n), rng.uniform(0.5, 0.9, n)
    ball = np.stack([far * np.cos(angle), far * np.sin(angle), np.full(n, 0.05)], axis=1)
    return Pose(np.concatenate([root, bent_by], axis=1), None, ball[:, None])


def unlike(rng: np.random.Generator, n: int, sides: tuple[int, ...], other: tuple[int, ...]) -> Pose:
    """Draw ``n`` poses: bent to other sides, nearly straight, or bent to the right sides and far too little."""
    kinds = [poses(rng, n, other), poses(rng, n, other, 0.0, 0.2), poses(rng, n, sides, 0.2, 0.5)]
    which, rows = rng.integers(len(kinds), size=n), np.arange(n)
    balls = np.stack([kind.mocap_pos for kind in kinds if kind.mocap_pos is not None])
    return Pose(np.stack([kind.qpos for kind in kinds])[which, rows], None, balls[which, rows])


def pulling(sides: tuple[int, ...], env: gym.Env[Any, Any]) -> Policy:
    """Pull every joint to its side."""
    action = np.array(sides, np.float32)
    return lambda seen, info: action


ONE_SIDE, IN_TURN = (1, 1, 1, 1, 1), (1, -1, 1, -1, 1)
RING = Task(
    name="swimmer/ring",
    make=partial(make, control_dt=0.08),
    horizon=100,
    goal=("a worm curled up into a ring", "a snake that bites its own tail", "a worm bent into a circle"),
    baseline=("a worm on the floor",),
    negative=("a worm stretched out straight", "a worm in a zigzag", "a worm bent like a bow"),
    camera=Camera(lookat=(0, 0, 0), distance=1.0, elevation=-90, follow="segment_2"),
    oracle=partial(nearness_bent, sides=ONE_SIDE),
    success=partial(bent, sides=ONE_SIDE),
    goal_states=partial(poses, sides=ONE_SIDE),
    bad_states=partial(unlike, sides=ONE_SIDE, other=IN_TURN),
    expert=partial(pulling, ONE_SIDE),
)
ZIGZAG = RING.but(
    name="swimmer/zigzag",
    goal=("a worm folded into a zigzag", "a snake with sharp bends to the left and right in turn"),
    negative=("a worm curled up into a ring", "a worm stretched out straight", "a worm bent like a bow"),
    oracle=partial(nearness_bent, sides=IN_TURN),
    success=partial(bent, sides=IN_TURN),
    goal_states=partial(poses, sides=IN_TURN),
    bad_states=partial(unlike, sides=IN_TURN, other=ONE_SIDE),
    expert=partial(pulling, IN_TURN),
)
