"""What a few trainings say: interquartile means over tasks and seeds, and how often one reward beats another.

After Agarwal et al., *Deep Reinforcement Learning at the Edge of the Statistical Precipice* (NeurIPS 2021, arXiv
2108.13264): seeds are drawn anew within each task, and tasks stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vlmrl.errors import ShapeError
from vlmrl.metrics.intervals import Interval, iqm
from vlmrl.metrics.rank import spearman

Floats = NDArray[np.float64]


def stratified_iqm(runs: Sequence[ArrayLike], level: float = 0.95, resamples: int = 2000, seed: int = 0) -> Interval:
    """Interquartile mean over all runs of all tasks, with its stratified bootstrap interval.

    Args:
        runs: floats ``(n,)`` for each task, one a seed, n at least 1.
        level: share of resampled means inside the interval.
        resamples: how many times the seeds of every task are drawn anew.
        seed: of the drawing.

    Returns:
        the mean and its bounds; both bounds ``nan`` where every task has a single seed.

    Raises:
        ShapeError: no task, or one without a run.
    """
    tasks = _tasks(runs)
    return _drawn(lambda drawn: float(iqm(np.concatenate(drawn))), tasks, level, resamples, seed)


def improvement(
    ours: Sequence[ArrayLike], theirs: Sequence[ArrayLike], level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> Interval:
    """How likely a run of ours beats one of theirs, in a task drawn at random; a tie counts half.

    Args:
        ours: floats ``(n,)`` for each task, one a seed.
        theirs: floats ``(m,)`` for each of the same tasks.
        level: share of resampled values inside the interval.
        resamples: how many times the seeds of every task are drawn anew.
        seed: of the drawing.

    Returns:
        in [0, 1]; 0.5 says nothing either way. Bounds are ``nan`` where every task has a single seed of each.

    Raises:
        ShapeError: no task, one without a run, or different numbers of tasks.
    """
    first, second = _tasks(ours), _tasks(theirs)
    if len(first) != len(second):
        raise ShapeError(f"ours {len(first)}, theirs {len(second)}: must be of the same tasks")

    def likely(drawn: Sequence[Floats]) -> float:
        half = len(drawn) // 2
        pairs = zip(drawn[:half], drawn[half:], strict=True)
        return float(np.mean([np.mean((np.sign(np.subtract.outer(a, b)) + 1) / 2) for a, b in pairs]))

    return _drawn(likely, [*first, *second], level, resamples, seed)


def foretold(
    measure: Mapping[str, Floats],
    reached: Mapping[str, Floats],
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """How well a number known before training told what it reached: Spearman's correlation over rewards and tasks.

    Args:
        measure: by task, floats ``(n,)``, one a reward; ``nan`` where there was no answer.
        reached: by task, floats ``(n,)``, what an agent trained with each reward reached.
        level: share of resampled correlations inside the interval.
        resamples: how many times the rewards of every task are drawn anew.
        seed: of the drawing.

    Returns:
        in [-1, 1]; ``nan`` where fewer than three pairs have an answer or one side is constant.

    Raises:
        ShapeError: other tasks, or rows of different length.
    """
    if set(measure) != set(reached) or any(len(measure[name]) != len(reached[name]) for name in measure):
        raise ShapeError("measure, reached: must hold the same tasks, and the same rewards in each")
    pairs = [np.column_stack([measure[name], reached[name]]) for name in measure]
    known = [rows[~np.isnan(rows).any(axis=1)] for rows in pairs]
    known = [rows for rows in known if len(rows)]

    def correlation(drawn: Sequence[Floats]) -> float:
        both = np.concatenate(drawn)
        return spearman(both[:, 0], both[:, 1]) if len(both) > 2 else float("nan")

    if not known:
        return Interval(float("nan"), float("nan"), float("nan"))
    return _drawn(correlation, known, level, resamples, seed)


def _tasks(runs: Sequence[ArrayLike]) -> list[Floats]:
    found = [np.asarray(one, dtype=np.float64) for one in runs]
    if not found or any(one.ndim != 1 or not len(one) for one in found):
        raise ShapeError(f"runs {[one.shape for one in found]}: must hold (n,) for each task, n at least 1")
    return found


def _drawn(
    statistic: Callable[[Sequence[Floats]], float], groups: Sequence[Floats], level: float, resamples: int, seed: int
) -> Interval:
    """A statistic of several groups, and where it lies when each group is drawn anew within itself."""
    point = statistic(groups)
    if all(len(group) == 1 for group in groups):
        return Interval(point, float("nan"), float("nan"))
    rng = np.random.default_rng(seed)
    found = np.array(
        [statistic([group[rng.integers(0, len(group), size=len(group))] for group in groups]) for _ in range(resamples)]
    )
    found = found[~np.isnan(found)]
    if 2 * len(found) < resamples:
        return Interval(point, float("nan"), float("nan"))
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return Interval(point, float(low), float(high))
