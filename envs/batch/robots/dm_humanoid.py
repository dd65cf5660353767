"""Humanoid of dm_control's suite."""

from __future__ import annotations

from typing import Any

from vlmrl.envs.batch.engine import Engine
from vlmrl.envs.batch.robot import Rows, SuiteRobot, readings, turned_into
from vlmrl.types import Array

LIMBS = ("left_hand", "left_foot", "right_hand", "right_foot")


class SuiteHumanoid(SuiteRobot):
    """dm_control's humanoid, N at a time."""

    of = ("vlmrl.envs.tasks.dm_humanoid:on_its_back",)

    def __init__(self, env: Any, engine: Engine) -> None:
        super().__init__(env, engine)
        self._xpos, self._xmat = engine.field("xpos"), engine.field("xmat")
        self._torso, self._head = (env.model.body(name).id for name in ("torso", "head"))
        self._limbs = [env.model.body(name).id for name in LIMBS]
        self._centre = readings(env.model, engine, "torso_subtreelinvel")

    def parts(self, rows: Rows) -> list[Array]:
        """Joints, the head's height [m], hands and feet as the torso sees them, which way is up, velocities."""
        torso = self._xmat[rows, self._torso]
        limbs = [turned_into(torso, self._xpos[rows, limb] - self._xpos[rows, self._torso]) for limb in self._limbs]
        head = self._xpos[rows, self._head, 2:]
        return [self.qpos[rows, 7:], head, *limbs, torso[:, 6:], self._centre(rows), self.qvel[rows]]
