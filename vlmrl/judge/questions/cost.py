"""What does a frame cost?

Time alone on this machine; a slow reward is no wrong one.
"""

from __future__ import annotations

from vlmrl.judge.evidence import Evidence
from vlmrl.metrics.verdict import Finding, graded

PLACE = 12
MILLISECONDS = (50.0, float("inf"))
STEPS = 100_000


def answer(evidence: Evidence) -> Finding:
    """Say how long a training's frames would take."""
    hours = STEPS * evidence.milliseconds / 3.6e6
    took = f"{60 * hours:.1f} min" if hours < 1 else f"{hours:.1f} h"
    colour = graded(evidence.milliseconds, *MILLISECONDS)
    reason = f"{evidence.milliseconds:.2g} ms a frame on this machine: the frames of {STEPS:,} steps take {took}"
    if colour != "green":
        reason += "; scoring.every=8 scores fewer"
    return Finding(colour, reason, {"milliseconds": evidence.milliseconds})
