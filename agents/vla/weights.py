"""How much each step of a demonstration counts: all alike, by the progress that follows it, or by its advantage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vlmrl.types import Array

Floats = NDArray[np.float64]

TINY = 1e-6
DISCOUNT = 0.98
"""Of progress to come, in the return that an advantage is taken of."""


def gains(progress: Array, chunk: int) -> Floats:
    """What is gained within a chunk after each of T steps, float64 ``(T,)``; at the end, until the end.

    Args:
        progress: ``(T + 1,)``; NaN where nobody knows.
        chunk: steps ahead.
    """
    values = np.asarray(progress, dtype=np.float64)
    steps = np.arange(len(values) - 1)
    found: Floats = values[np.minimum(steps + chunk, len(values) - 1)] - values[steps]
    return found


def by_progress(gained: Array, kappa: float) -> Floats:
    """RA-BC's weights of steps ``(S,)``, in [0, 1] (SARM, Chen et al., ICLR 2026, arXiv 2509.25358).

    ``1`` above kappa, ``0`` below 0, between them ``clip((r - (mu - 2 sigma)) / (4 sigma + 1e-6), 0, 1)`` with mu, at
    least 0, and sigma over all steps; 1 where the progress is not known. As the port in LeRobot has it: statistics once
    over the dataset.
    """
    known = np.isfinite(gained)
    if not known.any():
        return np.ones(len(gained))
    mu, sigma = max(float(gained[known].mean()), 0.0), max(float(gained[known].std()), TINY)
    between = np.clip((gained - (mu - 2 * sigma)) / (4 * sigma + TINY), 0.0, 1.0)
    weights: Floats = np.where(gained > kappa, 1.0, np.where(gained >= 0.0, between, 0.0))
    return np.where(known, weights, 1.0)


def advantages(progress: Sequence[Array]) -> list[Floats]:
    """Of episodes of one task, what each step's return is above what is usual at that moment: ``(T,)`` each.

    The return is the progress of all states to come, each step discounted by :data:`DISCOUNT`; the usual one is the
    mean over the episodes that are that long. A baseline that a value network would refine.
    """
    returns = [_returns(np.asarray(one, dtype=np.float64)) for one in progress]
    longest = max(map(len, returns), default=0)
    table = np.full((len(returns), longest), np.nan)
    for row, one in zip(table, returns, strict=True):
        row[: len(one)] = one
    known = np.isfinite(table)
    usual = np.where(known, table, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return [one - usual[: len(one)] for one in returns]


def by_advantage(found: Array, temperature: float, most: float) -> Floats:
    """``min(exp(A / temperature), most)`` of advantages ``(S,)`` in their own deviation; 1 where it is not known.

    Advantage-weighted regression (Peng et al., 2019, arXiv 1910.00177), which takes the advantage as it is.
    """
    known = np.isfinite(found)
    if not known.any():
        return np.ones(len(found))
    scaled = np.where(known, found, 0.0) / max(float(found[known].std()), TINY)
    weights: Floats = np.minimum(np.exp(np.minimum(scaled / temperature, np.log(most))), most)
    return np.where(known, weights, 1.0)


def _returns(progress: Floats) -> Floats:
    """Discounted sums of what each step leads to: ``(T,)`` of ``(T + 1,)``."""
    found = np.empty(len(progress) - 1)
    ahead = 0.0
    for step in reversed(range(len(found))):
        ahead = progress[step + 1] + DISCOUNT * ahead
        found[step] = ahead
    return found
