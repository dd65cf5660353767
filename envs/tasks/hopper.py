"""Hopper of dm_control: a torso on one leg with a foot. Truth: torso height [m] and its uprightness."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from vlmrl.envs.poses import on_the_floor
from vlmrl.envs.suite import suite, suite_model
from vlmrl.envs.task import Camera, Pose, State, Task
from vlmrl.envs.tasks.walker import height, uprightness  # its torso is the first body as well
from vlmrl.types import Array

STANDING = 0.94
"""Torso height with a straight leg [m]; crouched it is 0.6, lying 0.1."""
CROUCHED = ((-0.05, -0.05, -1.1, 1.5, -0.5), (0.05, 0.05, -0.9, 1.7, -0.4))
"""Bounds of torso angle, waist, hip, knee and ankle at the start [rad]."""


def crouched(physics: Any, random: np.random.RandomState) -> None:
    """Start on the foot, the knee bent."""
    drawn = np.concatenate([np.zeros(2), random.uniform(*CROUCHED)])
    physics.data.qpos[:] = on_the_floor(physics.model.ptr, drawn[None], height=1)[0]


def nearness_standing(state: State) -> Array:
    """``(...)`` in [0, 1]: how high, times how upright: an upright torso on a bent knee is not nearly standing."""
    high = np.clip((height(state) - 0.1) / (STANDING - 0.1), 0, 1)
    nearness: Array = high * (1 + uprightness(state)) / 2
    return nearness


def standing(state: State) -> Array:
    """True with the torso above 0.8 m and within 26 degrees of vertical."""
    return (height(state) > 0.8) & (uprightness(state) > 0.9)


def poses(rng: np.random.Generator, n: int, low: tuple[float, ...], high: tuple[float, ...]) -> Pose:
    """Draw ``n`` poses with torso angle, waist, hip, knee and ankle between bounds [rad], on the floor."""
    drawn = np.concatenate([np.zeros((n, 2)), rng.uniform(low, high, (n, 5))], axis=1)
    return Pose(on_the_floor(suite_model("hopper", "stand"), drawn, height=1))


def fallen(rng: np.random.Generator, n: int) -> Pose:
    """Draw ``n`` poses: lying on either side, or crouched on the foot."""
    lying = poses(rng, n, (1.3, -0.4, -1.5, 0.1, -0.6), (1.9, 0.4, 0.1, 2.0, 0.6)).qpos
    crouching = poses(rng, n, *CROUCHED).qpos
    kind = rng.integers(3, size=n)[:, None]
    back = on_the_floor(suite_model("hopper", "stand"), lying * np.array([1, 1, -1, 1, 1, 1, 1]), height=1)
    return Pose(np.where(kind == 0, crouching, np.where(kind == 1, lying, back)))


STAND = Task(
    name="hopper/stand",
    make=partial(suite, "hopper", "stand", control_dt=0.02, start=crouched),
    horizon=150,
    goal=("a robot leg standing upright on its foot", "a one-legged robot standing tall"),
    baseline=("a one-legged robot",),
    negative=("a robot leg lying on the floor", "a one-legged robot crouching", "a robot leg fallen on its side"),
    camera=Camera(lookat=(0, 0, 0.55), distance=2.8, elevation=-5, follow="torso"),
    oracle=nearness_standing,
    success=standing,
    goal_states=partial(poses, low=(-0.1, -0.1, -0.2, 0.09, -0.2), high=(0.1, 0.1, 0.0, 0.3, 0.1)),
    bad_states=fallen,
)
