"""What picking by a reward is worth: the true value of the best of n episodes, by the reward's own choice.

A reward that can be trusted a little is found out by picking hard with it: the curve over n rises, and turns down where
what the reward likes best is no longer what was wanted (Gao, Schulman and Hilton, ICML 2023, arXiv 2210.10760).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from vlmrl.errors import ConfigError, ShapeError
from vlmrl.metrics.rank import Floats, finite, row, same_length


def best_of(proxy: ArrayLike, truth: ArrayLike, sizes: Sequence[int]) -> Floats:
    """Expected truth of the episode that the proxy ranks highest among n, drawn without replacement from N.

    Exact: an episode is the best of n where it is drawn and the others come from those below it, so nothing has to be
    sampled. Episodes that the proxy cannot tell apart share their mean truth, as if one were picked by chance.

    Args:
        proxy: floats ``(N,)``, the reward's word on each episode, infinities allowed.
        truth: floats ``(N,)``, what each is worth, all finite.
        sizes: how many episodes n are drawn, each from 1 to N.

    Returns:
        float64, one a size: the mean of the truth for n = 1, the truth of the proxy's favourite for n = N.

    Raises:
        ShapeError: no episode, rows of different length, a ``nan``, or a truth that is not finite.
        ConfigError: a size out of range.
    """
    liked, worth = row("proxy", proxy), finite("truth", truth)
    same_length(proxy=liked, truth=worth)
    if not len(liked):
        raise ShapeError("proxy (0,), truth (0,): must hold at least one episode")
    for size in sizes:
        if not 1 <= size <= len(liked):
            raise ConfigError(f"sizes={size}: must be from 1 to the {len(liked)} episodes there are")
    _, place, count = np.unique(liked, return_inverse=True, return_counts=True)
    shared = np.bincount(place, weights=worth) / count
    upto = np.cumsum(count)
    return np.array([np.diff(_all_among(len(liked), size)[upto], prepend=0.0) @ shared for size in sizes])


def _all_among(count: int, size: int) -> Floats:
    """How likely a draw lies within the k lowest, for k from 0 to count: C(k, size) / C(count, size), float64."""
    k = np.arange(count, 0, -1)
    # From the top down, where C(k - 1, n) = C(k, n) (k - n) / k: no factorial, no overflow.
    falling = np.cumprod(np.maximum(k - size, 0) / k)
    return np.append(falling[::-1], 1.0)
