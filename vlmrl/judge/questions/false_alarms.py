"""How often is a state taken for the goal that is not?

False positives at 95 % recall: a learner finds them and stays there.
"""

from __future__ import annotations

from vlmrl.judge.evidence import Evidence
from vlmrl.metrics.detection import false_positives
from vlmrl.metrics.verdict import Finding, graded

PLACE = 5
SHARE = (0.1, 0.3)
CLEARLY = 0.7
"""States above this by the oracle are near misses, and not counted here."""


def answer(evidence: Evidence) -> Finding:
    """Count clearly wrong states that score as high as 95 % of the goal states."""
    pool = evidence.pool
    counted = pool.success | (pool.oracle < CLEARLY)
    value = false_positives(pool.score[counted], pool.success[counted])
    colour = graded(value, *SHARE)
    wrong = int((~pool.success[counted]).sum())
    reason = f"{value:.0%} of {wrong} clearly wrong states score as high as 95 % of those in which the task is done"
    return Finding(colour, reason, {"false_positives": value, "wrong": float(wrong)})
