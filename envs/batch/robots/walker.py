"""Planar walker of dm_control's suite."""

from __future__ import annotations

from typing import Any

from vlmrl.envs.batch.engine import Engine
from vlmrl.envs.batch.robot import Rows, SuiteRobot
from vlmrl.types import Array


class Walker(SuiteRobot):
    """dm_control's walker, N at a time."""

    of = (
        "dm_control.suite.walker:PlanarWalker",
        "vlmrl.envs.tasks.walker:on_its_back",
        "vlmrl.envs.tasks.walker:on_its_feet",
    )

    def __init__(self, env: Any, engine: Engine) -> None:
        super().__init__(env, engine)
        self._turned = engine.field("xmat")[:, 1:]
        self._height = engine.field("xpos")[:, env.model.body("torso").id, 2:]

    def parts(self, rows: Rows) -> list[Array]:
        """Each body's cosine and sine, the torso's height [m], velocities [m/s, rad/s]."""
        turned = self._turned[rows][..., [0, 2]]
        return [turned.reshape(len(turned), -1), self._height[rows], self.qvel[rows]]
