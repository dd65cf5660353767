"""Teach a reward by films of episodes, and measure it on others.

vlmrl collect task=point_mass/target agents=script,perturbed,random episodes=32 cameras=none out=data/target
vlmrl reward train reward=progress data/target out=progress.safetensors
vlmrl reward train reward=progress data/open data/closed out=drawer.safetensors reward.rewind=0 steps=500
vlmrl reward train reward=preference reward.judge=encoder data/target out=nets.safetensors
vlmrl train task=point_mass/target reward=progress reward.weights=progress.safetensors
vlmrl train task=point_mass/target reward=preference reward.nets=nets.safetensors reward.judge=null
vlmrl reward train --help      the settings

The datasets must hold episodes that succeed and such as fail. Every frame is drawn and embedded once; what was embedded
lies in the datasets' embeddings/. Stopped, it goes on where it was. The file of the weights has a .json beside it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import NonNegativeInt, PositiveFloat, PositiveInt

from vlmrl.cli import _help, _out
from vlmrl.cli._settings import Answer
from vlmrl.config.schema import EncoderConfig, RewardConfig, Sentences
from vlmrl.errors import ConfigError, UnknownName

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder
    from vlmrl.envs.task import Task
    from vlmrl.learned.course import Sentences as Said
    from vlmrl.learned.films import Look

Taught: TypeAlias = "tuple[list[dict[str, Any]], dict[str, Any]]"
"""The evaluation on held-out episodes, and what else is told of a reward that was taught."""

STEPS = ("train",)
HELP = {"-h", "--help"}
OF_FILMS = ("wrong", "steps", "batch", "rate", "decay", "every", "patience")
"""Settings that mean nothing to a reward of preferences."""


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
    from vlmrl.config.parts import part
    from vlmrl.learned.films import Look
    from vlmrl.rewards.preference import Preference

    compares = issubclass(part("reward", settings.reward.name), Preference)
    if compares:
        _refuse_settings_of_films(settings.reward.name, argv)
    encoder = encoders.load(settings.encoder.name, **settings.encoder.keywords)
    look = Look(settings.camera, settings.size or encoder.image_size, settings.other_version)
    command = " ".join(["vlmrl", "reward", "train", *argv])
    table, told = (_by_comparisons if compares else _by_films)(settings, encoder, look)
    _out.write(settings.json, {"out": str(settings.out), "command": command, "rows": table, **told})
    return 0


def _refuse_settings_of_films(reward: str, argv: Sequence[str]) -> None:
    for name in OF_FILMS:
        if any(one.startswith(f"{name}=") for one in argv):
            raise ConfigError(
                f"{name}: is for rewards that are taught by whole films; reward={reward} learns as reward.ask and "
                "reward.learn say (`vlmrl list rewards`)"
            )


def _by_films(settings: RewardTrainSettings, encoder: Encoder, look: Look) -> Taught:
    from vlmrl.learned.films import films_of
    from vlmrl.learned.teach import Pupil, lesson_of, teach
    from vlmrl.learned.trainer import Plan

    assert settings.out is not None
    lesson = lesson_of(settings.reward.name, _of_the_lesson(settings.reward))
    plan = Plan(**{name: getattr(settings, name) for name in Plan.__dataclass_fields__})
    place = _out.place(settings.out)
    films = films_of(settings.data, encoder, look, _out.say)
    pupil = Pupil(settings.reward.name, lesson, encoder, settings.encoder.name, place)
    taught = teach(pupil, films, _said(films.tasks, settings.wrong), look, plan, _out.say)
    _out.table(taught.table)
    learned = taught.told["learned"]
    _out.say(f"{settings.out}: the weights of step {learned['best']}, {learned['steps']} were taken")
    return taught.table, {key: value for key, value in taught.told.items() if key != "evaluation"}


def _by_comparisons(settings: RewardTrainSettings, encoder: Encoder, look: Look) -> Taught:
    from vlmrl import rewards
    from vlmrl.learned.comparisons import Data, compared, measured
    from vlmrl.learned.films import films_of
    from vlmrl.preferences.build import judge_of, save_nets
    from vlmrl.preferences.offline import Notebook
    from vlmrl.rewards.preference import Preference
    from vlmrl.types import Words

    assert settings.out is not None
    model = rewards.load(settings.reward.name, encoder, **settings.reward.keywords)
    assert isinstance(model, Preference)
    judge_of(model, truth=True)  # whatever is wrong with it is said before any frame is drawn
    place = _out.place(settings.out)
    films = films_of(settings.data, encoder, look, _out.say)
    data = Data(settings.data, films, look, settings.seed)
    words = Words(tuple(data.task.goal), tuple(data.task.baseline), tuple(data.task.negative))
    about = f"{settings.reward} {films.fingerprint} {encoder.fingerprint} {look} {words} {settings.seed}"
    notebook = Notebook(place.with_suffix(".training"), about)
    learner = compared(model, data, words, notebook, _out.say)
    table = measured(model.nets, data)
    _out.table(table)
    save_nets(place, model, words)
    notebook.forget()
    used = f"reward.judge=null reward.nets={settings.out} uses them as they are"
    _out.say(f"{settings.out}: nets that learned from {len(learner.labels)} answers; {used}")
    return table, {"reward": settings.reward.name, "told": learner.told}


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
