"""Stages that somebody wrote down: ``stages.json`` in a dataset's folder, ``{"0": [12, 30], "1": [9, 27]}``.

By the episode's number the frames at which its second stage begins, its third, and so on; frame 0 is the start.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from vlmrl.errors import ConfigError
from vlmrl.rewards._taught.learned import Film

FILE = "stages.json"

Told: TypeAlias = dict[int, tuple[int, ...]]


def stages_of(folder: Path) -> Told:
    """What is written down of a dataset's episodes; nothing where the file is not there.

    Raises:
        ConfigError: the file cannot be read.
    """
    path = folder / FILE
    if not path.exists():
        return {}
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        told = {int(number): tuple(frames) for number, frames in body.items()}
    except (OSError, ValueError, AttributeError, TypeError) as cause:
        raise ConfigError(f'{path}: cannot be read ({cause}); must be like {{"0": [12, 30], "1": [9, 27]}}') from cause
    return told


def annotated(films: list[Film], told: Told, folder: Path) -> list[Film]:
    """The films of a dataset with their stages.

    Raises:
        ConfigError: stages of an episode that is not there, or such as do not rise up to where it was done.
    """
    beyond = [number for number in told if not 0 <= number < len(films)]
    if beyond:
        raise ConfigError(f"{folder / FILE}: episode {beyond[0]} is not there; the dataset has 0 to {len(films) - 1}")
    return [
        replace(film, stages=_checked(film, told[at], folder)) if at in told else film for at, film in enumerate(films)
    ]


def _checked(film: Film, starts: tuple[int, ...], folder: Path) -> tuple[int, ...]:
    last = film.end if film.succeeded else len(film) - 1
    if any(type(one) is not int for one in starts) or any(
        b <= a for a, b in zip((0, *starts), (*starts, last + 1), strict=True)
    ):
        raise ConfigError(
            f"{folder / FILE}: {film.name} has {list(starts)}; must be whole numbers that rise, from 1 to {last}"
            + (", the frame at which it is done" if film.succeeded else "")
        )
    return starts
