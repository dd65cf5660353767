"""Whether a value follows what happens in time: up on the way to the goal, down on the way back, up after a recovery.

A value that only counts frames rises in every clip. So the order on a success says little alone: look at failures too,
at clips played backwards, and at stages where something was lost and won back.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from vlmrl.errors import ConfigError, ShapeError
from vlmrl.metrics.rank import Floats, finite, row, same_length, spearman


def value_order(values: ArrayLike) -> float:
    """Value-order correlation: Spearman's of value and time (VOC; Ma et al., GVL, arXiv 2411.04549).

    Args:
        values: floats ``(n,)``, in the order of time, infinities allowed.

    Returns:
        in [-1, 1]: 1 where it always rises; 0 for a constant, which follows nothing; ``nan`` for fewer than 3 values.

    Raises:
        ShapeError: not ``(n,)``, or a value is ``nan``.
    """
    data = row("values", values)
    if len(data) < 3:
        return float("nan")
    return 0.0 if (data == data[0]).all() else spearman(data, np.arange(len(data)))


def cycle_order(values: ArrayLike, turn: int) -> float:
    """Value-order correlation of a clip played forward and then backward, as one history (Cycle-VOC of RoboValue).

    A value that counts frames gets 0: it rises on the way back as well.

    Args:
        values: floats ``(n,)``, in the order they were shown, infinities allowed.
        turn: index of the frame at which the clip turns, which belongs to both ways: ``n // 2`` where n is odd and the
            ways are equally long.

    Returns:
        in [-1, 1], the mean of the order on the way up and of its negative on the way down; ``nan`` where either way
        has fewer than 3 values.

    Raises:
        ShapeError: not ``(n,)``, or a value is ``nan``.
        ConfigError: turn is no index of the values.
    """
    data = row("values", values)
    if not 0 <= turn < len(data):
        raise ConfigError(f"turn={turn}: must be an index of the {len(data)} values, for example their middle")
    return (value_order(data[: turn + 1]) - value_order(data[turn:])) / 2


def direction(values: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Where a stretch of values is heading, each pair of times counting by its difference (TRR of RoboValue).

    The sum over pairs i < j of ``w_i w_j (v_j - v_i)``, over the same sum of ``w_i w_j |v_j - v_i|``. It takes all
    values into account, where first against last would take two, and noise around a level cancels.

    Args:
        values: floats ``(n,)``, in the order of time, all finite.
        weights: floats ``(n,)`` above 0, the time that each value stands for; None for evenly spaced values.

    Returns:
        in [-1, 1]: 1 where it never falls, -1 where it never rises, 0 where it is flat; ``nan`` for fewer than 2.

    Raises:
        ShapeError: rows of different length, a value that is not finite, or a weight that is not above 0.
    """
    data = finite("values", values)
    widths = np.ones(len(data)) if weights is None else finite("weights", weights)
    same_length(values=data, weights=widths)
    if (widths <= 0).any():
        raise ShapeError("weights: must be above 0; leave out values that stand for no time")
    if len(data) < 2:
        return float("nan")
    if (data == data[0]).all():
        return 0.0
    # Neither level nor scale matters to the quotient; without them large and close values keep their digits.
    data, widths = (data - data.min()) / np.ptp(data), widths / widths.max()
    order = np.argsort(data, kind="stable")
    return float(np.clip(_pairs(data, widths) / _pairs(data[order], widths[order]), -1.0, 1.0))


def recovered(
    values: ArrayLike,
    stages: Sequence[tuple[int, int]],
    rising: Sequence[bool | None],
    weights: ArrayLike | None = None,
) -> bool:
    """Whether the value heads the right way in every stage of an episode (TRR of RoboValue, one branch).

    There a failure and a failed result must fall, a recovery and a success rise, and an error that goes on not rise.

    Args:
        values: floats ``(n,)``, in the order of time, all finite. A stage should have 10 values or more.
        stages: first index and end, exclusive, of each stage; they may overlap or leave gaps.
        rising: for each stage, True where :func:`direction` must be above 0, False where below, None where it must
            not be above.
        weights: as for :func:`direction`.

    Returns:
        True where all are right. A stage of one value has no direction and is never right.

    Raises:
        ShapeError: as for :func:`direction`, or not one ``rising`` a stage.
        ConfigError: there is no stage, or one is empty or reaches beyond the values.
    """
    data = finite("values", values)
    widths = np.ones(len(data)) if weights is None else finite("weights", weights)
    same_length(values=data, weights=widths)
    if len(stages) != len(rising):
        raise ShapeError(f"stages ({len(stages)},), rising ({len(rising)},): must have the same length")
    if not stages:
        raise ConfigError("stages: are none; an episode that never failed cannot recover")
    for start, end in stages:
        if not 0 <= start < end <= len(data):
            raise ConfigError(f"stages=({start}, {end}): must be a range within the {len(data)} values")
    found = [direction(data[start:end], widths[start:end]) for start, end in stages]
    return all(_heads(one, wanted) for one, wanted in zip(found, rising, strict=True))


def _pairs(values: Floats, weights: Floats) -> float:
    """Sum over i < j of ``w_i w_j (v_j - v_i)``: each value counts with the weight before it, less that after it."""
    upto = np.cumsum(weights)
    return float((weights * values) @ (upto - weights - (upto[-1] - upto)))


def _heads(found: float, wanted: bool | None) -> bool:
    if wanted is None:
        return found <= 0
    return found > 0 if wanted else found < 0
