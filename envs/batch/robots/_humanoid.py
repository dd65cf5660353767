"""What the two environments of Gymnasium's humanoid share: a body, and all that is observed of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from vlmrl.envs.batch.engine import Engine, Ids
from vlmrl.envs.batch.robot import ALL, GymnasiumRobot, Rows
from vlmrl.types import Array

OBSERVED = {"cinert": 1, "cvel": 1, "qfrc_actuator": 6, "cfrc_ext": 1}
"""Fields of ``MjData`` behind positions and velocities, and how many of their first rows are left out."""


class HumanoidBody(GymnasiumRobot):
    """Sees its joints, its inertia, its bodies' velocities, the forces of its actuators and of contacts."""

    forces = True
    persistent = True

    def __init__(self, env: Any, engine: Engine) -> None:
        super().__init__(env, engine)
        self._cfrc_ext = engine.field("cfrc_ext")
        self._tendons = {"tendon_length": engine.field("ten_length"), "tendon_velocity": engine.field("ten_velocity")}
        self._seen = [
            engine.field(name)[:, skipped:].reshape(engine.count, -1)
            for name, skipped in OBSERVED.items()
            if self.setting(f"include_{name}_in_observation") is True
        ]

    def observe(self, rows: Rows = ALL) -> Array:
        """float64 ``(k, n)``."""
        qpos, qvel = self.state(rows)
        skipped = 2 if self.setting("exclude_current_positions_from_observation") else 0
        return np.concatenate([qpos[:, skipped:], qvel, *(part[rows] for part in self._seen)], axis=1)

    def final(self, ids: Ids) -> dict[str, Array]:
        """Where it got to, and its tendons [m, m/s]."""
        tendons = {name: values[ids] for name, values in self._tendons.items()}
        return {"x_position": self.qpos[ids, 0], "y_position": self.qpos[ids, 1], **tendons}
