"""Point mass of dm_control's suite."""

from __future__ import annotations

from vlmrl.envs.batch.robot import Rows, SuiteRobot
from vlmrl.types import Array


class PointMass(SuiteRobot):
    """dm_control's point mass with the gains of its model, N at a time.

    The gains of ``point_mass/hard`` are drawn anew in the model of each episode: one model cannot serve many of them.
    """

    of = ("vlmrl.envs.tasks.point_mass:anywhere",)

    def parts(self, rows: Rows) -> list[Array]:
        """Where it is [m], and its velocity [m/s]."""
        return [self.qpos[rows], self.qvel[rows]]
