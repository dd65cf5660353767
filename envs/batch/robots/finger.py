"""Finger of dm_control's suite, which turns a spinner."""

from __future__ import annotations

from typing import Any

import numpy as np

from vlmrl.envs.batch.engine import Engine
from vlmrl.envs.batch.robot import Rows, SuiteRobot, length, readings
from vlmrl.types import Array


class Finger(SuiteRobot):
    """The finger of ``envs/tasks/finger.py``, N at a time; dm_control's own moves a site of its model instead."""

    of = ("vlmrl.envs.tasks.finger:free_target",)

    def __init__(self, env: Any, engine: Engine) -> None:
        super().__init__(env, engine)
        self._joints = readings(env.model, engine, "proximal", "distal")
        self._speeds = readings(env.model, engine, "proximal_velocity", "distal_velocity", "hinge_velocity")
        self._touch = readings(env.model, engine, "touchtop", "touchbottom")
        self._tip, self._target, self._spinner = (
            readings(env.model, engine, name) for name in ("tip", "target", "spinner")
        )
        self._size = env.model.site("target").size[0]

    def parts(self, rows: Rows) -> list[Array]:
        """Joints [rad], the spinner's tip [m], velocities [rad/s], touch [log N], the target [m] and its distance."""
        spinner = self._spinner(rows)[:, [0, 2]]
        tip, target = (place(rows)[:, [0, 2]] - spinner for place in (self._tip, self._target))
        gap = length(target - tip)[:, None] - self._size
        return [self._joints(rows), tip, self._speeds(rows), np.log1p(self._touch(rows)), target, gap]
