"""What verbs do with datasets: write a new one, open one that is there, in the format that it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol

from vlmrl.cli import _out
from vlmrl.config.atomic import write_text
from vlmrl.datasets import lerobot, minari
from vlmrl.datasets.cameras import camera_of, label_of
from vlmrl.datasets.episode import Episode
from vlmrl.datasets.folder import new_folder
from vlmrl.datasets.scene import Scene
from vlmrl.datasets.sheet import Sheet
from vlmrl.datasets.videos import write_videos
from vlmrl.envs.make import find_task
from vlmrl.envs.task import Camera, Task
from vlmrl.errors import ConfigError
from vlmrl.judge.recorded import Outcome, outcome_of
from vlmrl.types import Array

README = "README.md"

Form = Literal["minari", "lerobot"]


class Keep(Protocol):
    """Writes the episodes of a new dataset."""

    def __call__(self, episodes: Sequence[Episode], progress: Sequence[Array] | None = None) -> None:
        """Write them, with their progress ``(T + 1,)`` where LeRobot is told another than the oracle's."""


@contextmanager
def write(out: Path, form: Form, task: Task, cameras: str, size: tuple[int, int], command: str) -> Iterator[Keep]:
    """Open a new dataset, before anything is played; yields what writes the episodes into it.

    Raises:
        ConfigError: the folder is there already, there is no such camera, or a package is not installed.
        RunError: it cannot be written.
    """
    views = views_of(cameras, task)
    (minari if form == "minari" else lerobot).check_installed()
    with new_folder(out) as draft:

        def keep(episodes: Sequence[Episode], progress: Sequence[Array] | None = None) -> None:
            sheet = Sheet.of(task, episodes, command, dict.fromkeys(views, size))
            if form == "minari":
                minari.write(draft, task, episodes, sheet)
                write_videos(draft, task, episodes, views, size, sheet.fps, _out.say)
            else:
                lerobot.write(draft, task, episodes, sheet, views, progress, _out.say)
            write_text(draft / README, sheet.page((minari if form == "minari" else lerobot).READING))

        yield keep


def views_of(cameras: str, task: Task) -> dict[str, Camera]:
    """The cameras of a list with commas between, by their labels; of ``none`` there are none.

    Raises:
        ConfigError: the model has no such camera; the message names those that it has.
    """
    asked = [one.strip() for one in cameras.split(",") if one.strip() not in ("", "none")]
    found = {label_of(one): camera_of(one, task) for one in asked}
    if len(found) != len(asked):
        raise ConfigError(f"cameras={cameras}: two of them have the same name; give each once")
    with Scene(task) as scene:
        for name, camera in found.items():
            if camera.name is not None and camera.name not in scene.cameras:
                known = ", ".join(("task", "task:azimuth=45", *filter(None, scene.cameras)))
                raise ConfigError(f"camera={name}: {task.name} has no such camera; it has {known}")
    return found


def task_of(sheet: Sheet, other_version: bool) -> Task:
    """The task of a dataset as it is now, if it is what it was.

    Raises:
        UnknownName: there is no such task here.
        ConfigError: another version of task or simulator.
    """
    task = find_task(sheet.task)
    sheet.check(task, other_version)
    return task


def outcome(task: Task, episode: Episode) -> Outcome:
    """What came of an episode."""
    return outcome_of(episode.succeeded(task), episode.success[1:])
