"""An agent that acts at random: what every trained one must beat."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import numpy as np
from gymnasium import Space

from vlmrl.types import Array


class RandomPolicy:
    """Draws every action uniformly from the action space.

    Each episode draws from a generator of its own, seeded with the episode's seed, so that its actions do not depend on
    which episodes are played beside it.

    Args:
        space: the action space of one environment.
    """

    def __init__(self, space: Space[Any]) -> None:
        self._space = space
        self._spaces: list[Space[Any]] = []

    def start(self, seeds: Sequence[int]) -> None:
        """Begin one episode for each seed."""
        self._spaces = [deepcopy(self._space) for _ in seeds]
        for space, seed in zip(self._spaces, seeds, strict=True):
            space.seed(seed)

    def __call__(self, observations: Any) -> Array:
        """One action for each episode begun: ``(N, ...)``; what is observed does not matter."""
        return np.stack([np.asarray(space.sample()) for space in self._spaces])
