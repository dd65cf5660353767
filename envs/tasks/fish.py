"""Fish of dm_control, swimming in water without weight. Truth: how its body is turned."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from vlmrl.envs.planner import Planned
from vlmrl.envs.poses import along
from vlmrl.envs.suite import suite
from vlmrl.envs.task import Camera, Pose, State, Task
from vlmrl.types import Array

TORSO = 1
"""The torso's body."""
DEPTH = 1.0
"""Height of the start over the ground [m]."""
JOINTS = 7
"""Of tail and fins, after the root's seven numbers."""


def in_open_water(physics: Any, random: np.random.RandomState) -> None:
    """Start a metre over the ground, through which a fish would sink: nothing touches anything here."""
    physics.data.qpos[2] = DEPTH


def uprightness(state: State) -> Array:
    """Cosine of the back fin's angle from vertical: ``(...)`` in [-1, 1], 1 is belly down."""
    return state.xmat[..., TORSO, 2, 2]


def nearness_upright(state: State) -> Array:
    """``(...)`` in [0, 1], 1 is belly down, 0 belly up."""
    return (1 + uprightness(state)) / 2


def upright(state: State) -> Array:
    """True with the body within 26 degrees of belly down and level."""
    return uprightness(state) > 0.9


def poses(rng: np.random.Generator, n: int, low: float, high: float) -> Pose:
    """Draw ``n`` poses whose uprightness is between two cosines, headed anywhere, tail and fins moved a little."""
    kept = np.empty((0, 4))
    while len(kept) < n:
        quat = along(rng.standard_normal((16 * n, 4)))
        up = 1 - 2 * (quat[:, 1] ** 2 + quat[:, 2] ** 2)
        kept = np.concatenate([kept, quat[(low <= up) & (up <= high)]])
    root = np.concatenate([np.tile([0.0, 0.0, DEPTH], (n, 1)), kept[:n]], axis=1)
    return Pose(np.concatenate([root, rng.uniform(-0.3, 0.3, (n, JOINTS))], axis=1))


UPRIGHT = Task(
    name="fish/upright",
    make=partial(suite, "fish", "upright", control_dt=0.08, start=in_open_water),
    horizon=150,
    goal=("a fish swimming upright, its back fin up", "a fish with its belly down"),
    baseline=("a fish",),
    negative=("a fish lying on its side", "a fish belly up", "a fish with its head down"),
    camera=Camera(name="tracking_y"),
    oracle=nearness_upright,
    success=upright,
    goal_states=partial(poses, low=0.93, high=1.0),
    bad_states=partial(poses, low=-1.0, high=0.5),
    expert=Planned(ahead=12, knots=3, samples=16, rounds=1),
)
