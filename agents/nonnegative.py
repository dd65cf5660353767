"""Rewards that make no agent want its episode to end."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vlmrl.shaping import Needs, Steps
from vlmrl.shaping.base import Float


class NonNegative:
    """Raises every reward by the same amount, so that the lowest score is paid 0.

    Where an episode may end before its time, negative rewards teach an agent to end it, whatever the words say. A
    constant changes nothing else while episodes last.

    Args:
        shape: from scores to rewards, rising with the score of the frame that a step led to.
        low: the lowest score that the reward model gives.

    Attributes:
        needs: what ``shape`` asks of an episode's past.
    """

    def __init__(self, shape: Callable[[Steps], Float], low: float) -> None:
        self._shape = shape
        lowest = np.full((1, 1), low, dtype=np.float32)
        # As little as a step can be paid: nothing new about the score, and nothing about the place.
        often = np.full((1, 1), 2, dtype=np.float32)
        steps = Steps(
            lowest,
            lowest,
            np.zeros((1, 1), dtype=bool),
            best=lowest,
            visits_episode=often,
            visits_global=often,
        )
        self.needs: Needs = getattr(shape, "needs", Needs())
        self._floor = float(shape(steps)[0, 0])

    def __call__(self, steps: Steps) -> Float:
        """Rewards of these steps, float32 ``(T, N)``, at least 0."""
        raised: Float = np.maximum(self._shape(steps) - np.float32(min(self._floor, 0.0)), np.float32(0.0))
        return raised
