"""Planar walker of dm_control: two legs and a torso. Ground truth: torso height [m] and its uprightness."""

from __future__ import annotations

from functools import partial

import mujoco
import numpy as np

from vlmrl.envs.poses import on_the_floor
from vlmrl.envs.suite import suite
from vlmrl.envs.task import Camera, Pose, State, Task
from vlmrl.types import Array

TORSO = 1
"""The torso's body."""
STANDING = 1.2
"""Torso height of a stand [m]; with straight legs it is 1.3, kneeling upright about 0.9, lying 0.1."""


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


def poses(rng: np.random.Generator, n: int, low: tuple[float, ...], high: tuple[float, ...]) -> Pose:
    """Draw ``n`` poses with root x, torso angle and six joints between bounds, standing or lying on the floor.

    Args:
        rng: draws them.
        n: how many.
        low: eight lower bounds: root x [m], torso angle [rad], then hip, knee, ankle right and left [rad].
        high: eight upper bounds, likewise.
    """
    drawn = rng.uniform(low, high, (n, len(low)))
    return Pose(on_the_floor(model(), np.concatenate([np.zeros((n, 1)), drawn], axis=-1), height=0))


def model() -> mujoco.MjModel:
    """The walker's bare model, to compute poses with."""
    from dm_control.suite import walker

    xml, assets = walker.get_model_and_assets()
    return mujoco.MjModel.from_xml_string(xml if isinstance(xml, str) else xml.decode(), assets)


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
