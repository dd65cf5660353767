"""InvertedDoublePendulum of Gymnasium: two poles in a row on a cart. Truth: both poles' angles from upright [rad]."""

import gymnasium as gym
import numpy as np

from vlmrl.envs.poses import UniformPose
from vlmrl.envs.task import Camera, State, Task
from vlmrl.types import Array


def make() -> gym.Env[Array, Array]:
    """Gymnasium's environment, bare: its end at a tip height of 1 m would tell the learner what the words should."""
    return gym.make("InvertedDoublePendulum-v5", disable_env_checker=True).unwrapped


def nearness_upright(state: State) -> Array:
    """``(...)`` in [0, 1]: how upright the lower pole is, times how upright the upper one is. 1 is both straight up."""
    lower, upper = state.qpos[..., 1], state.qpos[..., 1] + state.qpos[..., 2]
    nearness: Array = (1 + np.cos(lower)) * (1 + np.cos(upper)) / 4
    return nearness


def upright(state: State) -> Array:
    """True with both poles within 18 degrees of upright."""
    lower, upper = state.qpos[..., 1], state.qpos[..., 1] + state.qpos[..., 2]
    both: Array = (np.cos(lower) > 0.95) & (np.cos(upper) > 0.95)
    return both


UPRIGHT = Task(
    name="double_pendulum/upright",
    make=make,
    horizon=200,
    goal=("two poles standing straight up on a cart",),
    baseline=("two poles on a cart",),
    negative=("two poles hanging down from a cart",),
    camera=Camera(lookat=(0, 0, 0), distance=4.0, elevation=-5),
    oracle=nearness_upright,
    success=upright,
    goal_states=UniformPose((-0.8, -0.1, -0.1), (0.8, 0.1, 0.1)),
    bad_states=UniformPose((-0.8, 1.8, -0.8), (0.8, 4.4, 0.8)),
)
