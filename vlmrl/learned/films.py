"""Datasets as films of embeddings: every frame is drawn and embedded once, and kept beside the data.

A file an episode, named after what it depends on: encoder, camera, size, profile, and the episode itself. So whoever is
stopped goes on where he was, and nobody is given embeddings of something else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from vlmrl.config import atomic
from vlmrl.datasets.cameras import camera_of
from vlmrl.datasets.episode import Episode
from vlmrl.datasets.minari import Dataset
from vlmrl.datasets.scene import Scene
from vlmrl.encoders.base import Encoder
from vlmrl.envs.make import find_task
from vlmrl.envs.task import Camera, Task
from vlmrl.errors import ConfigError, RunError
from vlmrl.learned.stages import annotated, stages_of
from vlmrl.rewards._taught.learned import Film

EMBEDDINGS = "embeddings"
"""The folder in a dataset's own."""
FEWEST = 3
"""Frames of an episode: with fewer there is no order."""


@dataclass(frozen=True)
class Look:
    """How frames are drawn.

    Attributes:
        camera: as :func:`vlmrl.datasets.cameras.camera_of` reads it.
        size: ``(height, width)`` in pixels.
        other_version: go on though a dataset was made with another version of simulator or task.
    """

    camera: str
    size: tuple[int, int]
    other_version: bool = False


@dataclass(frozen=True)
class Films:
    """What datasets hold.

    Attributes:
        tasks: by which they were played, each once.
        views: of each task the camera, field by field, as JSON has it.
        films: every episode.
        fingerprint: a hash of all episodes and tasks.
    """

    tasks: tuple[Task, ...]
    views: tuple[dict[str, Any], ...]
    films: tuple[Film, ...]
    fingerprint: str


def films_of(
    folders: Sequence[Path], encoder: Encoder, look: Look, say: Callable[[str], object] = lambda line: None
) -> Films:
    """Draw and embed every state of every episode.

    Args:
        folders: of datasets that `vlmrl collect` wrote.
        encoder: embeds frames.
        look: how they are drawn.
        say: tells the user what is under way.

    Raises:
        RunError: there is no such dataset, or an episode of it is broken.
        ConfigError: no folder, another version of task or simulator, an episode of one step, no such camera, or a
            ``stages.json`` that does not fit.
    """
    if not folders:
        raise ConfigError("data: is missing; give folders that `vlmrl collect task=NAME out=FOLDER` wrote")
    tasks: dict[str, Task] = {}
    views: dict[str, dict[str, Any]] = {}
    films: list[Film] = []
    digests: list[str] = []
    for folder in folders:
        with Dataset(folder) as dataset:
            task = find_task(dataset.sheet.task)
            dataset.sheet.check(task, look.other_version)
            number = list(tasks).index(task.name) if task.name in tasks else len(tasks)
            camera = camera_of(look.camera, task)
            tasks[task.name], views[task.name] = task, json.loads(json.dumps(asdict(camera)))
            found, told = _read(dataset, task, camera, number, encoder, look, say)
        films += found
        digests += told
    fingerprint = hashlib.sha256(json.dumps([list(tasks), digests]).encode()).hexdigest()[:16]
    return Films(tuple(tasks.values()), tuple(views.values()), tuple(films), fingerprint)


def _read(
    dataset: Dataset,
    task: Task,
    camera: Camera,
    number: int,
    encoder: Encoder,
    look: Look,
    say: Callable[[str], object],
) -> tuple[list[Film], list[str]]:
    """The films of one dataset, and the digests of its episodes."""
    films: list[Film] = []
    digests, drawn = [], 0
    told = stages_of(dataset.folder)
    about = [encoder.fingerprint, task.name, task.version, asdict(camera), look.size, task.profile]
    with Scene(task) as scene:
        for index, episode in dataset.episodes():
            name = f"episode {index} of {dataset.folder}"
            if len(episode) + 1 < FEWEST:
                raise ConfigError(f"data: {name} has {len(episode)} step; an episode must have {FEWEST - 1} or more")
            digest = episode.digest
            key = hashlib.sha256(json.dumps([*about, digest]).encode()).hexdigest()[:20]
            path = dataset.folder / EMBEDDINGS / f"{key}.safetensors"
            seen = _kept(path, len(episode) + 1, encoder.dim)
            if seen is None:
                frames = scene.frames(episode, camera, look.size, task.profile)
                seen = encoder.images(frames).detach().cpu().float()
                _keep(path, seen)
                drawn += len(frames)
            films.append(_film(name, number, seen, episode, task))
            digests.append(digest)
    films = annotated(films, told, dataset.folder)
    digests += [json.dumps([number, *starts]) for number, starts in sorted(told.items())]
    say(f"{dataset.folder}: {len(films)} episodes of {task.name}, {drawn:,} frames drawn and embedded")
    return films, digests


def _film(name: str, number: int, seen: Tensor, episode: Episode, task: Task) -> Film:
    done, won = torch.from_numpy(episode.success.copy()), episode.succeeded(task)
    return Film(name, number, seen, done, won, trace=episode.trace(task.name))


def _kept(path: Path, length: int, dim: int) -> Tensor | None:
    """Embeddings that were kept, None where there are none or the file is damaged."""
    try:
        found = safetensors.torch.load(path.read_bytes())["seen"]
    except (OSError, KeyError, SafetensorError, ValueError):
        return None
    return found if found.shape == (length, dim) and found.dtype == torch.float32 else None


def _keep(path: Path, seen: Tensor) -> None:
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as cause:
        raise RunError(f"data={path.parents[1]}: embeddings cannot be kept in it ({cause.strerror})") from cause
    atomic.write_bytes(path, safetensors.torch.save({"seen": seen.contiguous()}))
