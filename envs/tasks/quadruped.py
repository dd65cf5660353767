"""Quadruped of dm_control: a body on four legs, two joints of each moved by tendons. Truth: height [m], uprightness."""

from __future__ import annotations

from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np

from vlmrl.envs.poses import on_the_floor
from vlmrl.envs.suite import suite, suite_model
from vlmrl.envs.task import Camera, Policy, Pose, State, Task
from vlmrl.types import Array

TORSO = 1
"""The torso's body."""
HIGH, LOW = 0.9, 0.2
"""Height of the torso's centre on stretched legs, and with the belly on the floor [m]; at ease it is 0.45."""
STRETCHED = (0.0, 1.04, -0.75, -0.31)
"""Yaw, pitch, knee and ankle of each leg, as they are when it stands as tall as it can [rad]."""
SPRAWLED = (0.0, -0.23, -0.76, 0.95)
"""As they are when it lies on its belly [rad]."""
AT_EASE = (0.0, -0.11, -0.01, 0.12)
"""As they are when no actuator pulls [rad]."""


def on_its_feet(physics: Any, random: np.random.RandomState) -> None:
    """Start on four feet, at ease, headed anywhere."""
    qpos = physics.data.qpos
    qpos[:2], turn = 0.0, random.uniform(-np.pi, np.pi)
    qpos[3:7] = np.cos(turn / 2), 0.0, 0.0, np.sin(turn / 2)
    qpos[7:] = np.tile(AT_EASE, 4)
    qpos[:] = on_the_floor(physics.model.ptr, qpos[None].copy(), height=2)[0]


def height(state: State) -> Array:
    """How high the torso is, of what it can be: ``(...)`` in [0, 1], 0 is the belly on the floor."""
    return np.clip((state.xpos[..., TORSO, 2] - LOW) / (HIGH - LOW), 0, 1)


def uprightness(state: State) -> Array:
    """Cosine of the torso's angle from vertical: ``(...)`` in [-1, 1], 1 is its belly down."""
    return state.xmat[..., TORSO, 2, 2]


def nearness_tall(state: State) -> Array:
    """``(...)`` in [0, 1]: how high, times how upright."""
    nearness: Array = height(state) * (1 + uprightness(state)) / 2
    return nearness


def tall(state: State) -> Array:
    """True with the torso's centre above 0.78 m and within 26 degrees of level."""
    return (state.xpos[..., TORSO, 2] > 0.78) & (uprightness(state) > 0.9)


def nearness_lying(state: State) -> Array:
    """``(...)`` in [0, 1]: how low, times how upright: on its back it is as low, and does not lie on its belly."""
    nearness: Array = (1 - height(state)) * (1 + uprightness(state)) / 2
    return nearness


def lying(state: State) -> Array:
    """True with the torso's centre below 0.27 m, and within 26 degrees of level."""
    return (state.xpos[..., TORSO, 2] < 0.27) & (uprightness(state) > 0.9)


def poses(rng: np.random.Generator, n: int, legs: tuple[float, ...], rolled: float = 0.0) -> Pose:
    """Draw ``n`` poses on the floor, headed anywhere.

    Args:
        rng: draws them.
        n: how many.
        legs: four joints of each leg [rad], from which they differ by 0.04.
        rolled: how far the torso is rolled onto its side or back, within 0.2 [rad].
    """
    turn, roll = rng.uniform(-np.pi, np.pi, n) / 2, rng.choice([-1, 1], n) * rolled / 2
    roll = roll + rng.uniform(-0.1, 0.1, n) * (rolled != 0)
    root = np.stack(
        [
            np.cos(turn) * np.cos(roll),
            np.cos(turn) * np.sin(roll),
            np.sin(turn) * np.sin(roll),
            np.sin(turn) * np.cos(roll),
        ],
        axis=1,
    )
    joints = np.tile(legs, 4) + rng.uniform(-0.04, 0.04, (n, 16))
    qpos = np.concatenate([np.zeros((n, 3)), root, joints], axis=1)
    return Pose(on_the_floor(suite_model("quadruped", "walk"), qpos, height=2))


def other(rng: np.random.Generator, n: int, legs: tuple[float, ...]) -> Pose:
    """Draw ``n`` poses: at ease, as ``legs`` say, on its side or on its back with the legs at ease or as they say."""
    ways = [(AT_EASE, 0.0), (legs, 0.0), (AT_EASE, 1.7), (legs, np.pi)]
    drawn = np.stack([poses(rng, n, joints, rolled).qpos for joints, rolled in ways])
    return Pose(drawn[rng.integers(len(ways), size=n), np.arange(n)])


def pulling(lift: float, extend: float, env: gym.Env[Any, Any]) -> Policy:
    """Pull the tendons of all legs alike; the actuators are springs, and hold."""
    action = np.tile(np.array([0.0, lift, extend], np.float32), 4)
    return lambda seen, info: action


TALL = Task(
    name="quadruped/tall",
    make=partial(suite, "quadruped", "walk", control_dt=0.04, start=on_its_feet),
    horizon=100,
    goal=("a four-legged robot standing tall on stretched legs", "a robot spider on tiptoe, its body high up"),
    baseline=("a four-legged robot",),
    negative=(
        "a four-legged robot lying on its belly",
        "a four-legged robot standing on bent legs",
        "a four-legged robot on its back",
    ),
    camera=Camera(lookat=(0, 0, 0.5), distance=2.9, azimuth=120, elevation=-12, follow="torso"),
    oracle=nearness_tall,
    success=tall,
    goal_states=partial(poses, legs=STRETCHED),
    bad_states=partial(other, legs=SPRAWLED),
    expert=partial(pulling, 1.1, 0.8),
)
LIE = TALL.but(
    name="quadruped/lie",
    goal=("a four-legged robot lying flat on its belly", "a robot spider with its body on the floor, its legs spread"),
    negative=(
        "a four-legged robot standing tall on stretched legs",
        "a four-legged robot standing on bent legs",
        "a four-legged robot on its back",
    ),
    oracle=nearness_lying,
    success=lying,
    goal_states=partial(poses, legs=SPRAWLED),
    bad_states=partial(other, legs=STRETCHED),
    expert=partial(pulling, -1.0, 0.8),
)
