"""Pusher of Gymnasium: an arm that is to push a cylinder to a goal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vlmrl.envs.batch.engine import Engine
from vlmrl.envs.batch.robot import ALL, GymnasiumRobot, Judged, Rows, length, one_by_one, sum_of_squares
from vlmrl.types import Array


class Pusher(GymnasiumRobot):
    """Pusher-v5, N at a time."""

    of = ("gymnasium.envs.mujoco.pusher_v5:PusherEnv",)

    def __init__(self, env: Any, engine: Engine) -> None:
        super().__init__(env, engine)
        self._xpos = engine.field("xpos")
        self._bodies = [env.data.body(name).id for name in ("tips_arm", "object", "goal")]

    def starts(self, generators: Sequence[np.random.Generator]) -> tuple[Array, Array]:
        """The arm at rest, the cylinder not too near to the goal."""
        return one_by_one(self._start, generators)

    def _start(self, generator: np.random.Generator) -> tuple[Array, Array]:
        qpos, qvel = self.home
        while True:
            x = generator.uniform(low=-0.3, high=0, size=1)
            cylinder = np.concatenate([x, generator.uniform(low=-0.2, high=0.2, size=1)])
            if np.linalg.norm(cylinder) > 0.17:
                break
        qpos = np.concatenate([qpos[:-4], cylinder, np.zeros(2)])
        qvel = qvel + generator.uniform(low=-0.005, high=0.005, size=qvel.size)
        qvel[-4:] = 0
        return qpos, qvel

    def observe(self, rows: Rows = ALL) -> Array:
        """float64 ``(k, 23)``: the arm's joints, their velocities, then arm tip, cylinder and goal [m]."""
        qpos, qvel = self.state(rows)
        return np.concatenate((qpos[:, :7], qvel[:, :7], *(self._xpos[rows, body] for body in self._bodies)), axis=1)

    def judge(self, actions: Array) -> Judged:
        """Nearness of tip to cylinder and of cylinder to goal, less a cost of control; no end."""
        tip, cylinder, goal = (self._xpos[:, body] for body in self._bodies)
        near = -length(cylinder - tip) * self.setting("reward_near_weight")
        far = -length(cylinder - goal) * self.setting("reward_dist_weight")
        control = -sum_of_squares(actions) * self.setting("reward_control_weight")
        terms = {"reward_dist": far, "reward_ctrl": control, "reward_near": near}
        return Judged(far + control + near, np.zeros(len(far), dtype=bool), terms)
