"""Is the goal the best place to be?

Ranking alone does not predict learning: what counts at the end is whether a state in which the task is not done, a near
miss for one, scores above the goal.
"""

from __future__ import annotations

import numpy as np

from vlmrl.judge.evidence import Evidence
from vlmrl.metrics.verdict import Finding, graded

PLACE = 6
SHARE = (0.02, 0.1)
"""Of all states in which the task is not done, how many score above the median goal state."""


def answer(evidence: Evidence) -> Finding:
    """Rank the goal among all states in which the task is not done; a tie counts half, as in ``metrics.goal``."""
    pool, goal = evidence.pool, float(np.median(evidence.goal.score))
    wrong = ~pool.success
    above, level = wrong & (pool.score > goal), wrong & (pool.score == goal)
    share = float((above.sum() + level.sum() / 2) / max(1, wrong.sum()))
    best = float(pool.score[wrong].max()) if wrong.any() else float("nan")
    # Of scores that are all alike none is above; the first question says what is wrong there.
    colour = graded(share, *SHARE) if evidence.spread > 0 else "none"
    nearest = float(pool.oracle[above].mean()) if above.any() else float("nan")
    ties = f", {int(level.sum())} as much" if level.any() else ""
    reason = (
        f"of {int(wrong.sum())} states in which it is not done {int(above.sum())} score above the median goal{ties}"
    )
    if above.any():
        reason += f"; by the oracle they are at {nearest:.2f} of 1"
    return Finding(colour, reason, {"share": share, "goal": goal, "best_wrong": best, "oracle_above": nearest})
