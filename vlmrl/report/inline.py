"""Pictures and films that stand inside a page, so that it needs nothing beside itself."""

from __future__ import annotations

import base64
import io
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from vlmrl.types import Array
from vlmrl.video.film import Film

TYPES = {".mp4": "video/mp4", ".gif": "image/gif", ".png": "image/png"}


def data_uri(content: bytes, ending: str) -> str:
    """A file's content as an address that holds it; ``ending`` is its name's."""
    return f"data:{TYPES[ending]};base64,{base64.b64encode(content).decode('ascii')}"


def png(picture: Array, smallest: bool = True) -> str:
    """A picture, uint8 ``(H, W, 3)`` or with opacity ``(H, W, 4)``, as the address of a PNG; fewest bytes take time."""
    sheet = io.BytesIO()
    Image.fromarray(picture).save(sheet, "PNG", optimize=smallest)
    return data_uri(sheet.getvalue(), ".png")


def film(frames: Iterable[Array], fps: float) -> str:
    """Frames uint8 ``(H, W, 3)`` of one size as the address of an mp4 in which any frame is found at once.

    Raises:
        ShapeError: no frame.
        RunError: ffmpeg cannot write it.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        with Film(path, fps, seekable=True) as written:
            for frame in frames:
                written.write(frame)
        return data_uri(path.read_bytes(), path.suffix)


def within(picture: Array, side: int) -> Array:
    """A uint8 ``(H, W, 3)`` picture whose longer side has at most so many pixels, shrunk if it has more."""
    size = size_within(picture.shape, side)
    if size == (picture.shape[1], picture.shape[0]):
        return picture
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


def size_within(shape: Sequence[int], side: int) -> tuple[int, int]:
    """Width and height of a picture of this ``(H, W, ...)`` brought within so many pixels a side."""
    share = min(1.0, side / max(shape[:2]))
    return max(1, round(shape[1] * share)), max(1, round(shape[0] * share))
