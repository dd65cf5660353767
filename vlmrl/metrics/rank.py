"""Whether two orders agree: Spearman's correlation, and the area under the ROC curve.

Both look at ranks alone, so they ask whether a reward puts states in the right order, whatever its scale. Ties share
their mean rank. Where the question has no answer (a constant has no order, one class cannot be told from none) the
result is ``nan``, never a number that looks like a finding.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vlmrl.errors import ShapeError

Floats = NDArray[np.float64]


def ranks(values: ArrayLike) -> Floats:
    """Ranks from 1 to n, ties sharing their mean rank: float64 ``(n,)``, as ``scipy.stats.rankdata``.

    Raises:
        ShapeError: not ``(n,)``, or a value is ``nan``.
    """
    data = _row("values", values)
    _, place, count = np.unique(data, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    shared: Floats = (last - (count - 1) / 2)[place]
    return shared


def spearman(a: ArrayLike, b: ArrayLike) -> float:
    """Spearman's rank correlation of two rows, as ``scipy.stats.spearmanr``.

    Args:
        a: floats ``(n,)``, infinities allowed.
        b: the same.

    Returns:
        in [-1, 1]; ``nan`` where either row is constant or n is below 2.

    Raises:
        ShapeError: rows of different length, or a ``nan`` in them.
    """
    first, second = ranks(a), ranks(b)
    if len(first) != len(second):
        raise ShapeError(f"a {first.shape}, b {second.shape}: must have the same length")
    if len(first) < 2:
        return float("nan")
    first, second = first - first.mean(), second - second.mean()
    # Ranks are multiples of one half around an exact mean: a constant row is exactly zero here.
    spread = np.sqrt((first @ first) * (second @ second))
    return float(np.clip(first @ second / spread, -1.0, 1.0)) if spread > 0 else float("nan")


def auroc(scores: ArrayLike, positive: ArrayLike) -> float:
    """How likely a positive scores above a negative, ties counting half: the area under the ROC curve.

    Args:
        scores: floats ``(n,)``.
        positive: bool ``(n,)``.

    Returns:
        in [0, 1]; 0.5 for constant scores; ``nan`` where one of the two classes is missing.

    Raises:
        ShapeError: rows of different length, a ``nan`` score, or a class that is neither true nor false.
    """
    place = ranks(scores)
    classes = _row("positive", positive)
    if len(place) != len(classes):
        raise ShapeError(f"scores {place.shape}, positive {classes.shape}: must have the same length")
    if not np.isin(classes, (0.0, 1.0)).all():
        raise ShapeError("positive: must be true or false, one a score")
    yes = classes == 1.0
    above, below = int(yes.sum()), int((~yes).sum())
    if not above or not below:
        return float("nan")
    # Mann and Whitney: the rank sum of the positives, less what they would have among themselves.
    return float((place[yes].sum() - above * (above + 1) / 2) / (above * below))


def _row(name: str, values: ArrayLike) -> Floats:
    data = np.asarray(values, dtype=np.float64)
    if data.ndim != 1:
        raise ShapeError(f"{name} {data.shape}: must be (n,)")
    if np.isnan(data).any():
        raise ShapeError(f"{name}: holds a nan; leave out what was not measured")
    return data
