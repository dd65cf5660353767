"""Numbers in [-1, 1] as tokens: equal bins, and their middles back (as OpenVLA's, arXiv 2406.09246, which has 256)."""

from __future__ import annotations

from torch import Tensor


def tokens(values: Tensor, bins: int) -> Tensor:
    """The bin of each number, int64 in 0..bins-1; what lies outside [-1, 1] falls into the last ones."""
    return ((values.clamp(-1.0, 1.0) + 1.0) / 2 * bins).long().clamp(max=bins - 1)


def middles(found: Tensor, bins: int) -> Tensor:
    """The middle of each bin, float32 in [-1, 1]: within half a bin, ``1 / bins``, of what was in it."""
    return (found.float() + 0.5) / bins * 2 - 1
