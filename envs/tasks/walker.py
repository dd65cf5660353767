"""Planar walker of dm_control: two legs and a torso. Ground truth: heights of torso and shins [m], uprightness."""

from __future__ import annotations

from functools import partial
from itertools import count
from typing import Any

import gymnasium as gym
import numpy as np

from vlmrl.envs.poses import on_the_floor
from vlmrl.envs.simulator import simulator
from vlmrl.envs.suite import suite, suite_model
from vlmrl.envs.task import Camera, Policy, Pose, State, Task
from vlmrl.types import Array

TORSO = 1
"""The torso's body."""
STANDING = 1.2
"""Torso height of a stand [m]; with straight legs it is 1.3, kneeling upright about 0.9, lying 0.1."""


SHINS = (3, 6)
"""The lower legs' bodies, whose places are the middles of the shins."""
BACK = (-np.pi / 2, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
"""Torso and legs when it lies stretched out on its back [rad]."""
KNEELING = (0.03, 0.76, -2.55, 0.75, 0.76, -2.55, 0.75)
"""When it sits on its heels [rad]."""


def on_its_back(physics: Any, random: np.random.RandomState) -> None:
    """Start on its back, stretched out, every joint within 0.05 rad."""
    _start(physics, BACK + random.uniform(-0.05, 0.05, 7))


def on_its_feet(physics: Any, random: np.random.RandomState) -> None:
    """Start upright on both feet, every joint within 0.03 rad."""
    _start(physics, random.uniform(-0.03, 0.03, 7))


def _start(physics: Any, joints: Array) -> None:
    physics.data.qpos[:] = on_the_floor(physics.model.ptr, np.concatenate([np.zeros(2), joints])[None])[0]


def height(state: State) -> Array:
    """Height of the torso's centre over the floor: ``(...)`` [m]."""
    return state.xpos[..., TORSO, 2]


def uprightness(state: State) -> Array:
    """Cosine of the torso's angle from vertical: ``(...)`` in [-1, 1], 1 is upright."""
    return state.xmat[..., TORSO, 2, 2]


def nearness_standing(state: State) -> Array:
    """``(...)`` in [0, 1]: how high, times how upright: kneeling with a straight back is not nearly standing."""
    high = np.clip((height(state) - 0.1) / (STANDING - 0.1), 0, 1)
    nearness: Array = high * (1 + uprightness(state)) / 2
    return nearness


def standing(state: State) -> Array:
    """True with the torso above 1.1 m and within 26 degrees of vertical."""
    return (height(state) > 1.1) & (uprightness(state) > 0.9)


def nearness_sitting(state: State) -> Array:
    """``(...)`` in [0, 1]: how upright, times how near to the floor torso and both shins are."""
    low = 1 - np.clip((height(state) - 0.37) / 0.8, 0, 1)
    nearness: Array = low * _resting(state) * (1 + uprightness(state)) / 2
    return nearness


def sitting(state: State) -> Array:
    """True with the torso within 26 degrees of vertical and below 0.5 m, and both shins below 0.25 m."""
    return (uprightness(state) > 0.9) & (height(state) < 0.5) & (_shins(state) < 0.25)


def nearness_kneeling(state: State) -> Array:
    """``(...)`` in [0, 1]: how upright, times how near the torso is to a kneel's height and both shins to the floor."""
    near = 1 - np.clip(np.maximum(0.65 - height(state), height(state) - 1.0) / 0.6, 0, 1)
    nearness: Array = near * _resting(state) * (1 + uprightness(state)) / 2
    return nearness


def kneeling(state: State) -> Array:
    """True with the torso within 26 degrees of vertical, between 0.6 and 1.1 m, and both shins below 0.25 m."""
    between = (height(state) > 0.6) & (height(state) < 1.1)
    return (uprightness(state) > 0.9) & between & (_shins(state) < 0.25)


def _shins(state: State) -> Array:
    """Height of the higher shin's middle: ``(...)`` [m]; standing it is 0.3, lying 0.05."""
    highest: Array = state.xpos[..., SHINS, 2].max(axis=-1)
    return highest


def _resting(state: State) -> Array:
    """How near both shins are to the floor: ``(...)`` in [0, 1]."""
    return 1 - np.clip((_shins(state) - 0.2) / 0.5, 0, 1)


def poses(rng: np.random.Generator, n: int, low: tuple[float, ...], high: tuple[float, ...]) -> Pose:
    """Draw ``n`` poses with root x, torso angle and six joints between bounds, standing or lying on the floor.

    Args:
        rng: draws them.
        n: how many.
        low: eight lower bounds: root x [m], torso angle [rad], then hip, knee, ankle right and left [rad].
        high: eight upper bounds, likewise.
    """
    drawn = rng.uniform(low, high, (n, len(low)))
    return Pose(on_the_floor(suite_model("walker", "stand"), np.concatenate([np.zeros((n, 1)), drawn], axis=-1)))


def around(rng: np.random.Generator, n: int, joints: tuple[tuple[float, ...], ...]) -> Pose:
    """Draw ``n`` poses on the floor, each within 0.04 rad of one of some: torso angle and six joints [rad]."""
    centres = np.array(joints)[rng.integers(len(joints), size=n)]
    bounds = [np.insert(centres + side * 0.04, 0, 0.0, axis=1) for side in (-1, 1)]
    drawn = np.concatenate([np.zeros((n, 1)), rng.uniform(*bounds)], axis=1)
    return Pose(on_the_floor(suite_model("walker", "stand"), drawn))


def bending(aims: tuple[tuple[int, tuple[float, ...]], ...], lean: float, env: gym.Env[Any, Any]) -> Policy:
    """Bend the six joints to one aim after the other, each from a step of the episode on.

    The hips give way by ``lean`` radians for each that the torso leans.
    """
    _, data = simulator(env)
    steps = count()

    def act(seen: Array, info: dict[str, Any]) -> Array:
        step = next(steps)
        aim = np.array([joints for begins, joints in aims if begins <= step][-1])
        aim[[0, 3]] -= lean * data.qpos[2]
        action: Array = np.clip(2 * (aim - data.qpos[3:]) - 0.2 * data.qvel[3:], -1, 1).astype(np.float32)
        return action

    return act


STAND = Task(
    name="walker/stand",
    make=partial(suite, "walker", "stand", control_dt=0.025),
    horizon=200,
    goal=("the robot is standing upright on its two legs",),
    baseline=("a walking robot",),
    negative=("the robot is lying on the floor",),
    camera=Camera(lookat=(0, 0, 0.8), distance=3.6, elevation=-5, follow="torso"),
    oracle=nearness_standing,
    success=standing,
    goal_states=partial(
        poses,
        low=(-1, -0.1, -0.1, -0.2, -0.1, -0.1, -0.2, -0.1),
        high=(1, 0.1, 0.2, 0.0, 0.1, 0.2, 0.0, 0.1),
    ),
    bad_states=partial(
        poses,
        low=(-1, 1.2, -0.3, -2.6, -0.7, -0.3, -2.6, -0.7),
        high=(1, 5.0, 1.7, 0.0, 0.7, 1.7, 0.0, 0.7),
    ),
)
SITTING = ((0.0, 1.57, 0.0, 0.0, 1.57, 0.0, 0.0),)
STANDING_UP = ((0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), (0.0, 0.7, -1.3, 0.6, 0.7, -1.3, 0.6))
LYING = (BACK, (1.57, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), (-1.57, 1.57, 0.0, 0.0, 1.57, 0.0, 0.0))
SIT = Task(
    name="walker/sit",
    world="walker_poses",  # sim-clip has been told of standing and lying alone
    make=partial(suite, "walker", "stand", control_dt=0.025, start=on_its_back),
    horizon=150,
    goal=("the robot is sitting on the floor with straight legs", "a robot sitting upright, its legs stretched out"),
    baseline=("a robot with two legs",),
    negative=("the robot is lying on the floor", "the robot is standing", "the robot is kneeling", "legs in the air"),
    camera=Camera(lookat=(0, 0, 0.7), distance=3.4, elevation=-5, follow="torso"),
    oracle=nearness_sitting,
    success=sitting,
    goal_states=partial(around, joints=SITTING),
    bad_states=partial(around, joints=(KNEELING, *STANDING_UP, *LYING)),
    expert=partial(bending, ((0, (1.57, -2.4, 0.0) * 2), (50, (1.57, 0.0, 0.0) * 2)), 0.0),
)
KNEEL = SIT.but(
    name="walker/kneel",
    make=partial(suite, "walker", "stand", control_dt=0.025, start=on_its_feet),
    goal=("the robot is kneeling, its torso upright", "a robot on its knees"),
    negative=("the robot is standing", "the robot is lying on the floor", "the robot is sitting with straight legs"),
    oracle=nearness_kneeling,
    success=kneeling,
    goal_states=partial(around, joints=(KNEELING, (0.0, 0.0, -1.5, -0.7, 0.0, -1.5, -0.7))),
    bad_states=partial(around, joints=(*SITTING, *STANDING_UP, *LYING)),
    expert=partial(bending, ((0, (1.5, -2.4, 0.6) * 2), (10, (0.9, -2.45, 0.75) * 2)), 2.0),
)
