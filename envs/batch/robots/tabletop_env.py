"""The tabletop of our own tasks: an arm, blocks, a drawer and a button."""

from __future__ import annotations

from typing import Any

import numpy as np

from vlmrl.envs.batch.engine import Engine
from vlmrl.envs.batch.robot import ALL, Rows, TaskRobot
from vlmrl.envs.tabletop import arm
from vlmrl.envs.tabletop.tabletop_env import observation
from vlmrl.types import Array


class Tabletop(TaskRobot):
    """The environment of ``envs/tabletop``, N at a time; one whose looks vary has a model of its own, and none here."""

    of = ("vlmrl.envs.tabletop.tabletop_env:TabletopEnv",)

    def __init__(self, env: Any, engine: Engine) -> None:
        super().__init__(env, engine)
        self._servos, self._placed = self.ctrl, engine.field("mocap_pos")
        self.ctrl = np.zeros((engine.count, *env.action_space.shape), env.action_space.dtype)  # actions, not servos

    def advance(self) -> None:
        """Move the commanded places, and step the physics."""
        self._servos[:] = arm.command(self._servos, self.qpos, self.ctrl)
        super().advance()

    def observe(self, rows: Rows = ALL) -> Array:
        """float32 ``(k, 30)``."""
        return observation(self.qpos[rows], self.qvel[rows], self._servos[rows], self._placed[rows])
