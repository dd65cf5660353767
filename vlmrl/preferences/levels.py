"""Hierarchical comparison: facts and scores in the order of their importance, the first that differs enough decides.

HERON, Bukharin et al., "Deep Reinforcement Learning from Hierarchical Preference Design" (ICML 2025, arXiv 2309.02632).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass
class Moments:
    """Mean and deviation of all that was met so far, in one pass (Welford; Chan et al. for batches)."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def meet(self, values: Array) -> None:
        """Take in more values ``(B,)``; those that are no numbers are passed over."""
        known = values[np.isfinite(values)]
        if not known.size:
            return
        count, mean = self.count + known.size, float(known.mean())
        apart = mean - self.mean
        self.squares += float(((known - mean) ** 2).sum()) + apart**2 * self.count * known.size / count
        self.mean += apart * known.size / count
        self.count = count

    @property
    def deviation(self) -> float:
        """Standard deviation of the values met, 0 for none."""
        return float(np.sqrt(self.squares / self.count)) if self.count else 0.0

    def state(self) -> list[float]:
        """For JSON."""
        return [self.count, self.mean, self.squares]

    @classmethod
    def of(cls, state: Sequence[Any]) -> Moments:
        """Of :meth:`state`."""
        return cls(int(state[0]), float(state[1]), float(state[2]))


def decide(a: Sequence[Array], b: Sequence[Array], margins: Sequence[float]) -> tuple[Array, NDArray[np.int_]]:
    """Which side of each pair is better at the first level on which they differ by more than its margin.

    Args:
        a: of each level, the most important first, a value of each pair ``(B,)``, more is better; NaN, on either side,
            decides nothing.
        b: likewise.
        margins: of each level, 0 or more.

    Returns:
        1.0 where ``b`` is better, 0.0 where ``a`` is, NaN where no level decides, ``(B,)``; and the level that decided,
        -1 for none.
    """
    answers = np.full(np.shape(a[0]), np.nan)
    by = np.full(answers.shape, -1)
    for level, (left, right, margin) in enumerate(zip(a, b, margins, strict=True)):
        apart = right - left
        decided = np.isnan(answers) & (np.abs(apart) > margin)
        answers[decided] = apart[decided] > 0
        by[decided] = level
    return answers, by
