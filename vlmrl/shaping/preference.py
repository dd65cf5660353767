"""Preference as reward (PAR, arXiv 2502.18770): how surely a frame is better than those of an untrained agent.

A reward model's own scale invites hacking: what it was never shown may score without bound. The chance that a judge of
Bradley and Terry's kind prefers the frame is bounded, steepest where learning starts, and flat where scores run away.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vlmrl.errors import ConfigError
from vlmrl.shaping.base import Float, Shaper, Steps, finite
from vlmrl.types import Array

REFERENCES = 10
"""References that a sample is reduced to; one already did in the paper."""


class Preference(Shaper):
    """Maps scores by ``mean_m sigmoid(steepness * (score - reference_m))``, into [0, 1]; none changes places.

    The formula is the authors' code's, in which a reference is an answer of the initial policy to the same prompt. For
    frames this is a reconstruction: the references are scores of what a random agent sees, and the steepness, 1 there,
    is in units of their deviation. Once all that the agent sees lies several deviations above them, little is left to
    be learned from.

    Args:
        references: scores of frames that the agent is to be better than.
        steepness: above 0; a score that is higher by ``1 / steepness`` than the one reference is preferred at 0.73.

    Raises:
        ConfigError: there is no reference, one is no finite number, or the steepness is not above 0.
    """

    stage = "scores"

    def __init__(self, references: Sequence[float], steepness: float) -> None:
        given: object = references
        if isinstance(given, str) or not isinstance(given, Sequence) or not given:
            raise ConfigError(
                f"shaping.preference.references={references}: must be a list of scores, at least one, such as those of "
                "frames that a random agent sees; a run measures them where they are null"
            )
        self.references = tuple(finite("shaping.preference.references", one) for one in references)
        self.steepness = finite("shaping.preference.steepness", steepness)
        if not self.steepness > 0:
            raise ConfigError(
                f"shaping.preference.steepness={steepness}: must be above 0; a run measures it where it is null"
            )

    @classmethod
    def over(cls, random_scores: Array) -> Preference:
        """Over frames of a random agent: :data:`REFERENCES` quantiles of their scores, one deviation a unit.

        Args:
            random_scores: finite numbers, of any shape.

        Raises:
            ConfigError: they do not differ.
        """
        scores = np.asarray(random_scores, dtype=np.float64).ravel()
        spread = float(scores.std()) if scores.size else 0.0
        if not spread > 1e-6 * float(np.abs(scores).max(initial=0.0)):
            raise ConfigError(
                "shaping.preference: cannot be measured, since all that a random agent sees scores alike; give "
                "references and steepness, or other words"
            )
        at = (np.arange(REFERENCES) + 0.5) / REFERENCES
        return cls([float(one) for one in np.quantile(scores, at)], 1 / spread)

    @property
    def gives_unit_scores(self) -> bool:
        """Always: they are chances."""
        return True

    def __call__(self, steps: Steps) -> Steps:
        """The same steps with chances in the place of both scores."""
        return steps.but(before=self._preferred(steps.before), after=self._preferred(steps.after))

    def _preferred(self, scores: Float) -> Float:
        half = np.float32(self.steepness / 2)
        # Summed one by one, so that a score's chance does not depend on how many are asked for.
        total = np.zeros_like(scores)
        for reference in self.references:
            total += np.tanh(half * (scores - np.float32(reference)))  # a sigmoid that cannot overflow
        chance: Float = np.float32(0.5) + np.float32(0.5) * (total / np.float32(len(self.references)))
        return np.clip(chance, np.float32(0), np.float32(1))
