"""Datasets in LeRobot's format read back without LeRobot, one episode at a time: what is broken has a number."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlmrl.datasets.lerobot import EPISODES, INFO, arrow
from vlmrl.errors import RunError
from vlmrl.types import Array


class LeRobotFiles:
    """The rows and films of a LeRobot dataset, version 3.

    Args:
        folder: its root.

    Attributes:
        info: ``meta/info.json``.
        episodes: a mapping for each episode, as its table has it.

    Raises:
        ConfigError: pyarrow is not installed.
        RunError: there is no such dataset, or its tables are broken.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        pa, self._pq = arrow()
        self._errors = (OSError, ValueError, KeyError, UserWarning, pa.ArrowException)
        try:
            self.info: dict[str, Any] = json.loads((folder / INFO).read_text(encoding="utf-8"))
            paths = sorted((folder / EPISODES).parents[1].glob("*/*.parquet"))
            self.episodes: list[dict[str, Any]] = [
                row for path in paths for row in self._pq.read_table(path).to_pylist()
            ]
            missing = set(range(int(self.info["total_episodes"]))) - {row["episode_index"] for row in self.episodes}
        except self._errors as cause:
            raise RunError(
                f"dataset={folder}: {INFO} or meta/episodes cannot be read ({cause}); fetch it anew"
            ) from cause
        if missing:
            raise RunError(f"dataset={folder}: meta/episodes lacks episode {min(missing)}; fetch it anew")

    def __len__(self) -> int:
        """Episodes."""
        return len(self.episodes)

    @property
    def cameras(self) -> tuple[str, ...]:
        """The keys of the films: ``observation.images.…``."""
        return tuple(name for name, told in self.info["features"].items() if told["dtype"] == "video")

    def rows(self, index: int) -> dict[str, Array]:
        """The columns of an episode, ``(T,)`` or ``(T, D)`` each.

        Raises:
            RunError: its file is broken; the message names both.
        """
        told = self.episodes[index]
        path = self.info["data_path"].format(chunk_index=told["data/chunk_index"], file_index=told["data/file_index"])
        try:
            table = self._pq.read_table(self.folder / path, filters=[("episode_index", "=", index)])
            found = {name: _numbers(table[name]) for name in table.column_names}
        except self._errors as cause:
            raise self._broken(index, path, str(cause)) from cause
        if len(table) != told["length"]:
            raise self._broken(index, path, f"has {len(table)} of its {told['length']} rows")
        return found

    def frames(self, index: int, camera: str) -> NDArray[np.uint8]:
        """The frames of an episode as its film shows them, uint8 ``(T, H, W, 3)``.

        Args:
            index: of the episode.
            camera: one of :attr:`cameras`.

        Raises:
            RunError: the film is broken; the message names episode and file.
        """
        told, steps = self.episodes[index], int(self.episodes[index]["length"])
        place = {name: told[f"videos/{camera}/{name}"] for name in ("chunk_index", "file_index")}
        path = self.info["video_path"].format(video_key=camera, **place)
        first = round(told[f"videos/{camera}/from_timestamp"] * self.info["fps"])
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", UserWarning)  # moviepy shows the last frame again where one is missing
                found = _film(self.folder / path, first, steps, float(self.info["fps"]))
        except self._errors as cause:
            raise self._broken(index, path, str(cause).strip().splitlines()[-1]) from cause
        return found

    def _broken(self, index: int, path: str, why: str) -> RunError:
        return RunError(
            f"dataset={self.folder}: episode {index} of {len(self)} is broken in {path} ({why}); fetch it anew"
        )


def _film(path: Path, first: int, steps: int, fps: float) -> NDArray[np.uint8]:
    """So many frames of a film from the ``first`` on."""
    from moviepy.video.io.ffmpeg_reader import FFMPEG_VideoReader

    reader: Any = FFMPEG_VideoReader(str(path))
    try:
        if reader.n_frames < first + steps:
            raise OSError(f"has {reader.n_frames} of its {first + steps} frames")
        if first:
            reader.initialize(first / fps)
        shown = np.empty((steps, *reader.last_read.shape), dtype=np.uint8)
        for at in range(steps):
            shown[at] = reader.last_read if at == 0 else reader.read_frame()
        return shown
    finally:
        reader.close()


def _numbers(column: Any) -> Array:
    whole = column.combine_chunks()
    if hasattr(whole, "flatten") and hasattr(whole.type, "list_size"):
        return np.asarray(whole.flatten().to_numpy(zero_copy_only=False)).reshape(len(column), -1)
    return np.asarray(whole.to_numpy(zero_copy_only=False))
