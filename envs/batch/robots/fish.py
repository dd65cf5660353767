"""Fish of dm_control's suite."""

from __future__ import annotations

from typing import Any

from vlmrl.envs.batch.engine import Engine
from vlmrl.envs.batch.robot import Rows, SuiteRobot
from vlmrl.types import Array


class Fish(SuiteRobot):
    """dm_control's fish without a target, N at a time; with one it moves a geom of its model instead."""

    of = ("dm_control.suite.fish:Upright", "vlmrl.envs.tasks.fish:in_open_water")

    def __init__(self, env: Any, engine: Engine) -> None:
        super().__init__(env, engine)
        self._upright = engine.field("xmat")[:, env.model.body("torso").id, 8:]

    def parts(self, rows: Rows) -> list[Array]:
        """Joints [rad], uprightness, velocities [m/s, rad/s]."""
        return [self.qpos[rows, 7:], self._upright[rows], self.qvel[rows]]
