"""Where a reward pays too much: states that it ranks high and the truth ranks low, and the worst of them apart in time.

Ranks alone are compared, so a reward of any unit stands beside an oracle of any other. Whoever looks for what a learner
may exploit wants no mean over all states but the moments themselves: high pay for a state that is no good.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from vlmrl.errors import ConfigError
from vlmrl.metrics.rank import Floats, ranks, row, same_length

PAIRS = 2**22
"""Pairs of states compared at a time, so that long episodes need no more memory than short ones."""


def standing(values: ArrayLike) -> Floats:
    """How high each value stands among all: 0 is the lowest, 1 the highest, ties share their mean.

    Args:
        values: floats ``(n,)``, infinities allowed.

    Returns:
        float64 ``(n,)`` in [0, 1]; 1/2 for a constant.

    Raises:
        ShapeError: not ``(n,)``, or a ``nan``.
    """
    place = ranks(values)
    return (place - 1) / (len(place) - 1) if len(place) > 1 else np.full(len(place), 0.5)


def over_rewarded(scores: ArrayLike, oracle: ArrayLike) -> Floats:
    """How much a state is paid beyond its due: the share of all others that are better and yet paid less.

    From it those are taken off that are worse and yet paid more. Where no two values tie, that is the state's
    :func:`standing` by score less that by truth; of states that tie, which a saturated oracle has many of, neither is
    better, so that noise among them accuses nobody.

    Args:
        scores: floats ``(n,)``, what the reward says of n states; of several episodes, one after the other.
        oracle: floats ``(n,)``, how near the same states are to done.

    Returns:
        float64 ``(n,)`` in [-1, 1]: 1 for the best paid of all in the worst state, 0 where both agree, below 0 where
        the reward pays too little. An increasing function of either row changes nothing.

    Raises:
        ShapeError: rows of different length, or a ``nan`` in them.
    """
    paid, true = row("scores", scores), row("oracle", oracle)
    same_length(scores=paid, oracle=true)
    found = np.zeros(len(paid))
    together = max(1, PAIRS // max(1, len(paid)))
    for start in range(0, len(paid), together):
        some = slice(start, start + together)
        less, more = paid < paid[some, None], paid > paid[some, None]
        better, worse = true > true[some, None], true < true[some, None]
        found[some] = np.count_nonzero(less & better, axis=1) - np.count_nonzero(more & worse, axis=1)
    return found / max(1, len(paid) - 1)


def peaks(
    episodes: Sequence[ArrayLike], count: int, apart: int = 1, above: float = -np.inf
) -> tuple[tuple[int, int], ...]:
    """The highest moments of several episodes, of one hill its top alone (greedy non-maximum suppression).

    The highest is taken, everything nearer to it than ``apart`` steps in the same episode is left out, and so on.

    Args:
        episodes: floats ``(T,)`` each, of any length.
        count: moments at most.
        apart: steps from one to the next in an episode, at least 1.
        above: only what exceeds this counts.

    Returns:
        ``(episode, step)`` of each, the highest first; of equal ones the earliest.

    Raises:
        ShapeError: an episode that is not ``(T,)``, or a ``nan``.
        ConfigError: ``count`` below 0 or ``apart`` below 1.
    """
    if count < 0 or apart < 1:
        raise ConfigError(f"count={count}, apart={apart}: count must be 0 or more, apart 1 or more")
    left = [row("episode", values).copy() for values in episodes]
    found: list[tuple[int, int]] = []
    while len(found) < count:
        tops = [(float(values.max(initial=-np.inf)), -index) for index, values in enumerate(left)]
        top, minus = max(tops, default=(-np.inf, 0))
        if not top > above:
            break
        step = int(left[-minus].argmax())
        found.append((-minus, step))
        left[-minus][max(0, step - apart + 1) : step + apart] = -np.inf
    return tuple(found)
