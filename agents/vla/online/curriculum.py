"""Which of several tasks is tried next: rather one that is half mastered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

KEEP = 0.8
"""What is left of a task's rate of success after another batch of its episodes."""


class Curriculum:
    """Draws tasks by ``exp(-sharpness |success - 1/2|)``.

    VLA-RL (arXiv 2505.18719) weighs tasks by success; as its text has it, the least mastered are drawn most. Here those
    around one half are, from which most is learned: where all fail or all succeed, no episode is better than another.

    Args:
        tasks: their names.
        sharpness: 0 draws evenly.

    Attributes:
        success: of each task that was tried, a running mean in [0, 1]; the others count as one half.
    """

    def __init__(self, tasks: Sequence[str], sharpness: float) -> None:
        self._tasks, self._sharpness = list(tasks), sharpness
        self.success: dict[str, float] = {}

    def chances(self) -> NDArray[np.float64]:
        """How likely each task is drawn, ``(K,)``, 1 together."""
        known = np.array([self.success.get(task, 0.5) for task in self._tasks])
        weights = np.exp(-self._sharpness * np.abs(known - 0.5))
        return np.asarray(weights / weights.sum())

    def draw(self, random: np.random.Generator) -> str:
        """The task to try next."""
        return self._tasks[int(random.choice(len(self._tasks), p=self.chances()))]

    def saw(self, task: str, success: float | None) -> None:
        """Take in what share of a task's episodes succeeded; None: nobody knows."""
        if success is not None:
            self.success[task] = success + KEEP * (self.success.get(task, success) - success)

    def recall(self, success: Mapping[str, float]) -> None:
        """Go on from :attr:`success` of an earlier session."""
        self.success = dict(success)
