"""Sentences beside the right ones: what other tasks of the same world say, and what a reward model can score."""

from __future__ import annotations

from vlmrl.envs.make import find_task, task_names
from vlmrl.envs.task import Task
from vlmrl.errors import ConfigError
from vlmrl.rewards.base import RewardModel
from vlmrl.types import Words


def siblings(task: Task) -> list[Task]:
    """The tasks of the same domain and world, itself among them, by name."""
    domain = task.name.partition("/")[0]
    found = [find_task(name) for name in task_names() if name.partition("/")[0] == domain]
    return [other for other in found if other.world == task.world]


def can_score(model: RewardModel, words: Words) -> bool:
    """Whether the model takes these words: no side is missing, and it can tell goal from baseline."""
    try:
        model.check(words)
    except ConfigError:
        return False
    return True


def wrong_words(task: Task, words: Words, model: RewardModel) -> dict[str, Words]:
    """Sentences that should not find the goal, by themselves: the task's opposite, and what its siblings ask for.

    Those that the model cannot score are left out, and all of them for a model that reads no words.
    """
    if not model.reads_words:
        return {}
    asked = [*words.negative, *task.negative]
    for other in siblings(task):
        asked += [*other.goal, *other.negative]
    wrong = (sentence for sentence in dict.fromkeys(asked) if sentence not in (*words.goal, *task.goal))
    found = {sentence: Words((sentence,), words.baseline, words.goal) for sentence in wrong}
    return {sentence: one for sentence, one in found.items() if can_score(model, one)}
