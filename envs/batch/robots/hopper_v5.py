"""Hopper of Gymnasium: one leg, hopping along x."""

import numpy as np

from vlmrl.envs.batch.robot import within
from vlmrl.envs.batch.robots._planar import UprightPlanar
from vlmrl.types import Array


class Hopper(UprightPlanar):
    """Hopper-v5, N at a time."""

    of = ("gymnasium.envs.mujoco.hopper_v5:HopperEnv",)

    def healthy(self) -> Array:
        """Whether it is, bool ``(N,)``: height, angle, and every other number of the state within their ranges."""
        bounds = self.setting("healthy_state_range")
        numbers = np.concatenate((self.qpos[:, 2:], self.qvel), axis=1)
        whole: Array = within(numbers, bounds).all(axis=1) & super().healthy()
        return whole
