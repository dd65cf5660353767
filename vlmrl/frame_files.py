"""Frames out of files: images, films, arrays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence, UnidentifiedImageError

from vlmrl.errors import ConfigError, ShapeError

TOGETHER = 256
"""Frames held in memory at a time, so that a long film needs no more than a short one."""

FILMS = (".mp4", ".avi", ".mkv", ".mov", ".webm", ".m4v")

USUAL = 30.0
"""Frames a second."""

Part = tuple[int, NDArray[np.uint8]]
"""Where the part begins in the file, and its frames, uint8 ``(B, H, W, 3)``."""


def read(path: Path, every: int = 1, key: str = "files") -> Iterator[Part]:
    """The frames of a file, :data:`TOGETHER` at a time.

    Args:
        path: an image, a film, or ``.npy`` with uint8 ``(H, W, 3)`` or ``(B, H, W, 3)``.
        every: take every so many frames, from the first on.
        key: what a message calls the file by.

    Raises:
        ConfigError: there is no such file, or it is damaged or of an unknown kind.
        ShapeError: an array that holds no frames.
    """
    if not path.is_file():
        raise ConfigError(f"{key}={path}: is no file; name a picture, a film or an .npy array of frames")
    try:
        frames = _array(path, key) if path.suffix == ".npy" else _film(path) if path.suffix in FILMS else _images(path)
        taken: list[NDArray[np.uint8]] = []
        start = 0
        for index, frame in enumerate(frames):
            if index % every == 0:
                taken.append(frame)
            if len(taken) == TOGETHER:
                yield start, np.stack(taken)
                taken, start = [], start + TOGETHER * every
        if taken:
            yield start, np.stack(taken)
    except (OSError, ValueError, UnidentifiedImageError, Image.DecompressionBombError) as cause:
        if isinstance(cause, ShapeError):
            raise
        raise ConfigError(f"{key}={path}: cannot be read as a picture, film or array: {cause}") from cause


def spread(
    path: Path, most_bytes: int = 256 * 2**20, most: int = 500, key: str = "files"
) -> dict[int, NDArray[np.uint8]]:
    """Frames spread evenly over a file, the first among them, by their place in it.

    Args:
        path: as for :func:`read`, whose errors it raises.
        most_bytes: memory for all of them; one frame is kept in any case.
        most: how many.
        key: what a message calls the file by.
    """
    kept: dict[int, NDArray[np.uint8]] = {}
    every = 1
    for start, part in read(path, key=key):
        for index, frame in enumerate(part, start):
            if index % every == 0:
                kept[index] = frame.copy()  # a view would keep its whole part
            while len(kept) > 1 and (len(kept) > most or len(kept) * frame.nbytes > most_bytes):
                every *= 2
                kept = {place: one for place, one in kept.items() if place % every == 0}
    return kept


def rate(path: Path) -> float:
    """Frames a second of a film or gif that :func:`read` can read; 30 where a file does not say."""
    if path.suffix in FILMS:
        from moviepy import VideoFileClip

        clip: Any = VideoFileClip(str(path), audio=False)
        clip.close()
        return float(clip.fps or USUAL)
    if path.suffix == ".npy":
        return USUAL
    with Image.open(path) as image:
        shown = float(image.info.get("duration", 0))  # milliseconds a frame; browsers too take 0 for "as usual"
    return 1000 / shown if shown > 0 else USUAL


def _array(path: Path, key: str) -> Iterator[NDArray[np.uint8]]:
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    if array.dtype != np.uint8 or array.ndim not in (3, 4) or array.shape[-1] != 3:
        raise ShapeError(f"{key}={path}: is {array.dtype} {array.shape}; frames are uint8 (H, W, 3) or (B, H, W, 3)")
    yield from array[None] if array.ndim == 3 else array


def _images(path: Path) -> Iterator[NDArray[np.uint8]]:
    with Image.open(path) as image:
        for page in ImageSequence.Iterator(image):  # one page, or the frames of a gif
            yield np.asarray(page.convert("RGB"))


def _film(path: Path) -> Iterator[NDArray[np.uint8]]:
    from moviepy import VideoFileClip

    clip: Any = VideoFileClip(str(path), audio=False)
    try:
        yield from clip.iter_frames(dtype="uint8")
    finally:
        clip.close()
