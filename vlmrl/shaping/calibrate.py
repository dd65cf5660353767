"""Scores on a scale that means something: what looks like the goal is 1, what looks like the baseline is 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from vlmrl.errors import ConfigError
from vlmrl.shaping.base import Shaper, Steps, finite
from vlmrl.types import Array


class Calibrate(Shaper):
    """Maps scores by the one straight line that sends ``goal_like`` to 1 and ``baseline_like`` to 0.

    Raw scores of one encoder fill a narrow band of their own (cosines of 0.15 to 0.35, say), so a fixed learning rate
    or entropy bonus means something else for each. The line never changes while learning runs.

    Args:
        goal_like: a score typical of frames that show the goal.
        baseline_like: a score typical of frames that do not.
        clip: keep scores inside [0, 1].

    Raises:
        ConfigError: an anchor is no finite number, or ``goal_like`` does not lie above ``baseline_like``.
    """

    stage = "scores"

    def __init__(self, goal_like: float, baseline_like: float, clip: bool = False) -> None:
        self.goal_like = finite("shaping.calibrate.goal_like", goal_like)
        self.baseline_like = finite("shaping.calibrate.baseline_like", baseline_like)
        self.clip = clip
        if not self.goal_like > self.baseline_like:
            raise ConfigError(
                f"shaping.calibrate.goal_like={goal_like}: must lie above baseline_like={baseline_like}; with these "
                "words frames of the goal score no higher than others; try other words"
            )

    @classmethod
    def between(cls, goal_scores: Array, baseline_scores: Array, clip: bool = False) -> Calibrate:
        """Anchor at the medians of two samples of scores: of frames that show the goal, and of frames that do not.

        Args:
            goal_scores: at least one finite number, of any shape.
            baseline_scores: the same.
            clip: keep scores inside [0, 1].

        Raises:
            ConfigError: a sample is empty or holds a number that is not finite, or its medians are in the wrong order.
        """
        for side, scores in (("goal_scores", goal_scores), ("baseline_scores", baseline_scores)):
            if np.size(scores) == 0 or not np.isfinite(scores).all():
                raise ConfigError(f"{side}: must be finite numbers, at least one")
        return cls(float(np.median(goal_scores)), float(np.median(baseline_scores)), clip)

    @property
    def gives_unit_scores(self) -> bool:
        """Only a clipped line keeps scores in [0, 1]."""
        return self.clip

    def __call__(self, steps: Steps) -> Steps:
        """The same steps with both scores moved to the new scale."""
        return steps.but(before=self._mapped(steps.before), after=self._mapped(steps.after))

    def _mapped(self, scores: Any) -> Any:
        base, span = np.float32(self.baseline_like), np.float32(self.goal_like - self.baseline_like)
        mapped = (scores - base) / span
        return np.clip(mapped, np.float32(0), np.float32(1)) if self.clip else mapped
