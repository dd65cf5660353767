"""Does the score depend on the picture at all?

A constant, or a score that moves no more from state to state than from one pixel's shift, orders nothing.
"""

from __future__ import annotations

import numpy as np

from vlmrl.judge.evidence import Evidence
from vlmrl.metrics.verdict import Finding, graded

PLACE = 1
TIMES = (4.0, 1.5)
"""Spread of scores over what a shift by a pixel changes: amber at the first, red at the second."""


def answer(evidence: Evidence) -> Finding:
    """Compare the spread of scores over states with what a pixel's shift does."""
    scores, spread = evidence.pool.score, evidence.spread
    if np.ptp(scores) <= 1e-9 * max(1.0, float(np.abs(scores).max())):
        reason = f"every one of {len(scores)} different states scores {scores[0]:.3g}: the reward is constant"
        return Finding("red", reason, {"spread": 0.0})
    as_it_is = evidence.nudged.score
    shifts = [changed for name, changed in evidence.pictures.items() if "pixel" in name]
    jitter = float(np.median(np.abs(np.concatenate(shifts) - np.tile(as_it_is, len(shifts)))))
    times = spread / jitter if jitter > 0 else np.inf
    colour = graded(times, *TIMES)
    reason = f"scores spread over {spread:.3g}, and a pixel's shift changes {jitter:.2g}"
    if colour != "green":
        reason += ": states are hardly told apart from noise"
    return Finding(colour, reason, {"spread": spread, "jitter": jitter})
