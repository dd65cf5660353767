"""Acrobot of dm_control's suite: two poles in a row, pushed at the elbow."""

from __future__ import annotations

from typing import Any

from vlmrl.envs.batch.engine import Engine
from vlmrl.envs.batch.robot import Rows, SuiteRobot
from vlmrl.types import Array


class Acrobot(SuiteRobot):
    """dm_control's acrobot, N at a time."""

    of = ("dm_control.suite.acrobot:Balance", "vlmrl.envs.tasks.acrobot:nearly_up")

    def __init__(self, env: Any, engine: Engine) -> None:
        super().__init__(env, engine)
        arms = [env.model.body(name).id for name in ("upper_arm", "lower_arm")]
        self._arms, self._turned = arms, engine.field("xmat")

    def parts(self, rows: Rows) -> list[Array]:
        """Each arm's sine, each arm's cosine, velocities [rad/s]."""
        turned = self._turned[rows][:, self._arms]
        return [turned[..., 2], turned[..., 8], self.qvel[rows]]
