"""How far points have come along poly-lines whose order counts: pure arithmetic, many at once.

KAGI (arXiv 2407.10341) rewards agreement of the gripper's place with a sequence of waypoints. Its formula could not be
read: what stands here is a reconstruction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]

LEAST = 0.1
"""Length in metres by which shorter ways are measured too: beside its goal already, a robot that strays by a centimetre
has not lost everything."""


@dataclass(frozen=True)
class Along:
    """Where N points are.

    Attributes:
        at: int64 ``(N,)``, segments that they have come to, from 0; never one before an earlier one, unless ``upto``
            forbids it.
        share: float64 ``(N,)``, of the way behind them; 1 at its end. Below 0 only on ways shorter than :data:`LEAST`.
        off: float64 ``(N,)``, how far beside the way, as a share of its length.
        left: float64 ``(N,)``, length of the way before them [m].
    """

    at: Int
    share: Float
    off: Float
    left: Float


def along(ways: Float, at: Int, points: Float, upto: Int | None = None, near: float = 0.0) -> Along:
    """Project points on the segments where they may be: the one that they have come to, and its successor.

    Whoever is at the end of his segment has come to the next. Of the two the nearer counts, of equally near ones the
    earlier. So a way that crosses or touches itself gives no
    credit out of order, and going back along it is going off it once a waypoint has been passed.

    Args:
        ways: float64 ``(N, K + 1, 3)`` [m], the first point is where the episode began. Shorter ways repeat their end.
        at: int64 ``(N,)`` in ``0..K-1``, segments that they had come to.
        points: float64 ``(N, 3)`` [m].
        upto: int64 ``(N,)``, the last segments that they may be on; None is the last.
        near: how near to a waypoint counts as at it [m]; 0 asks the nearer segment alone.
    """
    rows, count = np.arange(len(ways)), ways.shape[1] - 1
    last = np.full(len(ways), count - 1) if upto is None else upto
    lengths = np.linalg.norm(np.diff(ways, axis=1), axis=-1)
    behind = np.concatenate([np.zeros((len(ways), 1)), np.cumsum(lengths, axis=1)], axis=1)
    here = np.minimum(at, last)
    if near > 0:
        passed = np.linalg.norm(points - ways[rows, here + 1], axis=-1) <= near
        here = np.minimum(here + passed, last)
    following = np.minimum(here + 1, last)
    found = []
    for segment in (here, following):
        start, end = ways[rows, segment], ways[rows, segment + 1]
        squared = lengths[rows, segment] ** 2
        part = ((points - start) * (end - start)).sum(-1) / np.where(squared > 0, squared, 1.0)
        part = np.clip(part, 0.0, 1.0)
        off = np.linalg.norm(points - start - part[:, None] * (end - start), axis=-1)
        found.append((behind[rows, segment] + part * lengths[rows, segment], off))
    (first, beside), (second, beside_next) = found
    on = beside_next < beside
    arc, off = np.where(on, second, first), np.where(on, beside_next, beside)
    whole = behind[:, -1]
    scale = np.maximum(whole, LEAST)
    left = whole - arc
    return Along(np.where(on, following, here), 1.0 - left / scale, off / scale, left)
