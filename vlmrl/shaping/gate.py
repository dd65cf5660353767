"""Rewards that count only once the episode has shown what matters most.

G-RA, gated reward accumulation (arXiv 2508.10548), lets a reward of lower priority count while those of higher priority
exceed their thresholds over the whole episode. A step's pay must not depend on what comes later, or a learner that
bootstraps would be paid for other things than it did; so here the gate opens when the threshold is first reached.
"""

from __future__ import annotations

import numpy as np

from vlmrl.errors import ConfigError
from vlmrl.shaping.base import Needs, Shaper, Steps, finite


class Gate(Shaper):
    """Pays what comes before it in the chain from the step on at which the episode's score first is high enough.

    The causal form is a reconstruction. With ``softness`` the gate opens by degrees while the best score goes through
    the last stretch below the threshold, so that there is something to learn from before it is reached once. Open, it
    stays so to the end of the episode.

    Args:
        threshold: the score at which all counts, in (0, 1].
        softness: how far below that the first share counts, from 0 to the threshold.

    Raises:
        ConfigError: a number lies outside its range.
    """

    stage = "bonus"
    needs_unit_scores = True
    holds_back = True

    def __init__(self, threshold: float = 0.5, softness: float = 0.0) -> None:
        self.threshold = finite("shaping.gate.threshold", threshold)
        self.softness = finite("shaping.gate.softness", softness)
        if not 0 < self.threshold <= 1:
            raise ConfigError(f"shaping.gate.threshold={threshold}: must lie in (0, 1], where scores do; such as 0.5")
        if not 0 <= self.softness <= self.threshold:
            raise ConfigError(
                f"shaping.gate.softness={softness}: must lie between 0 and the threshold, {self.threshold:g}"
            )

    @property
    def needs(self) -> Needs:
        """The best score before."""
        return Needs(best=True)

    def __call__(self, steps: Steps) -> Steps:
        """The same steps, paid the share that the gate lets through.

        Raises:
            ConfigError: no base reward has been chosen, or nobody told the best score before.
        """
        if steps.reward is None:
            raise ConfigError("shaping=[gate]: has no reward to hold back; put a base such as score before it")
        best = np.maximum(steps.past("best", "gate"), steps.after)
        if self.softness == 0:
            share = (best >= np.float32(self.threshold)).astype(np.float32)
        else:
            begins = np.float32(self.threshold - self.softness)
            share = np.clip((best - begins) / np.float32(self.softness), np.float32(0), np.float32(1))
        return steps.but(reward=steps.reward * share)
