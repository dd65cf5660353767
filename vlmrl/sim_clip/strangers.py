"""Robots that sim-clip was never shown, of kinds whose words it knows: Gymnasium's, beside those of dm_control.

Their limbs, colours, floors and proportions are others. What is true of them is told by the torso, as of their kin.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import gymnasium as gym
import numpy as np

from vlmrl.envs.make import find_task
from vlmrl.envs.poses import on_the_floor
from vlmrl.envs.simulator import simulator
from vlmrl.envs.task import Pose, State, StateFn, Task
from vlmrl.envs.tasks.cheetah import nearness_flipped
from vlmrl.envs.tasks.walker import height, uprightness
from vlmrl.types import Array

TURN = 2
"""The root's turn in ``qpos`` of a planar robot; before it are its place and its height."""
LYING, STANDING = 0.1, 1.2
"""Heights of the torsos of Walker2d and Hopper, lying and standing [m]."""


def make(env_id: str) -> gym.Env[Array, Array]:
    """Gymnasium's environment as it is."""
    return gym.make(env_id, disable_env_checker=True).unwrapped


def poses(rng: np.random.Generator, n: int, env_id: str) -> Pose:
    """``n`` poses of a planar robot on the floor: half about upright, half turned anyhow; half with straight legs."""
    env = make(env_id)
    model = simulator(env)[0]
    low, high = model.jnt_range[TURN + 1 :].T
    joints = rng.uniform(low, high, (n, len(low))) * np.where(rng.random((n, 1)) < 0.5, 0.1, 1.0)
    turned = rng.uniform(-np.pi, np.pi, (n, 1)) * np.where(rng.random((n, 1)) < 0.5, 0.1, 1.0)
    found = Pose(on_the_floor(model, np.concatenate([np.zeros((n, TURN)), turned, joints], axis=1), height=1))
    env.close()
    return found


def nearness_standing(state: State) -> Array:
    """``(...)`` in [0, 1]: how high the torso is, times how upright."""
    high = np.clip((height(state) - LYING) / (STANDING - LYING), 0, 1)
    nearness: Array = high * (1 + uprightness(state)) / 2
    return nearness


@dataclass(frozen=True)
class Stranger:
    """One robot.

    Attributes:
        env_id: Gymnasium's.
        kin: the task whose words are true of it.
        oracle: how near its states are to what they say.
        camera_of: the task whose camera shows it whole.
    """

    env_id: str
    kin: str
    oracle: StateFn
    camera_of: str

    @property
    def task(self) -> Task:
        """A task of it, whose goal states are all that it can be in."""
        return find_task(self.kin).but(
            name=f"{self.kin.partition('/')[0]}/{self.env_id}",
            make=partial(make, self.env_id),
            oracle=self.oracle,
            camera=find_task(self.camera_of).camera,
            goal_states=partial(poses, env_id=self.env_id),
        )


STRANGERS = (
    Stranger("Walker2d-v5", "walker/stand", nearness_standing, "walker/stand"),
    Stranger("Hopper-v5", "hopper/stand", nearness_standing, "walker/stand"),
    Stranger("HalfCheetah-v5", "cheetah/flipped", nearness_flipped, "cheetah/flipped"),
)
