"""Reacher of our tasks: dm_control's arm, and its ball as a mocap body."""

from __future__ import annotations

from typing import Any

from vlmrl.envs.batch.engine import Engine
from vlmrl.envs.batch.robot import Rows, SuiteRobot
from vlmrl.types import Array


class Reacher(SuiteRobot):
    """The reacher of ``envs/tasks/reacher.py``, N at a time; dm_control's own moves a geom of its model instead."""

    of = ("vlmrl.envs.tasks.reacher:load.<locals>.MocapReacher",)

    def __init__(self, env: Any, engine: Engine) -> None:
        super().__init__(env, engine)
        self._geoms = engine.field("geom_xpos")
        self._ball, self._finger = (env.model.geom(name).id for name in ("target", "finger"))

    def parts(self, rows: Rows) -> list[Array]:
        """Joints [rad], the way from finger to ball [m], velocities [rad/s]."""
        gap = self._geoms[rows, self._ball, :2] - self._geoms[rows, self._finger, :2]
        return [self.qpos[rows], gap, self.qvel[rows]]
