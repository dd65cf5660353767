"""Teach a reward by films of episodes, and measure it on others.

vlmrl collect task=point_mass/target agents=script,perturbed,random episodes=32 cameras=none out=data/target
vlmrl reward train reward=progress data/target out=progress.safetensors
vlmrl reward train reward=progress data/open data/closed out=drawer.safetensors reward.rewind=0 steps=500
vlmrl train task=point_mass/target reward=progress reward.weights=progress.safetensors
vlmrl reward train --help      the settings

The datasets must hold episodes that succeed and such as fail. Every frame is drawn and embedded once; what was embedded
lies in the datasets' embeddings/. Stopped, it goes on where it was. The file of the weights has a .json beside it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import NonNegativeInt, PositiveFloat, PositiveInt

from vlmrl.cli import _help, _out
from vlmrl.cli._settings import Answer
from vlmrl.config.schema import EncoderConfig, RewardConfig, Sentences
from vlmrl.errors import ConfigError, UnknownName

if TYPE_CHECKING:
    from vlmrl.envs.task import Task
    from vlmrl.learned.course import Sentences as Said

STEPS = ("train",)
HELP = {"-h", "--help"}


class RewardTrainSettings(Answer):
    """Settings of ``vlmrl reward train``."""

    data: tuple[Path, ...] = ()
    """Folders of datasets that `vlmrl collect` wrote, of one task or several; arguments without = are these."""
    reward: RewardConfig
    """Which reward learns; `reward.KEY=value` are settings of its lesson, such as reward.rewind=0."""
    out: Path | None = None
    """The file to write, ending in .safetensors; a .json beside it says how it came out."""
    task: str | None = None
    """The task whose world the encoder should know; null: that of the first dataset."""
    wrong: Sentences = ()
    """A sentence that asks for something else than any of the data's tasks; again for several; none: what other tasks
    of the same world ask for."""
    encoder: EncoderConfig
    """The vision-language model that the reward sees and reads through."""
    camera: str = "task"
    """The task's own, a camera of the model by its name, or the task's turned: task:azimuth=45:elevation=-20."""
    size: tuple[PositiveInt, PositiveInt] | None = None
    """[height, width] of frames in pixels; null: what the encoder reads."""
    steps: PositiveInt = 1000
    """Of the optimiser at most."""
    batch: PositiveInt = 48
    """Films in a step."""
    rate: PositiveFloat = 1e-3
    """Of AdamW at its highest."""
    decay: float = 0.01
    """Of the weights."""
    every: PositiveInt = 100
    """Steps between looks at held-out episodes, at each of which all is saved."""
    patience: PositiveInt = 6
    """Looks without a better one after which it stops."""
    seed: NonNegativeInt = 0
    """Of weights, batches and dropout."""
    other_version: bool = False
    """Go on though a dataset was made with another version of simulator or task."""


def run(argv: Sequence[str]) -> int:
    """Run ``train``, which the first argument must say."""
    if not argv or argv[0] in HELP:
        sys.stdout.write(_help.text_of(sys.modules[__name__]))
        return 0
    if argv[0] not in STEPS:
        raise UnknownName("reward", argv[0], STEPS)
    if HELP & set(argv[1:]):
        sys.stdout.write(_help.settings_of(RewardTrainSettings))
        return 0
    return _train(argv[1:])


def _train(argv: Sequence[str]) -> int:
    settings = _settings(argv)
    if settings.out is None or settings.out.suffix != ".safetensors":
        raise ConfigError(f"out={settings.out}: is no file to write; give out=NAME.safetensors")
    from vlmrl import encoders
    from vlmrl.learned.films import Look, films_of
    from vlmrl.learned.teach import Pupil, lesson_of, teach
    from vlmrl.learned.trainer import Plan

    lesson = lesson_of(settings.reward.name, _of_the_lesson(settings.reward))
    plan = Plan(**{name: getattr(settings, name) for name in Plan.__dataclass_fields__})
    place = _out.place(settings.out)
    encoder = encoders.load(settings.encoder.name, **settings.encoder.keywords)
    look = Look(settings.camera, settings.size or encoder.image_size, settings.other_version)
    films = films_of(settings.data, encoder, look, _out.say)
    pupil = Pupil(settings.reward.name, lesson, encoder, settings.encoder.name, place)
    taught = teach(pupil, films, _said(films.tasks, settings.wrong), look, plan, _out.say)
    _out.table(taught.table)
    learned = taught.told["learned"]
    _out.say(f"{settings.out}: the weights of step {learned['best']}, {learned['steps']} were taken")
    told = {key: value for key, value in taught.told.items() if key != "evaluation"}
    command = " ".join(["vlmrl", "reward", "train", *argv])
    _out.write(settings.json, {"out": str(settings.out), "command": command, "rows": taught.table, **told})
    return 0


def _settings(argv: Sequence[str]) -> RewardTrainSettings:
    """The settings; where neither encoder nor task is named, the encoder knows the first dataset's world."""
    from vlmrl.config.compose import compose
    from vlmrl.datasets.minari import sheet_of

    settings = compose(argv, RewardTrainSettings, positional="data")
    named = any(one.startswith(("encoder=", "task=")) for one in argv)
    if settings.data and not named:
        world = f"task={sheet_of(settings.data[0]).task}"
        settings = compose([*argv, world], RewardTrainSettings, positional="data")
    return settings


def _of_the_lesson(reward: RewardConfig) -> dict[str, object]:
    """Of a reward's settings those that are not of its constructor."""
    from vlmrl.config.parts import keywords_of, part

    own = keywords_of(part("reward", reward.name))
    given = [key for key in own if reward.keywords.get(key) not in (None, own[key].default)]
    if given:
        raise ConfigError(
            f"reward.{given[0]}={reward.keywords[given[0]]}: is for a reward that was taught; leave it out"
        )
    return {key: value for key, value in reward.keywords.items() if key not in own}


def _said(tasks: Sequence[Task], wrong: Sequence[str]) -> Said:
    """What is said of each task: its own sentences, and what its negatives and its siblings say."""
    from vlmrl.judge.sentences import siblings
    from vlmrl.learned.course import Sentences as Said

    others = []
    for task in tasks:
        told = [*task.negative, *(one for other in siblings(task) for one in (*other.goal, *other.negative))]
        others.append(tuple(wrong) or tuple(dict.fromkeys(one for one in told if one not in task.goal)))
    return Said(tuple(tuple(task.goal) for task in tasks), tuple(others))
