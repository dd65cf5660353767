"""How well a score detects success, where successes are rare or a false alarm is dear.

A learner looks for whatever is paid, so a failure that scores as a success is what it will find: the false positives
at a recall that loses hardly any success say how much there is to find. Average precision stands beside the area under
the ROC curve (``vlmrl.metrics.rank.auroc``), which looks good on its own when successes are one in ten or fewer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from vlmrl.errors import ConfigError
from vlmrl.metrics.rank import labelled


def average_precision(scores: ArrayLike, positive: ArrayLike) -> float:
    """The mean precision over the thresholds that find the positives: sum of ``(R_n - R_{n-1}) P_n``.

    R and P are recall and precision of "scores at or above the n-th highest score"; equal scores are one threshold, so
    that the order in which they came does not count. Nothing is interpolated, as that is too kind (Davis and Goadrich,
    ICML 2006).

    Args:
        scores: floats ``(n,)``.
        positive: bool ``(n,)``.

    Returns:
        in (0, 1]; the share of positives for constant scores; ``nan`` where one of the two classes is missing.

    Raises:
        ShapeError: rows of different length, a ``nan`` score, or a class that is neither true nor false.
    """
    data, yes = labelled(scores, positive)
    if yes.all() or not yes.any():
        return float("nan")
    order = np.argsort(-data, kind="stable")
    found, taken = np.cumsum(yes[order]), np.arange(1, len(data) + 1)
    # A threshold lies after the last of equal scores; compared, not subtracted, as infinities may be among them.
    last = np.append(data[order][1:] != data[order][:-1], True)
    gained = np.diff(found[last], prepend=0)
    return float(gained @ (found[last] / taken[last]) / yes.sum())


def false_positives(scores: ArrayLike, positive: ArrayLike, recall: float = 0.95) -> float:
    """The share of negatives that score at or above the highest threshold keeping that recall: FPR at 95 % TPR.

    Args:
        scores: floats ``(n,)``.
        positive: bool ``(n,)``.
        recall: share of the positives that must score at or above the threshold, in (0, 1].

    Returns:
        in [0, 1]; 1 for constant scores; ``nan`` where one of the two classes is missing.

    Raises:
        ShapeError: rows of different length, a ``nan`` score, or a class that is neither true nor false.
        ConfigError: recall out of range.
    """
    if not 0.0 < recall <= 1.0:
        raise ConfigError(f"recall={recall}: must lie above 0 and be at most 1, for example 0.95")
    data, yes = labelled(scores, positive)
    if yes.all() or not yes.any():
        return float("nan")
    highest = np.sort(data[yes])[::-1]
    # Searched for among the shares themselves: recall * n may round to just above a whole number.
    kept = np.arange(1, len(highest) + 1) / len(highest)
    threshold = highest[np.searchsorted(kept, recall)]
    return float(np.mean(data[~yes] >= threshold))
