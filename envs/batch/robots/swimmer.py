"""Swimmer of dm_control's suite: links in a row, in water."""

from __future__ import annotations

from typing import Any

from vlmrl.envs.batch.engine import Engine
from vlmrl.envs.batch.robot import Rows, SuiteRobot, turned_into
from vlmrl.types import Array

FRAMES = 12
"""Sensor numbers before the velocities: nose, target and two axes of the head."""
SEEN = [0, 1, 5]
"""Of a link's six velocities: forward, sideways, turning."""


class Swimmer(SuiteRobot):
    """The swimmer of ``envs/tasks/swimmer.py``, N at a time; dm_control's own moves a geom of its model instead."""

    of = ("vlmrl.envs.tasks.swimmer:near_target",)

    def __init__(self, env: Any, engine: Engine) -> None:
        super().__init__(env, engine)
        self._geoms, self._sensed = engine.field("geom_xpos"), engine.field("sensordata")
        self._head = engine.field("xmat")[:, env.model.body("head").id]
        self._nose, self._target = (env.model.geom(name).id for name in ("nose", "target"))

    def parts(self, rows: Rows) -> list[Array]:
        """Joints [rad], the way from nose to target as the head sees it [m], each link's velocities."""
        way = turned_into(self._head[rows], self._geoms[rows, self._target] - self._geoms[rows, self._nose])
        speeds = self._sensed[rows, FRAMES:].reshape(len(way), -1, 6)[:, :, SEEN]
        return [self.qpos[rows, 3:], way[:, :2], speeds.reshape(len(way), -1)]
