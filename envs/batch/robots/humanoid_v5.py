"""Humanoid of Gymnasium: walks along x."""

from __future__ import annotations

from typing import Any

import numpy as np

from vlmrl.envs.batch.engine import Engine, Ids
from vlmrl.envs.batch.robot import Judged, ends, length, sum_of_squares, within
from vlmrl.envs.batch.robots._humanoid import HumanoidBody
from vlmrl.types import Array


class Humanoid(HumanoidBody):
    """Humanoid-v5, N at a time."""

    of = ("gymnasium.envs.mujoco.humanoid_v5:HumanoidEnv",)

    def __init__(self, env: Any, engine: Engine) -> None:
        super().__init__(env, engine)
        self._mass, self._xipos = env.model.body_mass.copy(), engine.field("xipos")

    def _centre(self) -> Array:
        """Centre of mass, as MuJoCo computed its parts last: ``(N, 2)`` [m]."""
        weighed = np.einsum("b,nbj->nj", self._mass, self._xipos)
        centre: Array = (weighed / self._mass.sum())[:, :2]
        return centre

    def remember(self) -> None:
        """Where the centre of mass is."""
        self._xy = self._centre()

    def judge(self, actions: Array) -> Judged:
        """Forward and health, less the costs of control and of contact."""
        velocity = (self._centre() - self._xy) / self.dt
        healthy = within(self.qpos[:, 2], self.setting("healthy_z_range"))
        forward = self.setting("forward_reward_weight") * velocity[:, 0]
        survive = healthy * self.setting("healthy_reward")
        control = self.setting("ctrl_cost_weight") * sum_of_squares(self.ctrl)
        contact = self.setting("contact_cost_weight") * sum_of_squares(self._cfrc_ext)
        contact = np.clip(contact, *self.setting("contact_cost_range"))
        terms = {
            "x_velocity": velocity[:, 0],
            "y_velocity": velocity[:, 1],
            "reward_survive": survive,
            "reward_forward": forward,
            "reward_ctrl": -control,
            "reward_contact": -contact,
        }
        return Judged(forward + survive - (control + contact), ends(self, healthy), terms)

    def final(self, ids: Ids) -> dict[str, Array]:
        """Where it got to, and its tendons."""
        return {**super().final(ids), "distance_from_origin": length(self.qpos[ids, :2])}
