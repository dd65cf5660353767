"""Rewards that say nothing, and one that says all: what every leaderboard is read against.

They know the truth or the clock instead of the picture, so they are no rewards that anybody could learn from.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vlmrl.types import Array


def oracle(nearness: Array) -> Array:
    """The ground truth itself: the best that each measure can say."""
    return nearness.astype(np.float64)


def clock(nearness: Array) -> Array:
    """Counts the frames that it was shown: perfect progress on every success, and on every failure."""
    return np.arange(len(nearness), dtype=np.float64)


def chance(nearness: Array) -> Array:
    """A number drawn for each moment, from its nearness alone as a seed: the same for the same clip."""
    seed = np.frombuffer(np.ascontiguousarray(nearness, dtype=np.float32).tobytes(), dtype=np.uint8)
    return np.random.default_rng(seed).random(len(nearness))


CONTROLS: dict[str, Callable[[Array], Array]] = {"oracle": oracle, "clock": clock, "chance": chance}
"""By the name that the leaderboard gives them; each is shown a clip ``(n,)``, in the order of time, as its nearness to
the goal, and gives float64 ``(n,)``."""
