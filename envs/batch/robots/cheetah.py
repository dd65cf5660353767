"""Cheetah of dm_control's suite."""

from __future__ import annotations

from vlmrl.envs.batch.robot import Rows, SuiteRobot
from vlmrl.types import Array


class Cheetah(SuiteRobot):
    """dm_control's cheetah, N at a time."""

    of = ("dm_control.suite.cheetah:Cheetah",)

    def parts(self, rows: Rows) -> list[Array]:
        """Joints without the way gone [m, rad], velocities [m/s, rad/s]."""
        return [self.qpos[rows, 1:], self.qvel[rows]]
