"""Who takes part in a benchmark, from names on the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from vlmrl import encoders, rewards
from vlmrl.cli._own import OWN, load
from vlmrl.config.parts import part
from vlmrl.encoders.base import Encoder
from vlmrl.envs.make import find_task
from vlmrl.envs.task import Task
from vlmrl.errors import ConfigError, UnknownName
from vlmrl.find import names
from vlmrl.judge.bench.entry import Entry, WordsOf, of_function, of_model, of_pictures
from vlmrl.judge.bench.tracks import PLANNED, of_tracks
from vlmrl.judge.pictures import with_pictures
from vlmrl.metrics.board import Contender
from vlmrl.rewards.base import ClipReward, HistoryReward, RewardModel
from vlmrl.scoring.remembered import Remembered
from vlmrl.types import Words

SHIPPED = "shipped"
"""The tasks' own sentences."""
PICTURES = "drawn pictures"
"""Instead of sentences: the tasks' own states, which the simulator knows."""


def entries(asked: str, encoder_names: str, prompts: str) -> list[Entry]:
    """Every reward with every encoder and every set of sentences.

    Args:
        asked: names with commas between, each with settings of its own after a colon; ``all`` that need no endpoint
            and no lessons; or ``FILE.py:FUNCTION``.
        encoder_names: names with commas between.
        prompts: ``shipped`` and YAML files, with commas between.

    Raises:
        ConfigError: an unknown name or setting, a file that cannot be read, or the same twice.
    """
    every = (name for name in names("reward") if not _needs_more(part("reward", name)))
    wanted = tuple(every) if asked == "all" else tuple(asked.split(","))
    own = [_own(one) for one in wanted if OWN.fullmatch(one)]
    models = [one for one in wanted if not OWN.fullmatch(one)]
    sets = dict(_prompts(prompts)) if models else {}
    found: list[Entry] = []
    for name in encoder_names.split(",") if models else ():
        encoder = encoders.load(name)
        found += _of(models, name, encoder, sets)
    found += own
    twice = [one for one in found if [other.contender for other in found].count(one.contender) > 1]
    if twice:
        raise ConfigError(
            f"rewards={asked}: {twice[0].contender.reward} is there twice with the same encoder and words"
        )
    return found


def settings_of(reward: str) -> tuple[str, dict[str, Any]]:
    """Name and settings of ``goal_baseline:alpha=0:min_distance=0.1``.

    Raises:
        ConfigError: what follows a colon is no setting.
    """
    name, *given = reward.split(":")
    settings = {}
    for one in given:
        key, equals, value = one.partition("=")
        if not equals:
            raise ConfigError(f"rewards={reward}: {one!r} is no setting; write {name}:alpha=0.5")
        settings[key] = yaml.safe_load(value)
    return name, settings


def _needs_more(kind: type[RewardModel]) -> bool:
    return kind.needs_endpoint or kind.needs_training or kind.learns


def _of(models: list[str], name: str, encoder: Encoder, sets: Mapping[str, WordsOf]) -> Iterator[Entry]:
    remembered = Remembered(encoder)
    for reward in models:
        model, settings = settings_of(reward)
        if part("reward", model).takes == "track":
            planned = PLANNED if part("reward", model).planner == "geometry" else SHIPPED
            yield of_tracks(Contender(reward, name, planned), _model(model, settings, encoder), model, settings)
            continue
        drawn = part("reward", model).missing_pictures(settings)  # an unknown name before any frame is drawn
        if drawn:
            show = partial(_shown, model, settings, encoder.image_size)
            kind = part("reward", model)
            whole = issubclass(kind, ClipReward | HistoryReward)
            asked = sets if kind.reads_words else {PICTURES: lambda task: task.words}
            for label, words in asked.items():
                told = label if set(drawn.values()) == {"random"} or label == PICTURES else f"{label}, {PICTURES}"
                yield of_pictures(Contender(reward, name, told), show, encoder, remembered, words, whole)
            continue
        make = partial(_model, model, settings)
        for label, words in sets.items():
            yield of_model(Contender(reward, name, label), make, encoder, remembered, words)


def _model(name: str, settings: dict[str, Any], encoder: Encoder) -> Any:
    return rewards.taught(name, encoder, **settings)


def _shown(name: str, settings: dict[str, Any], size: tuple[int, int], task: Task) -> Callable[[Encoder], RewardModel]:
    return partial(_model, name, with_pictures(name, settings, task, size))


def _own(text: str) -> Entry:
    place, _, name = text.rpartition(":")
    path = Path(place)
    return of_function(Contender(f"{path.name}:{name}"), load(path, name), path.read_bytes())


def _prompts(asked: str) -> Iterator[tuple[str, WordsOf]]:
    for one in asked.split(","):
        if one == SHIPPED:
            yield one, lambda task: task.words
        elif one.endswith((".yaml", ".yml")):
            yield from _written(Path(one))
        else:
            raise UnknownName("prompts", one, [SHIPPED, "FILE.yaml"])


def _written(path: Path) -> Iterator[tuple[str, WordsOf]]:
    """Sets of sentences from a file: ``{name of the set: {task: {goal: …, baseline: …, negative: …}}}``."""
    try:
        body = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as cause:
        raise ConfigError(f"prompts={path}: cannot be read ({cause})") from cause
    if not isinstance(body, dict) or not all(isinstance(one, dict) for one in body.values()):
        raise ConfigError(f"prompts={path}: must hold {{SET: {{TASK: {{goal: …, baseline: …}}}}}}")
    for label, tasks in body.items():
        words = {name: _words(path, name, said) for name, said in tasks.items()}
        yield str(label), partial(_of_task, words)


def _of_task(words: Mapping[str, Words], task: Task) -> Words | None:
    return words.get(task.name)


def _words(path: Path, name: str, said: Any) -> Words:
    task = find_task(name)
    sides = ("goal", "baseline", "negative")
    if not isinstance(said, dict) or set(said) - set(sides):
        raise ConfigError(f"prompts={path}: {name} must have goal, baseline or negative, got {said!r}")
    given = [(said[side],) if isinstance(said.get(side), str) else tuple(said.get(side, ())) for side in sides]
    return Words.over(task.words, *given)
