"""Any robot from a file."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from vlmrl.envs.batch.engine import Engine
from vlmrl.envs.batch.robot import ALL, Rows, TaskRobot
from vlmrl.envs.batch.truth import state_of
from vlmrl.types import Array


class Mjcf(TaskRobot):
    """The robots of :mod:`vlmrl.envs.mjcf`, N at a time."""

    of = ("vlmrl.envs.mjcf:MjcfEnv",)
    current = True
    stage = int(mujoco.mjtStage.mjSTAGE_POS)

    def __init__(self, env: Any, engine: Engine) -> None:
        super().__init__(env, engine)
        self._state = state_of(engine) if env.sees is not None else None

    def observe(self, rows: Rows = ALL) -> Array:
        """float32 ``(k, n)``."""
        parts = [self.qpos[rows], self.qvel[rows]]
        if self._state is not None:
            parts.append(self.env.sees(self._state[rows]).reshape(len(parts[0]), -1))
        return np.concatenate(parts, axis=1, dtype=np.float32)
