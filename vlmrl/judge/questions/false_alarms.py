"""How often is a state taken for the goal that is not?

False positives at 95 % recall: a learner finds them and stays there.
"""

from __future__ import annotations

from vlmrl.judge.evidence import Evidence
from vlmrl.metrics.detection import false_positives
from vlmrl.metrics.verdict import Finding, graded
from vlmrl.types import Array

PLACE = 5
SHARE = (0.1, 0.3)
CLEARLY = 0.7
"""States above this by the oracle are near misses, and not counted here."""


def answer(evidence: Evidence) -> Finding:
    """Count clearly wrong states that score as high as 95 % of the goal states."""
    pool = evidence.pool
    counted = pool.success | (pool.oracle < CLEARLY)
    found = evidence.interval(_share, pool.score, pool.success, counted)
    wrong = int((~pool.success[counted]).sum())
    reason = (
        f"{found.mean:.0%} ({found.low:.0%} to {found.high:.0%}) of {wrong} clearly wrong states score as high as 95 % "
        "of those in which the task is done"
    )
    told = {"false_positives": found.mean, "low": found.low, "high": found.high, "wrong": float(wrong)}
    return Finding(graded(found.mean, *SHARE), reason, told)


def _share(score: Array, success: Array, counted: Array) -> float:
    return false_positives(score[counted], success[counted])
