"""Scores on [0, 1] between two quantiles, so that neither an odd frame nor a typical one of the goal ends the scale."""

from __future__ import annotations

import numpy as np

from vlmrl.errors import ConfigError
from vlmrl.shaping.base import Shaper, Steps, finite
from vlmrl.shaping.calibrate import Calibrate
from vlmrl.types import Array

SHARE = 0.05
"""Share of the sample that is left beyond either end."""


class Quantiles(Shaper):
    """Maps scores by ``clip((score - low) / (high - low), 0, 1)``.

    ``calibrate`` with ``clip`` ends its scale at a typical frame of the goal, so that half of such frames are worth the
    same. Here nearly all of them still differ, and so do nearly all frames that a random agent sees. A reconstruction
    of a common practice; which samples the quantiles are of is our choice. They never change while learning runs.

    Args:
        low: the score that becomes 0, and all below it.
        high: the score that becomes 1, and all above it.

    Raises:
        ConfigError: either is no finite number, or ``high`` does not lie above ``low``.
    """

    stage = "scores"

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = finite("shaping.quantiles.low", low), finite("shaping.quantiles.high", high)
        if not self.high > self.low:
            raise ConfigError(
                f"shaping.quantiles.high={high}: must lie above low={low}; with these words frames of the goal score "
                "no higher than others; try other words"
            )
        self._line = Calibrate(self.high, self.low, clip=True)

    @classmethod
    def between(cls, goal_scores: Array, random_scores: Array) -> Quantiles:
        """From the lowest that a random agent's frames score to the highest that goal frames do, :data:`SHARE` aside.

        Args:
            goal_scores: of frames that show the goal; at least one finite number, of any shape.
            random_scores: of frames that a random agent sees; the same.

        Raises:
            ConfigError: a sample is empty or holds a number that is not finite, or they are in the wrong order.
        """
        for side, scores in (("goal_scores", goal_scores), ("random_scores", random_scores)):
            if np.size(scores) == 0 or not np.isfinite(scores).all():
                raise ConfigError(f"{side}: must be finite numbers, at least one")
        return cls(float(np.quantile(random_scores, SHARE)), float(np.quantile(goal_scores, 1 - SHARE)))

    @property
    def gives_unit_scores(self) -> bool:
        """Always."""
        return True

    def __call__(self, steps: Steps) -> Steps:
        """The same steps with both scores moved to the new scale."""
        return self._line(steps)
