"""Scores moved so that what an untrained agent sees is worth nothing.

Learners start from values of 0. A score that hovers around 0.4 asks them first of all to learn 0.4 / (1 - gamma), 40
at the usual discount, in which the differences between actions drown. Naik et al., "Reward Centering" (RLC 2024,
arXiv 2405.09999), subtract a running estimate of the average reward; here the number is measured once, before learning
starts, because a replay buffer must not hold rewards of two scales.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from vlmrl.shaping.base import Shaper, Steps, finite


class Center(Shaper):
    """Takes a constant off every score; which states are better than which stays as it is.

    Where episodes differ in length a constant is a gift or a fine for each step lived. Runs switch early ends off where
    the environment lets them, and raise rewards to 0 and above where it does not.

    Args:
        at: the score that becomes 0.

    Raises:
        ConfigError: ``at`` is no finite number.
    """

    stage = "scores"
    spoils_unit_scores = True

    def __init__(self, at: float) -> None:
        self.at = finite("shaping.center.at", at)

    def __call__(self, steps: Steps) -> Steps:
        """The same steps with both scores moved."""
        return steps.but(before=self._moved(steps.before), after=self._moved(steps.after))

    def _moved(self, scores: Any) -> Any:
        return scores - np.float32(self.at)
