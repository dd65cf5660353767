"""How far scores move, and whether they still tell goal from bad, when something changes that should not matter."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from vlmrl.judge.evidence import Evidence
from vlmrl.metrics.rank import auroc
from vlmrl.metrics.verdict import WORST_FIRST, Finding, graded
from vlmrl.types import Array

LOST = (0.1, 0.3)
"""AUROC of goal against bad states that a change takes away."""
MOVED = (0.25, 0.5)
"""Median change of a score, as a share of the spread of scores over all states."""


def steadiness(evidence: Evidence, changed: Mapping[str, Array], what: str) -> Finding:
    """Compare scores after each change with those before.

    Args:
        evidence: what was measured.
        changed: scores of :attr:`Evidence.nudged` after each change, by its name.
        what: is changed, in a word.
    """
    if not changed:
        return Finding("none", f"the {what} of this task is fixed", {})
    if evidence.spread == 0:
        return Finding("none", "a constant changes with nothing", {})
    before = evidence.nudged
    tells = auroc(before.score, before.success)
    found = []
    for name, scores in changed.items():
        lost = tells - auroc(scores, before.success)
        moved = float(np.median(np.abs(scores - before.score))) / evidence.spread
        colour = min((graded(lost, *LOST), graded(moved, *MOVED)), key=WORST_FIRST.index)
        found.append((WORST_FIRST.index(colour), -max(lost / LOST[1], moved / MOVED[1]), name, colour, lost, moved))
    _, _, name, colour, lost, moved = min(found)
    reason = f"at worst ({name}) scores move by {moved:.0%} of their spread over states"
    reason += f", and AUROC of goal against bad states goes from {tells:.2f} to {tells - lost:.2f}"
    return Finding(colour, reason, {"moved": moved, "lost": lost, "auroc": tells})
