"""A better baseline sentence and alpha for the goal-baseline reward, found on some states and tried on others."""

from __future__ import annotations

import numpy as np
import torch

from vlmrl.judge.evidence import Evidence
from vlmrl.judge.sentences import can_score, siblings
from vlmrl.metrics.rank import spearman
from vlmrl.metrics.verdict import Proposal
from vlmrl.rewards.goal_baseline import GoalBaseline
from vlmrl.types import Array, Words

ALPHAS = (0.0, 0.25, 0.5, 0.75, 1.0)
PLAIN = ("a robot", "a picture of a robot", "an empty room")
"""Baselines that fit any world."""
GAIN = 0.02
"""Spearman, on states that did not choose, from which a change is worth proposing."""


def propose(model: GoalBaseline, evidence: Evidence, words: Words, seed: int = 0) -> Proposal | None:
    """Try baselines and alphas on half of the states; the best, if it is better on the other half too.

    Args:
        model: the reward that was checked.
        evidence: its states.
        words: what it was asked with; the goal stays.
        seed: divides the states in two.
    """
    pool = evidence.pool
    images = model.encoder.images(pool.frames)
    chooses = np.zeros(len(pool), dtype=bool)
    chooses[np.random.default_rng(seed).permutation(len(pool))[::2]] = True

    def order(baseline: tuple[str, ...], alpha: float, rows: Array) -> float:
        asked = GoalBaseline(model.encoder, alpha, model.min_distance)
        scores = asked.score_images(images[torch.from_numpy(rows)], Words(words.goal, baseline))
        return spearman(scores.cpu().numpy(), pool.oracle[rows])

    tried = {
        (baseline, alpha): order(baseline, alpha, chooses)
        for baseline in _baselines(model, evidence, words)
        for alpha in ALPHAS
    }
    if not tried or any(np.isnan(value) for value in tried.values()):
        return None
    best = max(tried, key=tried.__getitem__)
    now, then = order(words.baseline, model.alpha, ~chooses), order(*best, ~chooses)
    return Proposal(*best, now, then) if then > now + GAIN else None


def _baselines(model: GoalBaseline, evidence: Evidence, words: Words) -> list[tuple[str, ...]]:
    """Baselines that the encoder can tell from the goal: the user's, those of the world's tasks, and plain ones."""
    task = evidence.task
    others = (one.baseline for one in siblings(task))
    asked = [words.baseline, *others, task.negative, *((sentence,) for sentence in PLAIN)]
    return [one for one in dict.fromkeys(asked) if one and can_score(model, Words(words.goal, one))]
