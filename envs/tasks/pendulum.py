"""Pendulum of dm_control: a rod with a ball, too heavy to lift at once. Truth: hinge angle, 0 is upright [rad]."""

from functools import partial

import numpy as np

from vlmrl.envs.poses import UniformPose
from vlmrl.envs.suite import suite
from vlmrl.envs.task import Camera, State, Task
from vlmrl.types import Array


def nearness_upright(state: State) -> Array:
    """``(...)`` in [0, 1], 1 is straight up, 0 is hanging."""
    return (1 + np.cos(state.qpos[..., 0])) / 2


def upright(state: State) -> Array:
    """True within 18 degrees of straight up."""
    return np.cos(state.qpos[..., 0]) > 0.95


UPRIGHT = Task(
    name="pendulum/upright",
    make=partial(suite, "pendulum", "swingup", control_dt=0.04),
    horizon=200,
    goal=("a pendulum pointing straight up",),
    baseline=("a pendulum",),
    negative=("a pendulum hanging straight down",),
    camera=Camera(lookat=(0, 0, 0.6), distance=1.8, elevation=-10),
    oracle=nearness_upright,
    success=upright,
    goal_states=UniformPose((-0.15,), (0.15,)),
    bad_states=UniformPose((2.3,), (4.0,)),
)
