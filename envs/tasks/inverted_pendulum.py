"""InvertedPendulum of Gymnasium: a pole on a cart that can fall over. Truth: hinge angle, 0 is upright [rad]."""

import gymnasium as gym
import numpy as np

from vlmrl.envs.poses import UniformPose
from vlmrl.envs.task import Camera, State, Task
from vlmrl.types import Array


def make() -> gym.Env[Array, Array]:
    """Gymnasium's environment, bare: its end at 0.2 rad would tell the learner what the words should."""
    return gym.make("InvertedPendulum-v5", disable_env_checker=True).unwrapped


def nearness_upright(state: State) -> Array:
    """``(...)`` in [0, 1], 1 is upright, 0 is lying on the rail."""
    return 1 - np.clip(np.abs(state.qpos[..., 1]) / (np.pi / 2), 0, 1)


def upright(state: State) -> Array:
    """True within 0.2 rad of upright, Gymnasium's own bound."""
    return np.abs(state.qpos[..., 1]) < 0.2


BALANCE = Task(
    name="inverted_pendulum/balance",
    make=make,
    horizon=200,
    goal=("a pole balanced upright on a cart",),
    baseline=("a pole on a cart",),
    negative=("a pole that has fallen over",),
    camera=Camera(lookat=(0, 0, 0.1), distance=3.2, elevation=-5),
    oracle=nearness_upright,
    success=upright,
    goal_states=UniformPose((-0.8, -0.12), (0.8, 0.12)),
    bad_states=UniformPose((-0.8, 1.0), (0.8, 1.5)),
)
