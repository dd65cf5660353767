"""Do the words matter?

The same states with the task's opposite and with what other tasks of the same world ask for: whoever scores as well
with those listens to something else.
"""

from __future__ import annotations

import numpy as np

from vlmrl.judge.evidence import Evidence
from vlmrl.metrics.rank import auroc
from vlmrl.metrics.verdict import Finding, graded

PLACE = 11
LEAD = (0.1, 0.0)
"""AUROC of goal against bad states with the right words, less that of the best wrong ones."""


def answer(evidence: Evidence) -> Finding:
    """Compare the right words with each wrong sentence."""
    if not evidence.others:
        return Finding("none", "this reward reads no words, or there are none to compare with", {})
    done = evidence.ends.success
    right = auroc(evidence.ends.score, done)
    wrong = {sentence: auroc(scores, done) for sentence, scores in evidence.others.items()}
    best = max(wrong, key=wrong.__getitem__)
    lead = right - wrong[best]
    colour = graded(lead, *LEAD) if evidence.spread > 0 else "none"
    reason = f"AUROC {right:.2f} with the right words, {wrong[best]:.2f} with the best of {len(wrong)} wrong: {best!r}"
    return Finding(
        colour, reason, {"right": right, "wrong": wrong[best], "mean_wrong": float(np.mean([*wrong.values()]))}
    )
