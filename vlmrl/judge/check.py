"""Is this reward any good? Every question asked, before any learning, with the simulator as the judge."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from vlmrl.envs.task import Task
from vlmrl.judge.evidence import Evidence, Score, gather
from vlmrl.judge.propose import propose
from vlmrl.judge.questions import in_order
from vlmrl.judge.sentences import wrong_words
from vlmrl.metrics.verdict import Finding, Picture, Verdict, named
from vlmrl.rewards.goal_baseline import GoalBaseline
from vlmrl.scoring.scorer import Scorer
from vlmrl.types import Words

SHOWN = 8
"""Frames that score highest, and as many that score lowest."""


def check(
    task: Task,
    reward: Scorer | Score,
    words: Words | None = None,
    *,
    name: str = "",
    size: tuple[int, int] = (64, 64),
    seed: int = 0,
    say: Callable[[str], object] = lambda line: None,
) -> Verdict:
    """Ask every question about a reward.

    Args:
        task: where it is meant to pay; its ground truth judges.
        reward: a scorer, or any function from frames uint8 ``(B, H, W, 3)`` to ``(B,)`` numbers.
        words: what a scorer is asked with; None is the task's own.
        name: what to call the reward; empty for its own name.
        size: ``(height, width)`` of frames in pixels.
        seed: of all states that are drawn.
        say: tells the user what is under way.

    Raises:
        Abstained: the reward gave no number for a frame.
        ConfigError: words that the reward cannot score.
    """
    start = time.perf_counter()
    proposal = None
    if isinstance(reward, Scorer):
        words = words or task.words
        reward.model.check(words)
        others = {sentence: _asked(reward, one) for sentence, one in wrong_words(task, words, reward.model).items()}
        evidence = gather(task, _asked(reward, words), others, size, seed, say)
        if isinstance(reward.model, GoalBaseline):
            proposal = propose(reward.model, evidence, words, seed)
    else:
        evidence = gather(task, reward, {}, size, seed, say)
        words = None
    best, worst = _ends(evidence)
    return Verdict(
        task.name,
        name or type(getattr(reward, "model", reward)).__name__,
        words,
        tuple(findings(evidence)),
        proposal,
        best,
        worst,
        time.perf_counter() - start,
    )


def findings(evidence: Evidence) -> list[Finding]:
    """The answer to every question, in their order."""
    return [named(module.answer(evidence), name, asks) for name, asks, module in in_order()]


def _asked(scorer: Scorer, words: Words) -> Score:
    def score(frames: Any) -> Any:
        return scorer.frames(frames, words)

    return score


def _ends(evidence: Evidence) -> tuple[tuple[Picture, ...], tuple[Picture, ...]]:
    """The frames that score highest and lowest, of each place one: neighbours on a way look alike."""
    order = np.argsort(evidence.pool.score, kind="stable")
    return _pictures(evidence, order[::-1]), _pictures(evidence, order)


def _pictures(evidence: Evidence, order: Iterable[int]) -> tuple[Picture, ...]:
    pool = evidence.pool
    taken: list[Picture] = []
    for row in order:
        frame = pool.frames[row]
        if all(np.abs(frame.astype(int) - other.frame).mean() > 1 for other in taken):
            taken.append(Picture(frame, float(pool.score[row]), float(pool.oracle[row]), bool(pool.success[row])))
        if len(taken) == SHOWN:
            break
    return tuple(taken)
