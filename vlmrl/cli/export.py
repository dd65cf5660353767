"""Turn a dataset into LeRobot's format, version 3, with films and the progress of every frame.

vlmrl export data/left out=data/lerobot                                the ground truth as progress
vlmrl export data/left out=data/lerobot progress=data/left/scores/clip what a reward said, from `vlmrl rescore`

LeRobot's RA-BC weighs what it clones by this progress; it lies where `lerobot-train` looks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import PositiveInt

from vlmrl.cli import _out
from vlmrl.cli._settings import Answer
from vlmrl.errors import ConfigError, RunError

if TYPE_CHECKING:
    from vlmrl.datasets.episode import Episode
    from vlmrl.types import Array

ORACLE = "oracle"


class ExportSettings(Answer):
    """Settings of ``vlmrl export``."""

    dataset: Path
    """The folder of a dataset that `vlmrl collect` wrote; an argument without = is it."""
    out: Path | None = None
    """The folder to write, which must be new."""
    progress: str = ORACLE
    """oracle, or a folder of scores that `vlmrl rescore` wrote: their 1st and 99th percentile become 0 and 1."""
    cameras: str = "task"
    """What to film, with commas between: task, cameras of the model, task:azimuth=45:distance=2; none films nothing."""
    size: tuple[PositiveInt, PositiveInt] = (128, 128)
    """[height, width] of the films in pixels."""
    skip_broken: bool = False
    """Leave out episodes that cannot be read, instead of stopping."""
    other_version: bool = False
    """Go on though the dataset was made with another version of simulator or task."""


SETTINGS = ExportSettings


def run(argv: Sequence[str]) -> int:
    """Run the verb."""
    from vlmrl.config.compose import compose

    settings = compose(argv, ExportSettings, positional="dataset")
    if settings.out is None:
        raise ConfigError("out: is missing; give out=FOLDER, which must be new")
    from vlmrl.cli._datasets import task_of, write
    from vlmrl.datasets.minari import Dataset

    with Dataset(settings.dataset) as dataset:
        task = task_of(dataset.sheet, settings.other_version)
        command = " ".join(["vlmrl", "export", *argv])
        place = _out.place(settings.out)
        with write(place, "lerobot", task, settings.cameras, settings.size, command) as keep:
            episodes = dict(dataset.episodes(settings.skip_broken, _out.say))
            keep(list(episodes.values()), _progress(settings.progress, episodes))
    frames = sum(len(one) for one in episodes.values())
    _out.say(f"{settings.out}: {len(episodes)} episodes, {frames} frames, progress by {settings.progress}")
    _out.write(settings.json, {"out": str(settings.out), "episodes": len(episodes), "frames": frames})
    return 0


def _progress(asked: str, episodes: dict[int, Episode]) -> list[Array] | None:
    if asked == ORACLE:
        return None
    from vlmrl.datasets.lerobot import unit_range
    from vlmrl.datasets.rescore import read

    scores: list[Array] = []
    for index, episode in episodes.items():
        found = read(Path(asked), index, episode)
        if found is None:
            raise RunError(f"progress={asked}: has no scores of episode {index}; `vlmrl rescore` goes on with them")
        scores.append(found)
    return list(unit_range(scores))
