"""Does it survive a changed picture of the same state?

A pixel's shift, a tenth of brightness, a tint: nothing of it says anything about the task.
"""

from __future__ import annotations

from vlmrl.judge.evidence import Evidence
from vlmrl.judge.steadiness import steadiness
from vlmrl.metrics.verdict import Finding

PLACE = 10


def answer(evidence: Evidence) -> Finding:
    """Compare each changed picture with the plain one."""
    return steadiness(evidence, evidence.pictures, "picture")
