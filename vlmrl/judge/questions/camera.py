"""Does it survive a camera that stands a little elsewhere?

The same goal and bad states through moved cameras: who reads the camera's place instead of the robot is found out.
"""

from __future__ import annotations

from vlmrl.judge.evidence import Evidence
from vlmrl.judge.steadiness import steadiness
from vlmrl.metrics.verdict import Finding

PLACE = 9


def answer(evidence: Evidence) -> Finding:
    """Compare each moved camera with the task's own."""
    return steadiness(evidence, evidence.cameras, "camera")
