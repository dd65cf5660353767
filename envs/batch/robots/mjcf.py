"""Any robot from a file."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from vlmrl.envs.batch.engine import Engine, Ids
from vlmrl.envs.batch.robot import ALL, Judged, Robot, Rows
from vlmrl.envs.batch.truth import state_of
from vlmrl.types import Array


class Mjcf(Robot):
    """The robots of :mod:`vlmrl.envs.mjcf`, N at a time."""

    of = ("vlmrl.envs.mjcf:MjcfEnv",)
    current = True
    stage = int(mujoco.mjtStage.mjSTAGE_POS)

    def __init__(self, env: Any, engine: Engine) -> None:
        super().__init__(env, engine)
        self._state = state_of(engine) if env.sees is not None else None

    @property
    def substeps(self) -> int:
        """Timesteps between actions."""
        return int(self.env.substeps)

    def advance(self) -> None:
        """Step the physics, and compute what follows from the positions reached."""
        self.engine.step(self.substeps, self.stage)

    def restart(self, ids: Ids, generators: list[np.random.Generator]) -> None:
        """Let the single environment begin each episode."""
        self.copy_starts(ids, generators, self.env.reset)

    def observe(self, rows: Rows = ALL) -> Array:
        """float32 ``(k, n)``."""
        parts = [self.qpos[rows], self.qvel[rows]]
        if self._state is not None:
            parts.append(self.env.sees(self._state[rows]).reshape(len(parts[0]), -1))
        return np.concatenate(parts, axis=1, dtype=np.float32)

    def judge(self, actions: Array) -> Judged:
        """Nothing: a task's oracle pays, and nothing ends but by the time limit."""
        count = self.engine.count
        return Judged(np.zeros(count), np.zeros(count, dtype=bool))
