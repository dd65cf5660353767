"""What changed between two leaderboards, and whether that is more than noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from vlmrl.metrics.board import Contender
from vlmrl.metrics.intervals import Interval

Side: TypeAlias = Literal["better", "worse", "unclear"]


@dataclass(frozen=True)
class Change:
    """One measure of one reward in one task, before and after.

    Attributes:
        contender: the reward.
        task: the task's name.
        measure: its name.
        before, after: the measure.
        change: after less before, with its interval.
        higher: whether more is better.
    """

    contender: Contender
    task: str
    measure: str
    before: float
    after: float
    change: Interval
    higher: bool

    @property
    def side(self) -> Side:
        """``better`` or ``worse`` where the whole interval lies on that side of 0, else ``unclear``."""
        low, high = self.change.low, self.change.high
        if math.isnan(low) or math.isnan(high) or low <= 0 <= high:
            return "unclear"
        return "better" if (low > 0) == self.higher else "worse"
