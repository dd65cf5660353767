"""Does the score rise on the way to the goal?

Straight ways in the space of joints, from a bad state to a goal: value-order correlation (GVL, arXiv 2411.04549), and
the deepest valley that must be crossed.
"""

from __future__ import annotations

import numpy as np

from vlmrl.judge.evidence import POINTS, Evidence
from vlmrl.metrics.goal import deepest_valley
from vlmrl.metrics.order import value_order
from vlmrl.metrics.verdict import WORST_FIRST, Finding, graded

PLACE = 7
BEHIND = (0.3, 0.6)
"""By how much the correlation with time may fall behind the oracle's own on the same ways."""
VALLEY = (0.25, 0.5)
"""Depth of the deepest valley, as a share of the spread of scores, beyond the oracle's own share of its spread."""


def answer(evidence: Evidence) -> Finding:
    """Follow the score along each way, beside the oracle: straight ways may lead up and down by the truth too."""
    scores, oracles = (row.reshape(-1, POINTS) for row in (evidence.paths.score, evidence.paths.oracle))
    rises = float(np.mean([value_order(row) for row in scores]))
    should = float(np.mean([value_order(row) for row in oracles]))
    if evidence.spread == 0:
        return Finding("none", "a constant neither rises nor falls", {})
    valley = float(np.median([deepest_valley(row) for row in scores])) / evidence.spread
    granted = float(np.median([deepest_valley(row) for row in oracles])) / float(np.ptp(evidence.pool.oracle))
    told = {"value_order": rises, "oracle_value_order": should, "valley": valley, "oracle_valley": granted}
    colours = graded(should - rises, *BEHIND), graded(valley - granted, *VALLEY)
    colour = min(colours, key=WORST_FIRST.index)
    reason = f"value order {rises:.2f} on {len(scores)} straight ways to the goal (the oracle's own {should:.2f})"
    if colours[1] in ("amber", "red"):
        reason += f"; half of the ways cross a valley of {valley:.0%} of the spread of scores"
    return Finding(colour, reason, told)
