"""Ball in cup of dm_control's suite."""

from __future__ import annotations

from vlmrl.envs.batch.robot import Rows, SuiteRobot
from vlmrl.types import Array


class BallInCup(SuiteRobot):
    """dm_control's cup with a ball on a string, N at a time."""

    of = ("dm_control.suite.ball_in_cup:BallInCup",)

    def parts(self, rows: Rows) -> list[Array]:
        """Where cup and ball are [m], and their velocities [m/s]."""
        return [self.qpos[rows], self.qvel[rows]]
