"""InvertedDoublePendulum of Gymnasium: two poles in a row on a cart."""

from __future__ import annotations

from typing import Any

import numpy as np

from vlmrl.envs.batch.engine import Engine
from vlmrl.envs.batch.robot import ALL, GymnasiumRobot, Judged, Rows
from vlmrl.types import Array


class InvertedDoublePendulum(GymnasiumRobot):
    """InvertedDoublePendulum-v5, N at a time."""

    of = ("gymnasium.envs.mujoco.inverted_double_pendulum_v5:InvertedDoublePendulumEnv",)
    normal_speeds = True
    exact = False  # the stock one squares scalars by the C library's pow(), arrays may be squared by other code

    def __init__(self, env: Any, engine: Engine) -> None:
        super().__init__(env, engine)
        self._tip, self._pushes = engine.field("site_xpos"), engine.field("qfrc_constraint")
        self._two = np.full(engine.count, 2.0)

    def observe(self, rows: Rows = ALL) -> Array:
        """float64 ``(k, 9)``: cart, sines and cosines of the poles, velocities, the cart's constraint force."""
        qpos, qvel = self.state(rows)
        poles = qpos[:, 1:]
        push = np.clip(self._pushes[rows], -10, 10)[:, :1]
        return np.concatenate((qpos[:, :1], np.sin(poles), np.cos(poles), np.clip(qvel, -10, 10), push), axis=1)

    def judge(self, actions: Array) -> Judged:
        """Alive while the tip is above 1 m, less penalties for its distance from the top and for speed."""
        x, y = self._tip[:, 0, 0], self._tip[:, 0, 2]
        terminated = y <= 1
        distance = 0.01 * self._squared(x) + self._squared(y - 2)
        speed = 1e-3 * self._squared(self.qvel[:, 1]) + 5e-3 * self._squared(self.qvel[:, 2])
        alive = self.setting("healthy_reward") * (~terminated).astype(np.int64)
        terms = {"reward_survive": alive, "distance_penalty": -distance, "velocity_penalty": -speed}
        return Judged(alive - distance - speed, terminated, terms)

    def _squared(self, values: Array) -> Array:
        # By pow() where there is no faster code for arrays: a number times itself may end in another last bit.
        squares: Array = np.power(values, self._two)
        return squares
