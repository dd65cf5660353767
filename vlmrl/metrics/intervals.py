"""How sure a mean over episodes is: percentile bootstrap, interquartile mean, and the exact interval of a rate.

Episodes are resampled whole, never their steps: steps of one episode are not independent. Where episodes come from
several trained agents, ``runs`` resamples the agents first (a cluster bootstrap), for the seed of training usually
matters more than the seed of an episode.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vlmrl.errors import ConfigError, ShapeError

Floats = NDArray[np.float64]

BLOCK = 4_000_000
"""Numbers drawn at a time, so that a bootstrap of many episodes stays within 32 MB an array."""


@dataclass(frozen=True)
class Interval:
    """A statistic of some values, and where it would lie had other episodes been drawn.

    Attributes:
        mean: the statistic itself: the mean, unless another was asked for.
        low, high: bounds of the interval; both ``nan`` where one value alone says nothing about its spread.
    """

    mean: float
    low: float
    high: float


def iqm(values: ArrayLike, axis: int = -1) -> Floats:
    """Interquartile mean: the mean without the lowest and the highest quarter (Agarwal et al., NeurIPS 2021).

    Args:
        values: floats ``(..., n)`` along ``axis``, n at least 1. ``n // 4`` values are left out at either end, as in
            ``scipy.stats.trim_mean(values, 0.25)``.
        axis: the axis to take the mean over.

    Returns:
        float64, the shape of ``values`` without ``axis``.

    Raises:
        ShapeError: there is no value.
    """
    rows = np.moveaxis(np.asarray(values, dtype=np.float64), axis, -1)
    count = rows.shape[-1]
    if count == 0:
        raise ShapeError("values: are none; an interquartile mean needs at least one")
    cut = count // 4
    middle = np.partition(rows, (cut, count - cut - 1), axis=-1)[..., cut : count - cut]
    return np.asarray(middle.mean(axis=-1))


def mean(values: ArrayLike, axis: int = -1) -> Floats:
    """The plain mean as float64, in the shape that :func:`bootstrap` asks of a statistic."""
    return np.asarray(np.mean(np.asarray(values, dtype=np.float64), axis=axis))


def bootstrap(
    values: ArrayLike,
    level: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
    statistic: Callable[[Floats, int], Floats] = mean,
    runs: Sequence[object] | None = None,
) -> Interval:
    """The mean over episodes with its percentile bootstrap interval.

    Args:
        values: floats ``(n,)``, one an episode, n at least 1, all finite.
        level: share of resampled means inside the interval, in (0, 1).
        resamples: how many times the episodes are drawn anew, with replacement.
        seed: of the drawing; the same seed gives the same bounds.
        statistic: ``(values, axis) -> values without axis``: :func:`mean`, :func:`iqm`.
        runs: which trained agent each episode belongs to; agents are drawn first, then episodes within each.

    Returns:
        the statistic and its bounds; a single episode has no spread, its bounds are ``nan``.

    Raises:
        ShapeError: values or runs of the wrong shape, or a value that is not finite.
        ConfigError: level or resamples out of range.
    """
    data = _finite(values)
    _drawable(level, resamples)
    point = float(statistic(data, -1))
    if len(data) == 1:
        return Interval(point, float("nan"), float("nan"))
    rng = np.random.default_rng(seed)
    drawn = (
        _over_episodes(data, statistic, resamples, rng)
        if runs is None
        else _over_runs(data, runs, statistic, resamples, rng)
    )
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(point, float(low), float(high))


def cluster_bootstrap(
    statistic: Callable[..., float],
    *columns: Sequence[NDArray[Any]],
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """A statistic of all steps of all episodes, with the percentile interval of drawing the episodes anew.

    For what is no mean of one number an episode, as a rank correlation or an area under a curve: the steps of the drawn
    episodes are pooled and the statistic is taken of all of them.

    Args:
        statistic: takes one array for each column, the pooled steps, and returns a float, ``nan`` for no answer.
        columns: one or more; each holds an array an episode, ``(T, ...)`` with the episode's own T, at least 1 episode.
        level: share of resampled statistics inside the interval, in (0, 1).
        resamples: how many times the episodes are drawn anew, with replacement.
        seed: of the drawing; the same seed gives the same bounds.

    Returns:
        the statistic and its bounds. Resamples without an answer are left out; the bounds are ``nan`` where more than
        half of them are, and where there is a single episode.

    Raises:
        ShapeError: no column, no episode, columns of different numbers of episodes, or an episode that is no array of
            steps.
        ConfigError: level or resamples out of range.
    """
    _drawable(level, resamples)
    counts = [len(column) for column in columns]
    if not counts or not counts[0] or len(set(counts)) > 1:
        raise ShapeError(f"columns {counts}: must hold one array an episode, equally many each and at least 1")
    if any(np.ndim(episode) == 0 for column in columns for episode in column):
        raise ShapeError("columns: hold a single number in place of an episode's array (T, ...); make it [number]")

    def pooled(drawn: Sequence[int] | NDArray[np.int64]) -> float:
        return float(statistic(*(np.concatenate([column[one] for one in drawn]) for column in columns)))

    point = pooled(range(counts[0]))
    if counts[0] == 1:
        return Interval(point, float("nan"), float("nan"))
    rng = np.random.default_rng(seed)
    found = np.array([pooled(rng.integers(0, counts[0], size=counts[0])) for _ in range(resamples)])
    answered = found[~np.isnan(found)]
    if 2 * len(answered) < resamples:
        return Interval(point, float("nan"), float("nan"))
    ends = [(1 - level) / 2, (1 + level) / 2]
    # Between infinities nothing can be interpolated.
    low, high = np.quantile(answered, ends, method="linear" if np.isfinite(answered).all() else "nearest")
    return Interval(point, float(low), float(high))


def rate(outcomes: ArrayLike, level: float = 0.95, resamples: int = 10_000, seed: int = 0) -> Interval:
    """The share of episodes that succeeded, with its interval.

    A bootstrap of outcomes that all agree has no width: 50 successes in 50 episodes would read as certainty. There the
    exact interval takes its place (Clopper and Pearson, Biometrika 1934): 50 of 50 is 92.9 % or more at level 0.95.

    Args:
        outcomes: bool ``(n,)``, one an episode, n at least 1.
        level: share of resampled means inside the interval, in (0, 1).
        resamples: how many times the episodes are drawn anew.
        seed: of the drawing.

    Returns:
        share in [0, 1] and its bounds, never ``nan``.

    Raises:
        ShapeError: no outcome, or one that is neither true nor false.
        ConfigError: level or resamples out of range.
    """
    data = _finite(outcomes)
    if not np.isin(data, (0.0, 1.0)).all():
        raise ShapeError("outcomes: must be true or false, one an episode")
    interval = bootstrap(data, level, resamples, seed)
    if data.min() < data.max():
        return interval
    margin = ((1 - level) / 2) ** (1 / len(data))
    return Interval(1.0, margin, 1.0) if data[0] else Interval(0.0, 0.0, 1.0 - margin)


def difference(ours: Interval, theirs: Interval) -> Interval:
    """How far two independent means lie apart, ours less theirs, from the interval of each at the same level.

    Distances from mean to bound add up as standard errors do (Newcombe, Statistics in Medicine 1998, method 10; Zou and
    Donner, 2008, for any two intervals), so that two rates of 1 differ by 0 with an interval that has a width.
    """
    apart = ours.mean - theirs.mean
    low = apart - np.hypot(ours.mean - ours.low, theirs.high - theirs.mean)
    high = apart + np.hypot(ours.high - ours.mean, theirs.mean - theirs.low)
    return Interval(float(apart), float(low), float(high))


def mean_of(intervals: Sequence[Interval]) -> Interval:
    """The mean of independent intervals, each counting alike: of one measure over several tasks.

    Distances from mean to bound add up as in :func:`difference`. Without a single interval everything is ``nan``; a
    bound that is ``nan`` makes that of the mean ``nan``.
    """
    if not intervals:
        return Interval(float("nan"), float("nan"), float("nan"))
    centre = sum(one.mean for one in intervals) / len(intervals)
    below = np.sqrt(sum((one.mean - one.low) ** 2 for one in intervals)) / len(intervals)
    above = np.sqrt(sum((one.high - one.mean) ** 2 for one in intervals)) / len(intervals)
    return Interval(float(centre), float(centre - below), float(centre + above))


def _drawable(level: float, resamples: int) -> None:
    if not 0.0 < level < 1.0:
        raise ConfigError(f"level={level}: must lie between 0 and 1, for example 0.95")
    if resamples < 1:
        raise ConfigError(f"resamples={resamples}: must be 1 or more, for example 10000")


def _finite(values: ArrayLike) -> Floats:
    data = np.asarray(values, dtype=np.float64)
    if data.ndim != 1 or data.size == 0:
        raise ShapeError(f"values {data.shape}: must be (n,), one an episode, n at least 1")
    if not np.isfinite(data).all():
        raise ShapeError("values: hold a nan or an infinity; leave out what was not measured")
    return data


def _over_episodes(
    data: Floats, statistic: Callable[[Floats, int], Floats], resamples: int, rng: np.random.Generator
) -> Floats:
    step = max(1, BLOCK // len(data))
    blocks = [
        statistic(data[rng.integers(0, len(data), size=(min(step, resamples - start), len(data)))], -1)
        for start in range(0, resamples, step)
    ]
    return np.concatenate(blocks)


def _over_runs(
    data: Floats,
    runs: Sequence[object],
    statistic: Callable[[Floats, int], Floats],
    resamples: int,
    rng: np.random.Generator,
) -> Floats:
    if len(runs) != len(data):
        raise ShapeError(f"runs ({len(runs)},): must name the run of each of the {len(data)} episodes")
    members = [data[[run == name for run in runs]] for name in dict.fromkeys(runs)]
    drawn = np.empty(resamples)
    for index in range(resamples):
        picked = rng.integers(0, len(members), size=len(members))
        drawn[index] = statistic(
            np.concatenate([rng.choice(members[run], size=len(members[run])) for run in picked]), -1
        )
    return drawn
