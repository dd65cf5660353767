"""Say of two short films which is nearer to the goal, in the browser; a reward learns from what you say.

  vlmrl prefer task=cartpole/upright out=prefer/cartpole
  vlmrl prefer runs/demo out=prefer/demo clips=40
  vlmrl train task=cartpole/upright reward=preference reward.judge=null reward.answers=prefer/cartpole/answers.jsonl

Prints the address of a page that this machine alone can open, at 127.0.0.1. Every answer is on the disk at once; start
the same command again to go on. Who acts in the films: those of `vlmrl collect`, and the agents of runs. Ctrl-C ends
it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vlmrl.cli import _out
from vlmrl.cli._prefer_settings import PreferSettings
from vlmrl.errors import ConfigError

if TYPE_CHECKING:
    from vlmrl.cli._prefer_clips import Clips
    from vlmrl.cli._prefer_server import Served
    from vlmrl.envs.task import Task


SETTINGS = PreferSettings


def run(argv: Sequence[str]) -> int:
    """Run the verb, until Ctrl-C."""
    from vlmrl.config.compose import compose

    settings = compose(argv, PreferSettings, positional="run")
    with opened(settings) as served:
        left = served.questions.left
        _out.say(f"{len(served.questions.answers)} questions are answered, {left} are left")
        _out.say(f"preferences: {served.url}  (Ctrl-C ends it)")
        served.run()
    _out.say(f"{served.questions.path}: {len(served.questions.answers)} answers")
    return 0


@contextmanager
def opened(settings: PreferSettings) -> Iterator[Served]:
    """The page of these settings, ready to be served; films are made where there are none.

    Raises:
        ConfigError: no folder, no task, a folder of another task, a damaged one, or the port is in use.
        RunError: the folder cannot be written.
    """
    if settings.out is None:
        raise ConfigError("out: is missing; give out=FOLDER for films and answers")
    from vlmrl.cli import _play_server
    from vlmrl.cli._prefer_clips import Clips
    from vlmrl.cli._prefer_server import Questions, serve

    task = _task(settings)
    goal = settings.goal or task.goal
    with _play_server.bind(settings.port) as bound:  # before what takes long
        clips = Clips.open(settings.out, task, goal)
        if clips is None:
            clips = _made(settings, task, goal)
        yield serve(Questions(settings.out, clips, settings.seed), bound)


def _made(settings: PreferSettings, task: Task, goal: Sequence[str]) -> Clips:
    from vlmrl.cli._prefer_clips import Clips
    from vlmrl.cli.collect import CollectSettings, actors
    from vlmrl.judge.collect import episodes_of

    place = _out.place(settings.out)  # type: ignore[arg-type]
    asked = CollectSettings(task=task.name, run=settings.run, agents=settings.agents, episodes=2)
    episodes = episodes_of(task, actors(asked, task), settings.seed, _out.say)
    _out.say(f"drawing {settings.clips} films of {settings.seconds:g} s")
    return Clips.make(place, task, goal, episodes, settings)


def _task(settings: PreferSettings) -> Task:
    from vlmrl.config.run_dir import RunDir
    from vlmrl.envs.make import find_task

    name = settings.task
    if name is None and settings.run:
        name = RunDir.open(settings.run[0]).config.task
    if name is None:
        raise ConfigError("task: is missing; give task=NAME (`vlmrl list tasks`), or the directory of a task's run")
    return find_task(name)
