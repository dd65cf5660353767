"""Rewards in units of their own spread: a running scale, stopped before learning starts.

Learners are tuned for rewards of about 1, and scores of one encoder differ by hundredths. A running deviation, as in
Stable-Baselines3's VecNormalize, would pay old rows of a replay buffer on another scale than new ones, and would learn
its scale from rewards that have not arrived yet; so the deviation is measured once, over what a random agent is paid.
"""

from __future__ import annotations

import numpy as np

from vlmrl.errors import ConfigError
from vlmrl.shaping.base import Shaper, Steps, finite
from vlmrl.types import Array


class Spread(Shaper):
    """Divides rewards by a fixed deviation above 0; no mean is taken off, so what is best stays best.

    Like ``scale``, with a factor that follows from the world: rewards come out the same whatever unit scores have.

    Args:
        unit: the reward that becomes 1.

    Raises:
        ConfigError: ``unit`` is not above 0.
    """

    stage = "scale"

    def __init__(self, unit: float) -> None:
        self.unit = finite("shaping.spread.unit", unit)
        if not self.unit > 0:
            raise ConfigError(
                f"shaping.spread.unit={unit}: must be above 0; a run measures it where it is null, and scale takes a "
                "factor of your own"
            )

    @classmethod
    def of(cls, rewards: Array) -> Spread:
        """In units of the deviation of these rewards.

        Args:
            rewards: finite numbers, of any shape.

        Raises:
            ConfigError: they do not differ, so that they have no spread.
        """
        unit = float(np.std(rewards, dtype=np.float64)) if np.size(rewards) else 0.0
        if not unit > 1e-6 * float(np.abs(rewards).max(initial=0.0)):
            raise ConfigError(
                "shaping.spread.unit: cannot be measured, since a random agent is paid alike at each step; give it, or "
                "take shaping=[…,scale] with a factor of your own"
            )
        return cls(unit)

    def __call__(self, steps: Steps) -> Steps:
        """The same steps, paid in the new unit.

        Raises:
            ConfigError: no base reward has been chosen.
        """
        if steps.reward is None:
            raise ConfigError("shaping=[spread]: has no reward to scale; put a base such as score before it")
        return steps.but(reward=steps.reward / np.float32(self.unit))
