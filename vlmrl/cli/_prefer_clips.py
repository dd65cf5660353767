"""Short films of a task to be compared: cut out of episodes, drawn twice, large for people and small for rewards."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vlmrl.config import atomic
from vlmrl.datasets.episode import Episode
from vlmrl.datasets.folder import new_folder
from vlmrl.datasets.scene import Scene
from vlmrl.envs.task import Task
from vlmrl.envs.task_env import TaskEnv
from vlmrl.errors import ConfigError
from vlmrl.types import Array
from vlmrl.video.film import Film

if TYPE_CHECKING:
    from vlmrl.cli._prefer_settings import PreferSettings

SHEET = "clips.json"
FILMS = "films"
LARGE = (240, 240)
"""Height and width of the films on the page in pixels."""
FASTEST = 25.0
"""Frames a second of a film; of a faster simulation some are left out."""


@dataclass(frozen=True)
class Clips:
    """Films in a folder.

    Attributes:
        folder: it holds ``clips.json`` and ``films/``: of each an ``.mp4`` for people and an ``.npy`` for rewards.
        goal: what is asked about.
        names: of the films, without their ending.
    """

    folder: Path
    goal: tuple[str, ...]
    names: tuple[str, ...]

    def frames_of(self, name: str) -> str:
        """Where the frames of a film lie, from the folder."""
        return f"{FILMS}/{name}.npy"

    def film_of(self, name: str) -> Path:
        """The film that people see."""
        return self.folder / FILMS / f"{name}.mp4"

    @classmethod
    def open(cls, folder: Path, task: Task, goal: Sequence[str]) -> Clips | None:
        """The films in a folder; None where there is none, or an empty one.

        Raises:
            ConfigError: it holds something else, films of another task or about another goal, or a film is missing.
        """
        if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
            return None
        try:
            about: Any = json.loads((folder / SHEET).read_text(encoding="utf-8"))
            found = cls(folder, tuple(about["goal"]), tuple(about["clips"]))
            told = (about["task"], about["version"])
        except (OSError, ValueError, KeyError, TypeError) as cause:
            raise ConfigError(f"out={folder}: holds no films of ours ({cause}); give a new folder") from None
        if told != (task.name, task.version) or found.goal != tuple(goal):
            raise ConfigError(
                f"out={folder}: holds films of {told[0]} (version {told[1]}) about {'; '.join(found.goal)!r}; give "
                "another folder, or that task and goal"
            )
        for name in found.names:
            for path in (found.film_of(name), folder / found.frames_of(name)):
                if not path.is_file():
                    raise ConfigError(f"out={folder}: {path.relative_to(folder)} is missing; give a new folder")
        return found

    @classmethod
    def make(
        cls, folder: Path, task: Task, goal: Sequence[str], episodes: Sequence[Episode], settings: PreferSettings
    ) -> Clips:
        """Cut films out of episodes, each in turn, and draw them; the folder appears whole or not at all.

        Raises:
            ConfigError: something is at ``folder``.
            RunError: it cannot be written.
        """
        rng = np.random.default_rng(settings.seed)
        with TaskEnv(task) as env:
            fps = float(env.metadata["render_fps"])
        names, rows = [], []
        if folder.is_dir():
            folder.rmdir()  # an empty one
        with new_folder(folder) as draft, Scene(task) as scene:
            (draft / FILMS).mkdir()
            for number in range(settings.clips):
                episode = episodes[number % len(episodes)]
                moments = _moments(episode, settings.seconds, fps, rng)
                name = f"{number:04d}"
                np.save(draft / FILMS / f"{name}.npy", scene.frames(episode, size=settings.size, moments=moments))
                with Film(draft / FILMS / f"{name}.mp4", fps / _stride(fps), seekable=True) as film:
                    for frame in scene.frames(episode, size=LARGE, profile="vlm", moments=moments):
                        film.write(frame)
                names.append(name)
                rows.append({"actor": episode.actor, "seed": episode.seed, "first": int(moments[0])})
            about = {"task": task.name, "version": task.version, "goal": list(goal), "clips": names, "from": rows}
            atomic.write_json(draft / SHEET, about)
        return cls(folder, tuple(goal), tuple(names))


def _stride(fps: float) -> int:
    return max(1, round(fps / FASTEST))


def _moments(episode: Episode, seconds: float, fps: float, rng: np.random.Generator) -> Array:
    """Which states of an episode make a film: so many seconds from anywhere, at least two."""
    length = min(len(episode) + 1, max(2, round(seconds * fps)))
    first = int(rng.integers(0, len(episode) + 2 - length))
    found: Array = np.arange(first, first + length, min(_stride(fps), length - 1))
    return found
