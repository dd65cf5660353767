"""Play agents in a task and keep their episodes whole: a dataset to learn from, or labelled episodes for `vlmrl bench`.

vlmrl collect task=cartpole/left out=data/left                         a Minari dataset with films, all who can act
vlmrl collect task=walker/stand runs/a agents=random,perturbed out=data/stand
vlmrl collect task=walker/stand runs/a format=lerobot out=data/lerobot
vlmrl collect task=walker/stand runs/a runs/b out=episodes/stand.npz   for `vlmrl bench episodes=…`

Who acts: script (the task's own), perturbed (it, or a run's agent, with noise and pushes), random, still, push and
shake (bad on purpose), and the agents of runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import NonNegativeFloat, NonNegativeInt, PositiveInt

from vlmrl.cli import _out
from vlmrl.cli._settings import Answer
from vlmrl.errors import ConfigError, UnknownName

if TYPE_CHECKING:
    from vlmrl.envs.task import Task
    from vlmrl.judge.collect import Actor

Format = Literal["minari", "lerobot", "npz"]


class CollectSettings(Answer):
    """Settings of ``vlmrl collect``."""

    task: str | None = None
    """A task's name, such as cartpole/upright; `vlmrl list tasks` shows them."""
    run: tuple[Path, ...] = ()
    """Run directories whose agents act too; arguments without = are these."""
    agents: str | None = None
    """Who acts, with commas between, names and run directories; null: everybody who can."""
    episodes: PositiveInt = 8
    """Of each that acts; of an .npz file every second one is held out."""
    out: Path | None = None
    """The folder to write, which must be new, or a file ending in .npz."""
    format: Format | None = None
    """minari, lerobot or npz; null: as out ends, Minari for a folder."""
    cameras: str = "task"
    """What to film, with commas between: task, cameras of the model, task:azimuth=45:distance=2; none films nothing."""
    size: tuple[PositiveInt, PositiveInt] = (128, 128)
    """[height, width] of the films in pixels."""
    noise: NonNegativeFloat = 0.3
    """Of perturbed agents, up to so much, in halves of an action's range."""
    push: NonNegativeFloat = 0.5
    """How hard perturbed agents are pushed, in weights of what is pushed; 1 gives it about 1 m/s."""
    seed: NonNegativeInt = 500_000
    """Of the first episode's start; the others follow."""


SETTINGS = CollectSettings


def run(argv: Sequence[str]) -> int:
    """Run the verb."""
    from vlmrl.config.compose import compose

    settings = compose(argv, CollectSettings, positional="run")
    if settings.task is None:
        raise ConfigError("task: is missing; give task=NAME (`vlmrl list tasks`)")
    form, out = _form(settings)
    from vlmrl.envs.make import find_task
    from vlmrl.judge.collect import episodes_of

    task = find_task(settings.task)
    place = _out.place(out)
    command = " ".join(["vlmrl", "collect", *argv])
    if form == "npz":
        from vlmrl.config.versions import packages
        from vlmrl.judge.collect import collect

        notes = {"command": command, "packages": packages()}
        kept = collect(task, actors(settings, task), settings.seed, notes, _out.say)
        kept.save(place)
        counted = dict(Counter(kept.outcomes(task)))
    else:
        from vlmrl.cli._datasets import outcome, write

        writing = write(place, form, task, settings.cameras, settings.size, command)
        with writing as keep:
            episodes = episodes_of(task, actors(settings, task), settings.seed, _out.say)
            keep(episodes)
        counted = dict(Counter(outcome(task, episode) for episode in episodes))
    count = sum(counted.values())
    _out.say(f"{out}: {count} episodes of {task.horizon} steps, {_out.shown(counted)}")
    _out.write(settings.json, {"task": task.name, "episodes": count, "outcomes": counted})
    return 0


def _form(settings: CollectSettings) -> tuple[Format, Path]:
    """The format asked for, and where to write."""
    out = settings.out
    if out is None:
        raise ConfigError("out: is missing; give out=FOLDER for a dataset, or out=FILE.npz for `vlmrl bench`")
    form: Format = settings.format or ("npz" if out.suffix == ".npz" else "minari")
    if (form == "npz") != (out.suffix == ".npz") or out.suffix not in (".npz", ""):
        raise ConfigError(
            f"out={out}: does not go with format={form}; give a folder for a dataset, or a file that ends in .npz for "
            "`vlmrl bench`"
        )
    return form, out


def actors(settings: CollectSettings, task: Task) -> list[Actor]:
    """Who acts as these settings say.

    Raises:
        UnknownName: an agent that is neither a kind nor a run.
        ConfigError: a run of another task, or one that acts by pictures.
    """
    from vlmrl.judge.cast import NAMES, cast, usual

    asked = usual(task) if settings.agents is None else settings.agents.split(",")
    named = [name.strip() for name in asked if name.strip() in NAMES]
    paths = [Path(name.strip()) for name in asked if name.strip() not in NAMES]
    for path in paths:
        if not path.exists():
            raise UnknownName("agents", str(path), [*NAMES, "RUN (a run's directory)"])
    trained = [_trained(path, task, settings.episodes) for path in (*settings.run, *paths)]
    return cast(task, named, settings.episodes, trained, settings.noise, settings.push)


def _trained(path: Path, task: Task, episodes: int) -> Actor:
    from vlmrl.cli._runs import trained
    from vlmrl.config.parts import privileged
    from vlmrl.judge.collect import Actor

    agent = trained(path)
    config = agent.config
    if config.task != task.name:
        raise ConfigError(f"run={path}: learned {config.world}; give runs of {task.name}")
    if config.obs != "state" or config.agent.reads:
        seen = "by its cameras" if config.agent.reads else f"obs={config.obs}"
        raise ConfigError(f"run={path}: acts by what it sees ({seen}); give one with obs=state")
    paid = "ground truth" if config.reward.is_oracle else f"{config.reward.name}"
    paid += " and ground truth" if privileged(config) else ""
    about = f"{config.agent.name} on {paid}, {agent.steps:,} steps, seed {config.seed}"
    return Actor("trained", agent.policy, episodes, about)
