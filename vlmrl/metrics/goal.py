"""Whether a reward leads to the goal: the goal scores highest, nothing else is a hilltop, and no valley lies before it.

A goal that is not the highest of all states is left for another. A state above all its neighbours that is no goal holds
a learner that climbs, and so does a hill on the way that must be given up. All of it is asked of scores alone, with no
learner trained.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from vlmrl.errors import ConfigError, ShapeError
from vlmrl.metrics.rank import Floats, finite, labelled, row

CONSISTENT = 1.4826
"""The median absolute deviation times this is the standard deviation, where scores are normal."""


def goal_rank(pool: ArrayLike, goal: ArrayLike) -> Floats:
    """The rank of a goal's score among the scores of other states, as a share: the smaller, the better.

    One, and the states above, and half of those that tie, over all M + 1: the goal itself is not in the pool.

    Args:
        pool: floats ``(M,)``, M at least 1, infinities allowed.
        goal: floats ``(G,)`` or one float: each is ranked on its own.

    Returns:
        float64, the shape of ``goal``, in (0, 1]: ``1 / (M + 1)`` above all others, 1 below all others.

    Raises:
        ShapeError: another shape, no other state, or a ``nan``.
    """
    others = np.sort(row("pool", pool))
    goals = np.asarray(goal, dtype=np.float64)
    row("goal", np.atleast_1d(goals))
    if not len(others):
        raise ShapeError("pool (0,): must hold the score of at least one state beside the goal")
    lower, upto = np.searchsorted(others, goals, side="left"), np.searchsorted(others, goals, side="right")
    return np.asarray((1 + (len(others) - upto) + (upto - lower) / 2) / (len(others) + 1), dtype=np.float64)


def false_optima(scores: ArrayLike, neighbours: ArrayLike, goal: ArrayLike, margin: float = 0.0) -> int:
    """How many states score above all their neighbours and are no goal: where a learner that climbs stays.

    A flat top is above no neighbour on it and counts for nothing, and so does a state without neighbours.

    Args:
        scores: floats ``(M,)``, one a state, infinities allowed.
        neighbours: ints ``(M, K)``, the states that one step leads to, -1 where there are fewer than K. A state that
            leads to itself, as at a wall, is not its own neighbour.
        goal: bool ``(M,)``, which states are goals.
        margin: by how much a top must exceed its highest neighbour, at least 0: the reward's noise.

    Returns:
        from 0 to M.

    Raises:
        ShapeError: shapes that do not fit, a ``nan`` score, or a neighbour that is no state.
        ConfigError: margin below 0.
    """
    data, done = labelled(scores, goal, "goal")
    _not_negative(margin)
    near = np.asarray(neighbours)
    if near.ndim != 2 or len(near) != len(data) or not np.issubdtype(near.dtype, np.integer):
        raise ShapeError(f"neighbours {near.shape}, {near.dtype}: must be integers ({len(data)}, K), one row a state")
    if near.size and not (near.min() >= -1 and near.max() < len(data)):
        raise ShapeError(f"neighbours: must be states from 0 to {len(data) - 1}, or -1 for none")
    if not near.size:
        return 0
    real = (near >= 0) & (near != np.arange(len(data))[:, None])
    highest = np.where(real, data[near], -np.inf).max(axis=1)
    return int((real.any(axis=1) & ~done & (data > highest + margin)).sum())


def second_hills(values: ArrayLike, margin: float = 0.0) -> int:
    """How many hills lie on a path to the goal that must be given up, by more than a margin, to go on.

    From the top of each the path falls by more than the margin before it gets any higher, and between two it rises by
    more than the margin, so that a dented hill is one. These are the peaks of ``scipy.signal.find_peaks`` with a
    prominence above the margin, but that tops of the same height with a dent between are two to it, and that the start
    counts here where the path falls from it. The end never counts.

    Args:
        values: floats ``(n,)``, along the path, all finite.
        margin: the reward's noise, at least 0.

    Returns:
        0 where the path never falls by more than the margin.

    Raises:
        ShapeError: not ``(n,)``, or a value that is not finite.
        ConfigError: margin below 0.
    """
    data = finite("values", values)
    _not_negative(margin)
    hills, top, bottom = 0, -np.inf, np.inf
    for value in data.tolist():
        if np.isfinite(bottom):  # on the way down from a hill already counted, until the path has truly turned
            bottom = min(bottom, value)
            if value - bottom > margin:
                top, bottom = value, np.inf
        else:
            top = max(top, value)
            if top - value > margin:
                hills, bottom = hills + 1, value
    return hills


def deepest_valley(values: ArrayLike) -> float:
    """The largest fall below an earlier maximum on a path: how much a learner must give up to follow it.

    Args:
        values: floats ``(n,)``, along the path, all finite.

    Returns:
        at least 0, in the unit of the values; 0 where the path never falls; ``nan`` for no values.

    Raises:
        ShapeError: not ``(n,)``, or a value that is not finite.
    """
    data = finite("values", values)
    return float((np.maximum.accumulate(data) - data).max()) if len(data) else float("nan")


def margin(goal_scores: ArrayLike, miss_scores: ArrayLike, least: float = 0.0) -> float:
    """How far goals score above near misses, in units of the reward's noise.

    The medians' difference over the median absolute deviation of all scores, each from the median of its own kind,
    times 1.4826: the standard deviation where scores are normal, and indifferent to a few wild ones. With very few
    scores of a kind the deviation is too small, as one of them is its own median.

    Args:
        goal_scores: floats ``(n,)``, of goals in different views or runs, all finite.
        miss_scores: floats ``(m,)``, of states that look like the goal and are not.
        least: noise that is granted where the scores have less: saturated ones differ by their rounding alone.

    Returns:
        above 0 where goals score higher. Without any deviation, an infinity of the difference's sign, or 0 where the
        medians are the same; ``nan`` where there are no scores of a kind.

    Raises:
        ShapeError: not one row each, or a value that is not finite.
        ConfigError: least below 0.
    """
    _not_negative(least, "least")
    hits, misses = finite("goal_scores", goal_scores), finite("miss_scores", miss_scores)
    if not len(hits) or not len(misses):
        return float("nan")
    apart = float(np.median(hits) - np.median(misses))
    deviations = np.abs(np.concatenate([hits - np.median(hits), misses - np.median(misses)]))
    spread = max(least, CONSISTENT * float(np.median(deviations)))
    if spread > 0:
        return apart / spread
    return float(np.copysign(np.inf, apart)) if apart else 0.0


def grounding(right: ArrayLike, wrong: ArrayLike) -> float:
    """How often the right words gain more over an episode than all wrong words do (TGA of RoboValue).

    Args:
        right: floats ``(n,)``, one a trial: the score's gain from start to end under the words that were carried out.
        wrong: floats ``(n, k)``, k at least 1: the gain of the same episode under words for something else.

    Returns:
        share of trials in [0, 1]; a tie is lost, so that a reward that ignores its words gets 0; ``nan`` for no trial.

    Raises:
        ShapeError: another shape, or a ``nan``.
    """
    gained, others = row("right", right), np.asarray(wrong, dtype=np.float64)
    if others.ndim != 2 or len(others) != len(gained) or not others.shape[1]:
        raise ShapeError(f"wrong {others.shape}: must be ({len(gained)}, k), k at least 1, a row for each right one")
    row("wrong", others.ravel())
    return float(np.mean(gained > others.max(axis=1))) if len(gained) else float("nan")


def _not_negative(noise: float, key: str = "margin") -> None:
    if not noise >= 0:
        raise ConfigError(f"{key}={noise}: must be 0 or more, the reward's noise")
