"""Generators of states: poses drawn evenly between bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vlmrl.envs.task import Pose


@dataclass(frozen=True)
class UniformPose:
    """Joint positions drawn evenly between ``low`` and ``high``; a callable that pickles, for workers.

    Attributes:
        low, high: one bound a joint position, in the model's order [m, rad].
        speed: joint velocities are drawn evenly within plus and minus this.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    speed: float = 0.0

    def __call__(self, rng: np.random.Generator, n: int) -> Pose:
        """Draw ``n`` poses."""
        shape = (n, len(self.low))
        return Pose(rng.uniform(self.low, self.high, shape), rng.uniform(-self.speed, self.speed, shape))
