"""Agents that follow a habit whatever they see: what a reward must not pay well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.spaces import Box

from vlmrl.errors import ConfigError
from vlmrl.types import Array


class Still:
    """Never acts: zero, or the middle of its range where zero is outside.

    Args:
        space: the action space of one environment, a box with bounds.

    Raises:
        ConfigError: another space.
    """

    def __init__(self, space: Any) -> None:
        self._low, self._high = _bounds(space)
        self._dtype = space.dtype

    def __call__(self, observations: Any) -> Array:
        """The same action for each observation: ``(N, ...)``."""
        middle = np.where((self._low <= 0) & (self._high >= 0), 0, (self._low + self._high) / 2)
        return np.stack([middle.astype(self._dtype)] * len(observations))


class Push:
    """Acts with full force in one direction, drawn for each episode: falls over, runs into the wall, spins.

    Args:
        space: the action space of one environment, a box with bounds.
        turns: whether the direction turns about every few steps, 2 to 20, drawn for each episode: then it shakes.

    Raises:
        ConfigError: another space.
    """

    def __init__(self, space: Any, turns: bool = False) -> None:
        self._low, self._high = _bounds(space)
        self._dtype, self._turns = space.dtype, turns
        self._step = 0
        self._ways: list[Array] = []
        self._periods: list[int] = []

    def start(self, seeds: Sequence[int]) -> None:
        """Begin one episode for each seed."""
        self._step = 0
        drawn = [np.random.default_rng(seed) for seed in seeds]
        self._ways = [rng.random(self._low.shape) < 0.5 for rng in drawn]
        self._periods = [int(rng.integers(2, 21)) for rng in drawn]

    def __call__(self, observations: Any) -> Array:
        """One action for each episode begun: ``(N, ...)``."""
        turned = [self._turns and bool(self._step // period % 2) for period in self._periods]
        self._step += 1
        return np.stack(
            [
                np.where(way ^ back, self._low, self._high).astype(self._dtype)
                for way, back in zip(self._ways, turned, strict=True)
            ]
        )


def _bounds(space: Any) -> tuple[Array, Array]:
    if not isinstance(space, Box) or not space.is_bounded():
        raise ConfigError(f"action space {space}: a habit needs a box with bounds on both sides")
    return space.low, space.high
