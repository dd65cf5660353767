"""Whether two rows agree: Spearman's, Kendall's and Pearson's correlation, and the area under the ROC curve.

All but Pearson's look at ranks alone, so they ask whether a reward puts states in the right order, whatever its scale.
Ties share their mean rank. Where the question has no answer (a constant has no order, one class cannot be told from
none) the result is ``nan``, never a number that looks like a finding.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vlmrl.errors import ShapeError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def ranks(values: ArrayLike) -> Floats:
    """Ranks from 1 to n, ties sharing their mean rank: float64 ``(n,)``, as ``scipy.stats.rankdata``.

    Raises:
        ShapeError: not ``(n,)``, or a value is ``nan``.
    """
    data = row("values", values)
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
    first, second = _ranked(a, b)
    if len(first) < 2:
        return float("nan")
    first, second = first - first.mean(), second - second.mean()
    # Ranks are multiples of one half around an exact mean: a constant row is exactly zero here.
    spread = np.sqrt((first @ first) * (second @ second))
    return float(np.clip(first @ second / spread, -1.0, 1.0)) if spread > 0 else float("nan")


def kendall(a: ArrayLike, b: ArrayLike) -> float:
    """Kendall's tau-b of two rows: for few items and many ties, such as policies judged by a model's marks of 1 to 10.

    Pairs in the same order less pairs in opposite order, over the geometric mean of the pairs that either row can tell
    apart (Kendall, Biometrika 1945).

    Args:
        a: floats ``(n,)``, infinities allowed.
        b: the same.

    Returns:
        in [-1, 1]; ``nan`` where either row is constant or n is below 2.

    Raises:
        ShapeError: rows of different length, or a ``nan`` in them.
    """
    # scipy.stats takes long to import, which whoever wants only the other measures need not wait for.
    from scipy.stats import kendalltau

    first, second = _ranked(a, b)
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(kendalltau(first, second).statistic)


def pearson(a: ArrayLike, b: ArrayLike) -> float:
    """Pearson's correlation of two rows: whether one is a straight line of the other.

    Args:
        a: floats ``(n,)``, all finite.
        b: the same.

    Returns:
        in [-1, 1]; ``nan`` where either row is constant or n is below 2.

    Raises:
        ShapeError: rows of different length, or a value that is not finite.
    """
    first, second = finite("a", a), finite("b", b)
    same_length(a=first, b=second)
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.clip(_unit(first) @ _unit(second), -1.0, 1.0))


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
    data, yes = labelled(scores, positive)
    above, below = int(yes.sum()), int((~yes).sum())
    if not above or not below:
        return float("nan")
    # Mann and Whitney: the rank sum of the positives, less what they would have among themselves.
    return float((ranks(data)[yes].sum() - above * (above + 1) / 2) / (above * below))


def row(name: str, values: ArrayLike) -> Floats:
    """The values as float64 ``(n,)``, infinities allowed.

    Raises:
        ShapeError: not ``(n,)``, or a value is ``nan``; the message calls them ``name``.
    """
    data = np.asarray(values, dtype=np.float64)
    if data.ndim != 1:
        raise ShapeError(f"{name} {data.shape}: must be (n,)")
    if np.isnan(data).any():
        raise ShapeError(f"{name}: holds a nan; leave out what was not measured")
    return data


def finite(name: str, values: ArrayLike) -> Floats:
    """The values as float64 ``(n,)``, all finite.

    Raises:
        ShapeError: not ``(n,)``, or a value is ``nan`` or infinite; the message calls them ``name``.
    """
    data = row(name, values)
    if np.isinf(data).any():
        raise ShapeError(f"{name}: holds an infinity; must be finite")
    return data


def labelled(scores: ArrayLike, positive: ArrayLike, name: str = "positive") -> tuple[Floats, Bools]:
    """Scores as float64 ``(n,)`` and the class of each as bool ``(n,)``.

    Raises:
        ShapeError: rows of different length, a ``nan`` score, or a class that is neither true nor false; the message
            calls the class ``name``.
    """
    data, classes = row("scores", scores), row(name, positive)
    same_length(**{"scores": data, name: classes})
    if not np.isin(classes, (0.0, 1.0)).all():
        raise ShapeError(f"{name}: must be true or false, one a score")
    return data, classes == 1.0


def same_length(**rows: Floats) -> None:
    """Nothing, where all rows are as long as the first.

    Raises:
        ShapeError: one is not; the message names them all.
    """
    if len({len(data) for data in rows.values()}) > 1:
        named = ", ".join(f"{name} {data.shape}" for name, data in rows.items())
        raise ShapeError(f"{named}: must have the same length")


def _ranked(a: ArrayLike, b: ArrayLike) -> tuple[Floats, Floats]:
    first, second = ranks(a), ranks(b)
    same_length(a=first, b=second)
    return first, second


def _unit(data: Floats) -> Floats:
    # Centred twice: the mean of large, close numbers is itself rounded by as much as they differ.
    centred = data - data.mean()
    centred = centred / np.abs(centred).max()
    centred = centred - centred.mean()
    unit: Floats = centred / np.sqrt(centred @ centred)
    return unit
