"""Agents that follow a habit whatever they see: what a reward must not pay well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.spaces import Box

from vlmrl.errors import ConfigError
from vlmrl.types import Array
from vlmrl.video.play import Policy

_LASTS = 0.9
"""How much of a step's noise is left in the next one's."""


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


class Perturbed:
    """Does what another policy does, with noise: goes astray by some way and has to find back.

    The noise is Gaussian and lasts for about ten steps, as white noise would cancel itself; how much of it there is,
    is drawn for each episode, so that there are clean ones and clumsy ones.

    Args:
        policy: who knows how.
        space: the action space of one environment, a box with bounds.
        noise: the largest standard deviation, in halves of an action's range, 0 or more.

    Raises:
        ConfigError: another space, or a negative noise.
    """

    def __init__(self, policy: Policy, space: Any, noise: float = 0.3) -> None:
        if noise < 0:
            raise ConfigError(f"noise={noise}: must be 0 or more, in halves of an action's range")
        self._policy, self._most = policy, noise
        self._low, self._high = _bounds(space)
        self._dtype = space.dtype
        self._drawn: list[np.random.Generator] = []
        self._noise = self._scale = np.zeros(0)

    def start(self, seeds: Sequence[int]) -> None:
        """Begin one episode for each seed."""
        starts = getattr(self._policy, "start", None)
        if starts is not None:
            starts(seeds)
        self._drawn = [np.random.default_rng([seed, 0xD157]) for seed in seeds]
        self._scale = np.array([rng.uniform(0, self._most) for rng in self._drawn])
        self._noise = np.array([rng.normal(size=self._low.shape) for rng in self._drawn])

    def __call__(self, observations: Any) -> Array:
        """One action for each episode begun: ``(N, ...)``."""
        fresh = np.array([rng.normal(size=self._low.shape) for rng in self._drawn])
        self._noise = _LASTS * self._noise + np.sqrt(1 - _LASTS**2) * fresh
        scale = self._scale.reshape(-1, *[1] * self._low.ndim) * (self._high - self._low) / 2
        astray = self._policy(observations) + scale * self._noise[: len(observations)]
        bounded: Array = np.clip(astray, self._low, self._high).astype(self._dtype)
        return bounded


def _bounds(space: Any) -> tuple[Array, Array]:
    if not isinstance(space, Box) or not space.is_bounded():
        raise ConfigError(f"action space {space}: a habit needs a box with bounds on both sides")
    return space.low, space.high
