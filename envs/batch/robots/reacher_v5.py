"""Reacher of Gymnasium: a two-link arm and a ball that it is to touch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vlmrl.envs.batch.engine import Engine
from vlmrl.envs.batch.robot import ALL, GymnasiumRobot, Judged, Rows, length, one_by_one, sum_of_squares
from vlmrl.types import Array


class Reacher(GymnasiumRobot):
    """Reacher-v5, N at a time."""

    of = ("gymnasium.envs.mujoco.reacher_v5:ReacherEnv",)

    def __init__(self, env: Any, engine: Engine) -> None:
        super().__init__(env, engine)
        self._xpos = engine.field("xpos")
        self._tip, self._ball = (env.data.body(name).id for name in ("fingertip", "target"))

    def starts(self, generators: Sequence[np.random.Generator]) -> tuple[Array, Array]:
        """The arm nearly straight, the ball anywhere within 0.2 m."""
        return one_by_one(self._start, generators)

    def _start(self, generator: np.random.Generator) -> tuple[Array, Array]:
        qpos, qvel = self.home
        qpos = generator.uniform(low=-0.1, high=0.1, size=qpos.size) + qpos
        while True:
            ball = generator.uniform(low=-0.2, high=0.2, size=2)
            if np.linalg.norm(ball) < 0.2:
                break
        qpos[-2:] = ball
        qvel = qvel + generator.uniform(low=-0.005, high=0.005, size=qvel.size)
        qvel[-2:] = 0
        return qpos, qvel

    def _gap(self, rows: Rows) -> Array:
        """From the ball to the fingertip, as MuJoCo computed them last: ``(k, 3)`` [m]."""
        gap: Array = self._xpos[rows, self._tip] - self._xpos[rows, self._ball]
        return gap

    def observe(self, rows: Rows = ALL) -> Array:
        """float64 ``(k, 10)``: cosines and sines of the joints, the ball, joint velocities, the gap's x and y."""
        qpos, qvel = self.state(rows)
        angles = qpos[:, :2]
        parts = (np.cos(angles), np.sin(angles), qpos[:, 2:], qvel[:, :2], self._gap(rows)[:, :2])
        return np.concatenate(parts, axis=1)

    def judge(self, actions: Array) -> Judged:
        """Nearness to the ball, less a cost of control; no end."""
        far = -length(self._gap(ALL)) * self.setting("reward_dist_weight")
        control = -sum_of_squares(actions) * self.setting("reward_control_weight")
        return Judged(far + control, np.zeros(len(far), dtype=bool), {"reward_dist": far, "reward_ctrl": control})
