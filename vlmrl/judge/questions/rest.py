"""Does resting in a wrong state pay as much as reaching the goal?

An agent settles where it is easy to stay. Left to itself from many poses the robot comes to rest; an episode spent
there is set against one that goes straight to the goal and stays.
"""

from __future__ import annotations

import numpy as np

from vlmrl.judge.evidence import POINTS, Evidence
from vlmrl.metrics.rank import auroc
from vlmrl.metrics.verdict import Finding, graded

PLACE = 8
EXCESS = (0.4, 0.7)
"""What resting pays, from 0 (a bad state) to 1 (the goal), beyond what the oracle grants that state."""
TOLD_APART = 0.8
"""AUROC of goal against bad states from which the question makes sense."""
NEARLY = 0.9
"""Resting pays as much as the goal: red, unless the oracle itself calls the state nearly done."""


def answer(evidence: Evidence) -> Finding:
    """Put the best wrong state to rest in beside the goal."""
    rest, gap = evidence.rest, evidence.gap
    wrong = ~rest.success
    if not wrong.any():
        return Finding("none", "left to itself, the robot comes to rest in the goal", {})
    if auroc(evidence.ends.score, evidence.ends.success) < TOLD_APART:
        return Finding("none", "goal states hardly score above bad ones, so there is nothing to compare with", {})
    low, true_low = float(np.median(evidence.bad.score)), float(np.median(evidence.bad.oracle))
    true_gap = float(np.median(evidence.goal.oracle)) - true_low
    pays = (rest.score[wrong] - low) / gap
    granted = np.clip((rest.oracle[wrong] - true_low) / true_gap, 0, 1)
    worst = int(np.argmax(pays - granted))
    excess, paid, oracle = float((pays - granted)[worst]), float(pays[worst]), float(rest.oracle[wrong][worst])
    colour = graded(excess, *EXCESS)
    # Half the horizon on the way, the other half in the goal: generous to whoever rests.
    way = float((np.median(evidence.paths.score.reshape(-1, POINTS), axis=0).mean() - low) / gap)
    arrives = (way + 1) / 2
    if paid >= max(1.0, arrives) and oracle < NEARLY:
        colour = "red"
    reason = (
        f"the best wrong state to rest in pays {paid:.0%} of the goal, at {oracle:.2f} of 1 by the oracle; an episode "
        f"that reaches the goal half-way pays {arrives:.0%}"
    )
    return Finding(colour, reason, {"pays": paid, "excess": excess, "oracle": oracle, "arrives": arrives})
