"""Do states in which the task is done score above those in which it clearly is not?

The area under the ROC curve between the task's goal states and its bad ones.
"""

from __future__ import annotations

import numpy as np

from vlmrl.judge.evidence import Evidence
from vlmrl.metrics.rank import auroc
from vlmrl.metrics.verdict import Finding, graded
from vlmrl.types import Array

PLACE = 4
AUROC = (0.95, 0.8)


def answer(evidence: Evidence) -> Finding:
    """Compare posed goal states with posed bad ones."""
    return compared(evidence.goal.score, evidence.bad.score)


def compared(goal_scores: Array, bad_scores: Array) -> Finding:
    """What the scores of goal states, ``(n,)``, and of bad ones, ``(m,)``, say of a reward."""
    goal_or_bad = np.repeat([True, False], [len(goal_scores), len(bad_scores)])
    value = auroc(np.concatenate([goal_scores, bad_scores]), goal_or_bad)
    goal, bad = float(np.median(goal_scores)), float(np.median(bad_scores))
    colour = graded(value, *AUROC)
    reason = f"a goal state scores above a bad one in {value:.0%} of pairs (medians {goal:.3g} and {bad:.3g})"
    if value < 0.5:
        reason += ": it pays for what the task must not do, such as falling over"
    return Finding(colour, reason, {"auroc": value, "goal": goal, "bad": bad})
