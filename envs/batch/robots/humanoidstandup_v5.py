"""HumanoidStandup of Gymnasium: gets up from the floor."""

from __future__ import annotations

import numpy as np

from vlmrl.envs.batch.engine import Ids
from vlmrl.envs.batch.robot import Judged, sum_of_squares
from vlmrl.envs.batch.robots._humanoid import HumanoidBody
from vlmrl.types import Array


class HumanoidStandup(HumanoidBody):
    """HumanoidStandup-v5, N at a time."""

    of = ("gymnasium.envs.mujoco.humanoidstandup_v5:HumanoidStandupEnv",)

    def judge(self, actions: Array) -> Judged:
        """Height of the torso, less the costs of control and of impact; no end."""
        up = self.qpos[:, 2] / self.env.model.opt.timestep
        control = self.setting("ctrl_cost_weight") * sum_of_squares(self.ctrl)
        impact = self.setting("impact_cost_weight") * sum_of_squares(self._cfrc_ext)
        impact = np.clip(impact, *self.setting("impact_cost_range"))
        terms = {"reward_linup": up, "reward_quadctrl": -control, "reward_impact": -impact}
        return Judged(up - control - impact + 1, np.zeros(len(up), dtype=bool), terms)

    def final(self, ids: Ids) -> dict[str, Array]:
        """Where it got to, and how much higher than it began."""
        return {**super().final(ids), "z_distance_from_origin": self.qpos[ids, 2] - self.home[0][2]}
