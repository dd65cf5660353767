"""Agents beside each other on the same seeds: trained from words, trained on ground truth, and random."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from vlmrl.envs.task import Task
from vlmrl.errors import ConfigError
from vlmrl.judge.episodes import MakeEnv, evaluate
from vlmrl.judge.kept import Kept
from vlmrl.judge.random_policy import RandomPolicy
from vlmrl.metrics.evaluation import Comparison, Evaluation, Trace
from vlmrl.metrics.rank import auroc, spearman
from vlmrl.types import Array, Words
from vlmrl.video.play import AnyScorer, Policy

RANDOM = "random"
"""What the random agent is called in a table."""


def compare(
    agents: Mapping[str, Policy],
    make_env: MakeEnv,
    task: Task | None,
    seeds: Sequence[int],
    scorer: AnyScorer | None = None,
    words: Words | None = None,
    chosen: Mapping[str, str] | None = None,
    batch: int = 16,
) -> Comparison:
    """Judge every agent, and a random one after them, on the same seeds.

    Args:
        agents: policies by their name in the table; the usual names are ``agent`` (trained from words) and ``oracle``
            (trained on ground truth). ``random`` is added.
        make_env: builds one environment, with frames where a scorer is given.
        task: its ground truth; None where there is none.
        seeds: one an episode, the same for every agent.
        scorer: scores the frames of every step; None scores nothing.
        words: what frames are scored against; None takes the task's own.
        chosen: how an agent's weights were chosen, by name ("last checkpoint", "best checkpoint by ground truth").
        batch: episodes at a time.

    Returns:
        the comparison; where frames were scored and ground truth is known, also how well the two agree over all steps
        of all agents.

    Raises:
        ConfigError: an agent called ``random``, or what ``evaluate`` refuses.
    """
    with beside_random(agents, make_env) as (everyone, make):
        judged = [
            replace(
                evaluate(policy, make, task, seeds, scorer, words, batch),
                agent=name,
                chosen=(chosen or {}).get(name, ""),
            )
            for name, policy in everyone.items()
        ]
    words = words or (task.words if task is not None else None)
    comparison = Comparison(
        tuple(judged),
        spearman=_agreement(judged, spearman, lambda trace: trace.oracle),
        auroc=_agreement(judged, auroc, lambda trace: trace.success),
    )
    if scorer is None or words is None:
        return comparison
    return replace(comparison, goal=words.goal, baseline=words.baseline, negative=words.negative)


@contextmanager
def beside_random(agents: Mapping[str, Policy], make_env: MakeEnv) -> Iterator[tuple[dict[str, Policy], MakeEnv]]:
    """Agents with a random one after them, and environments that are made once for all of them.

    Args:
        agents: policies by their name.
        make_env: builds one environment.

    Raises:
        ConfigError: an agent called ``random``.
    """
    if RANDOM in agents:
        raise ConfigError(f"agents={RANDOM}: a random agent is added by itself; give yours another name")
    with closing(Kept(make_env)) as make:
        env = make()
        everyone: dict[str, Policy] = {**agents, RANDOM: RandomPolicy(env.action_space)}
        env.close()
        yield everyone, make


def _agreement(
    judged: Sequence[Evaluation], measure: Callable[[Any, Any], float], truth: Callable[[Trace], Array | None]
) -> float | None:
    """How well scores and ground truth agree over all steps of all agents, or None where either is missing or flat."""
    pairs = [(trace.score, truth(trace)) for one in judged for trace in one.traces]
    if not pairs or any(score is None or known is None for score, known in pairs):
        return None
    value = measure(np.concatenate([score for score, _ in pairs]), np.concatenate([known for _, known in pairs]))
    return None if np.isnan(value) else value
