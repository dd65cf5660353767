"""Play agents in a task and keep their episodes, labelled by ground truth, for `vlmrl bench`.

vlmrl collect task=walker/stand out=episodes/stand.npz                  those that learned nothing
vlmrl collect task=walker/stand runs/a runs/b out=episodes/stand.npz    and the agents of two runs
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pydantic import PositiveInt

from vlmrl.cli import _out
from vlmrl.cli._settings import Answer
from vlmrl.errors import ConfigError


class CollectSettings(Answer):
    """Settings of ``vlmrl collect``."""

    task: str | None = None
    """A task's name, such as cartpole/upright; `vlmrl list tasks` shows them."""
    run: tuple[Path, ...] = ()
    """Run directories whose agents act too; arguments without = are these."""
    episodes: PositiveInt = 8
    """Of each that acts; every second one is held out."""
    out: Path | None = None
    """The file to write, ending in .npz."""


SETTINGS = CollectSettings


def run(argv: Sequence[str]) -> int:
    """Run the verb."""
    from vlmrl.config.compose import compose

    settings = compose(argv, CollectSettings, positional="run")
    if settings.task is None:
        raise ConfigError("task: is missing; give task=NAME (`vlmrl list tasks`)")
    if settings.out is None or settings.out.suffix != ".npz":
        raise ConfigError(f"out={settings.out}: must name a file that ends in .npz, for example out=episodes.npz")
    from vlmrl.cli._runs import trained
    from vlmrl.config.versions import packages
    from vlmrl.envs.make import find_task
    from vlmrl.judge.collect import Actor, collect, habitual

    task = find_task(settings.task)
    place = _out.place(settings.out)
    actors = habitual(task, settings.episodes)
    for path in settings.run:
        agent = trained(path)
        if agent.config.task != task.name:
            raise ConfigError(f"run={path}: learned {agent.config.world}; give runs of {task.name}")
        paid = "ground truth" if agent.config.reward.is_oracle else f"{agent.config.reward.name}"
        about = f"{agent.config.agent.name} on {paid}, {agent.steps:,} steps, seed {agent.config.seed}"
        actors.append(Actor("trained", agent.policy, settings.episodes, about))
    notes = {"command": " ".join(["vlmrl", "collect", *argv]), "packages": packages()}
    found = collect(task, actors, notes=notes, say=_out.say)
    found.save(place)
    counted = dict(Counter(found.outcomes(task)))
    _out.say(f"{settings.out}: {len(found)} episodes of {found.horizon} steps, {_out.shown(counted)}")
    _out.write(settings.json, {"task": task.name, "episodes": len(found), "outcomes": counted})
    return 0
