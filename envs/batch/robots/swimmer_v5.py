"""Swimmer of Gymnasium: three links in a viscous fluid, swimming along x."""

from __future__ import annotations

import numpy as np

from vlmrl.envs.batch.engine import Ids
from vlmrl.envs.batch.robot import ALL, GymnasiumRobot, Judged, Rows, length, sum_of_squares
from vlmrl.types import Array


class Swimmer(GymnasiumRobot):
    """Swimmer-v5, N at a time."""

    of = ("gymnasium.envs.mujoco.swimmer_v5:SwimmerEnv",)

    def observe(self, rows: Rows = ALL) -> Array:
        """float64 ``(k, n)``: positions without x and y [m, rad], then velocities [m/s, rad/s]."""
        qpos, qvel = self.state(rows)
        skipped = 2 if self.setting("exclude_current_positions_from_observation") else 0
        return np.concatenate((qpos[:, skipped:], qvel), axis=1)

    def remember(self) -> None:
        """Where it is [m]."""
        self._xy = self.qpos[:, :2].copy()

    def judge(self, actions: Array) -> Judged:
        """The way along x, less a cost of control; no end."""
        velocity = (self.qpos[:, :2] - self._xy) / self.dt
        forward = self.setting("forward_reward_weight") * velocity[:, 0]
        cost = self.setting("ctrl_cost_weight") * sum_of_squares(actions)
        terms = {
            "x_velocity": velocity[:, 0],
            "y_velocity": velocity[:, 1],
            "reward_forward": forward,
            "reward_ctrl": -cost,
        }
        return Judged(forward - cost, np.zeros(len(cost), dtype=bool), terms)

    def final(self, ids: Ids) -> dict[str, Array]:
        """Where it got to."""
        xy = self.qpos[ids, :2]
        return {"x_position": xy[:, 0], "y_position": xy[:, 1], "distance_from_origin": length(xy)}
