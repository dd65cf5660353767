"""InvertedPendulum of Gymnasium: a pole on a cart."""

from __future__ import annotations

import numpy as np

from vlmrl.envs.batch.robot import ALL, GymnasiumRobot, Judged, Rows
from vlmrl.types import Array


class InvertedPendulum(GymnasiumRobot):
    """InvertedPendulum-v5, N at a time."""

    of = ("gymnasium.envs.mujoco.inverted_pendulum_v5:InvertedPendulumEnv",)

    def observe(self, rows: Rows = ALL) -> Array:
        """float64 ``(k, 4)``: cart, pole, and their velocities [m, rad, m/s, rad/s]."""
        return np.concatenate(self.state(rows), axis=1)

    def judge(self, actions: Array) -> Judged:
        """1 while the pole is within 0.2 rad of upright; else the end."""
        terminated = ~self.finite() | (np.abs(self.qpos[:, 1]) > 0.2)
        survive = (~terminated).astype(np.int64)
        return Judged(survive, terminated, {"reward_survive": survive})
