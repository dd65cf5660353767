"""Planar hopper of dm_control's suite."""

from __future__ import annotations

from typing import Any

import numpy as np

from vlmrl.envs.batch.engine import Engine
from vlmrl.envs.batch.robot import Rows, SuiteRobot, readings
from vlmrl.types import Array


class Hopper(SuiteRobot):
    """dm_control's hopper, N at a time."""

    of = ("dm_control.suite.hopper:Hopper", "vlmrl.envs.tasks.hopper:crouched")

    def __init__(self, env: Any, engine: Engine) -> None:
        super().__init__(env, engine)
        self._foot = readings(env.model, engine, "touch_toe", "touch_heel")

    def parts(self, rows: Rows) -> list[Array]:
        """Joints without the way gone [m, rad], velocities [m/s, rad/s], what toe and heel feel [log N]."""
        return [self.qpos[rows, 1:], self.qvel[rows], np.log1p(self._foot(rows))]
