"""Pictures of kept episodes through a policy's cameras, drawn once and left beside the dataset."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from vlmrl.agents.vla.settings import Form
from vlmrl.config import atomic
from vlmrl.datasets.cameras import camera_of, label_of
from vlmrl.datasets.episode import Episode
from vlmrl.datasets.scene import Scene
from vlmrl.errors import RunError

FOLDER = "pictures"
"""Of a dataset's folder: a folder of it for each camera and size, a file in that for each episode."""


class Drawn:
    """Draws episodes of one dataset, or reads what was drawn before.

    Args:
        folder: the dataset's.
        scene: its task's.
        form: whose cameras, size and profile.
        say: tells the user where nothing can be kept.
    """

    def __init__(self, folder: Path, scene: Scene, form: Form, say: Callable[[str], object]) -> None:
        self._folder, self._scene, self._form, self._say = folder / FOLDER, scene, form, say
        self._keeps = True

    def of(self, episode: Episode, camera: str, count: int) -> NDArray[np.uint8]:
        """The first ``count`` states of an episode, uint8 ``(count, H, W, 3)``.

        Raises:
            ConfigError: the model has no such camera.
            RenderError: nothing can be drawn.
        """
        form = self._form
        kind = f"{label_of(camera)}-{form.size[0]}x{form.size[1]}-{form.profile}"
        path = self._folder / kind / f"{episode.digest}.npz"
        found = _read(path)
        if found is None or len(found) < count:
            view = camera_of(camera, self._scene.task)
            found = self._scene.frames(episode, view, form.size, form.profile, np.arange(count))
            self._keep(path, found)
        return found[:count]

    def _keep(self, path: Path, frames: NDArray[np.uint8]) -> None:
        if not self._keeps:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            atomic.write_arrays(path, {"frames": frames})
        except (OSError, RunError) as fault:
            self._keeps = False
            self._say(f"warning: {self._folder} cannot be written ({fault}); pictures are drawn anew each time")


def _read(path: Path) -> NDArray[np.uint8] | None:
    try:
        with np.load(path, allow_pickle=False) as file:
            return np.asarray(file["frames"], dtype=np.uint8)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
