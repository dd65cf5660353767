"""Pendulum of dm_control's suite."""

from __future__ import annotations

from typing import Any

from vlmrl.envs.batch.engine import Engine
from vlmrl.envs.batch.robot import Rows, SuiteRobot
from vlmrl.types import Array


class Pendulum(SuiteRobot):
    """dm_control's pendulum, N at a time."""

    of = ("dm_control.suite.pendulum:SwingUp",)

    def __init__(self, env: Any, engine: Engine) -> None:
        super().__init__(env, engine)
        self._pole = engine.field("xmat")[:, env.model.body("pole").id]

    def parts(self, rows: Rows) -> list[Array]:
        """The pole's cosine and sine, its velocity [rad/s]."""
        return [self._pole[rows][:, [8, 2]], self.qvel[rows]]
