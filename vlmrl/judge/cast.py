"""Who acts, by name: those who know how, those who know and stumble, and those who have learned nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import gymnasium as gym

from vlmrl.datasets.pushes import Pushed, RandomPushes
from vlmrl.envs.make import make_env
from vlmrl.envs.task import Task
from vlmrl.envs.task_env import TaskEnv
from vlmrl.errors import ConfigError
from vlmrl.judge.collect import Actor, habitual
from vlmrl.judge.habits import Perturbed
from vlmrl.judge.scripted import Scripted

SCRIPT, PERTURBED = "script", "perturbed"
HABITS = ("random", "still", "push", "shake")
NAMES = (SCRIPT, PERTURBED, *HABITS)


def usual(task: Task) -> tuple[str, ...]:
    """Who acts where nobody was named: all, less the script and its stumbling double where nobody wrote one."""
    return NAMES if task.expert is not None else HABITS


def cast(
    task: Task,
    names: Sequence[str],
    episodes: int,
    trained: Sequence[Actor] = (),
    noise: float = 0.3,
    push: float = 0.5,
) -> list[Actor]:
    """The actors of these names, and those that were trained.

    Args:
        task: where they act.
        names: of :data:`NAMES`.
        episodes: of each.
        trained: agents of runs; ``perturbed`` stumbles for each of them where the task has no script.
        noise: of ``perturbed``, as in :class:`~vlmrl.judge.habits.Perturbed`.
        push: how hard ``perturbed`` is pushed, as in :class:`~vlmrl.datasets.pushes.RandomPushes`.

    Raises:
        ConfigError: a script is asked for and there is none, or a setting out of range.
    """
    habits = {actor.name: actor for actor in habitual(task, episodes)}
    found: list[Actor] = []
    for name in dict.fromkeys(names):
        if name == SCRIPT:
            found.append(_script(task, episodes))
        elif name == PERTURBED:
            found += _perturbed(task, episodes, trained, noise, push)
        else:
            found.append(habits[name])
    return [*found, *trained]


def _script(task: Task, episodes: int) -> Actor:
    script = Scripted(task)
    return Actor(SCRIPT, script, episodes, "the task's own script", script.make)


def _perturbed(task: Task, episodes: int, trained: Sequence[Actor], noise: float, push: float) -> Iterator[Actor]:
    with TaskEnv(task) as env:
        space, seconds = env.action_space, 1 / float(env.metadata["render_fps"])
    pushes = RandomPushes(task.horizon, seconds, strength=push)
    how = f"noise up to {noise:g} of an action's range, 3 pushes of {push:g} weights"
    sources = list(trained)
    if task.expert is not None:
        sources = [_script(task, episodes)]
    if not sources:
        raise ConfigError(f"agents={PERTURBED}: {task.name} has no script to perturb; name a run too")
    for one in sources:
        make = partial(_pushed, task, one, pushes)
        yield Actor(PERTURBED, Perturbed(one.policy, space, noise), episodes, f"{one.about}; {how}", make)


def _pushed(task: Task, actor: Actor, pushes: RandomPushes) -> gym.Env[object, object]:
    return Pushed(actor.make() if actor.make is not None else make_env(task, frames=False), pushes)
