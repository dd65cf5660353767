"""Cart-pole of dm_control's suite."""

from __future__ import annotations

from typing import Any

import numpy as np

from vlmrl.envs.batch.engine import Engine
from vlmrl.envs.batch.robot import Rows, SuiteRobot
from vlmrl.types import Array


class Cartpole(SuiteRobot):
    """dm_control's cartpole with any number of poles, N at a time."""

    of = ("dm_control.suite.cartpole:Balance",)

    def __init__(self, env: Any, engine: Engine) -> None:
        super().__init__(env, engine)
        self._poles = engine.field("xmat")[:, 2:]

    def parts(self, rows: Rows) -> list[Array]:
        """The cart [m], each pole's cosine and sine, velocities [m/s, rad/s]."""
        turned = self._poles[rows]
        poles = np.stack((turned[..., 8], turned[..., 2]), axis=-1).reshape(len(turned), -1)
        return [self.qpos[rows, :1], poles, self.qvel[rows]]
