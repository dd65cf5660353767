"""Does the same frame always get the same score?

A reward that counts calls, remembers what it saw, or looks at the other frames of a batch pays for something else than
the state: a time counter agrees perfectly with progress on every demonstration.
"""

from __future__ import annotations

import numpy as np

from vlmrl.judge.evidence import Evidence
from vlmrl.metrics.verdict import Finding, graded

PLACE = 2
SHARE = (0.01, 0.05)
"""Largest change of a score in a second reading, as a share of the spread of scores."""


def answer(evidence: Evidence) -> Finding:
    """Compare two readings of the same frames, the second backwards and a few at a time."""
    change = float(np.abs(evidence.pool.score - evidence.again).max())
    share = change / evidence.spread if evidence.spread > 0 else (np.inf if change > 0 else 0.0)
    colour = graded(share, *SHARE)
    if colour == "green":
        return Finding(colour, "read again in another order, every frame scores the same", {"share": share})
    reason = (
        f"read again in another order, a frame scores {change:.3g} otherwise, {share:.0%} of the spread: the score "
        "depends on when a frame is asked about, or on what is beside it, not on the frame alone"
    )
    return Finding(colour, reason, {"change": change, "share": share})
