"""The second stage of a benchmark: agents trained with each reward, for what no offline number can promise.

The judge knows no learner. It is given one, as a function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from vlmrl.envs.task import Task
from vlmrl.judge.bench.entry import Entry
from vlmrl.metrics.board import Trained

Train: TypeAlias = Callable[[Entry, Task, int], Trained]
"""Trains an agent with a reward in a task from a seed and judges it by ground truth; goes on where it was stopped."""


def second_stage(
    tasks: Sequence[Task],
    entries: Sequence[Entry],
    seeds: Sequence[int],
    train: Train,
    say: Callable[[str], object] = lambda line: None,
) -> Iterator[Trained]:
    """Train with every reward in every task that it has words for.

    All rewards have had one seed before any has a second, so that whoever stops early can compare what there is.

    Args:
        tasks: where agents learn.
        entries: the rewards.
        seeds: one a training.
        train: the learner.
        say: tells the user what is under way.
    """
    asked = [
        (seed, task, entry)
        for seed in seeds
        for task in tasks
        for entry in entries
        if not entry.unseen(task) and entry.words(task) is not None
    ]
    for place, (seed, task, entry) in enumerate(asked, start=1):
        found = train(entry, task, seed)
        reached = f"success {found.success:.2f}"
        say(f"training {place} of {len(asked)}: {task.name}, {entry.contender}, seed {seed}: {reached}")
        yield found
