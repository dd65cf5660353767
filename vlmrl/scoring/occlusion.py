"""Which part of a picture carries its score: cover it piece by piece, and see what is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from vlmrl.errors import ConfigError, ShapeError
from vlmrl.types import Array

MOST_BYTES = 2**28
"""Of covered copies at a time: those of a large photograph are scored in parts."""


def occlusion_map(
    frame: Array, score: Callable[[Array], Array], places: int = 12, patch: float = 0.2
) -> NDArray[np.float32]:
    """How much of the score is lost where the picture is covered (Zeiler and Fergus, ECCV 2014, arXiv 1311.2901).

    A patch goes over the picture, and every covered copy is scored as the picture itself was; nothing is asked of the
    model but scores. The patch shows the picture itself, blurred until nothing of the patch's size can be made out: a
    grey square would be a new thing in the picture, and score for itself.

    Args:
        frame: uint8 ``(H, W, 3)``.
        score: from frames uint8 ``(B, H, W, 3)`` to ``(B,)`` numbers.
        places: of the patch along each side; ``places ** 2 + 1`` frames are scored.
        patch: its side as a share of the picture's, in (0, 1).

    Returns:
        float32 ``(H, W)`` in the score's own unit: at each pixel the mean drop over all patches that cover it. Above 0
        the pixel speaks for the score, below 0 against it.

    Raises:
        ShapeError: no single picture.
        ConfigError: a patch that is no share, or too few places for it to reach every pixel.
    """
    if frame.ndim != 3 or frame.shape[-1] != 3 or frame.dtype != np.uint8:
        raise ShapeError(f"frame {frame.dtype} {frame.shape}: must be one picture, uint8 (H, W, 3)")
    if not 0 < patch < 1 or places * patch < 1:
        raise ConfigError(f"places={places}, patch={patch}: must cover the picture; give a share, and 1 / share places")
    windows = list(_windows(frame.shape[:2], places, patch))
    together = max(1, MOST_BYTES // frame.nbytes)
    blurred = _blurred(frame, patch)
    before = float(np.asarray(score(frame[None]))[0])
    lost, seen = np.zeros(frame.shape[:2]), np.zeros(frame.shape[:2])
    for start in range(0, len(windows), together):
        some = windows[start : start + together]
        copies = np.repeat(frame[None], len(some), axis=0)
        for copy, window in zip(copies, some, strict=True):
            copy[window] = blurred[window]
        for after, window in zip(np.asarray(score(copies)).tolist(), some, strict=True):
            lost[window] += before - after
            seen[window] += 1
    return (lost / seen).astype(np.float32)


def _windows(size: tuple[int, ...], places: int, patch: float) -> Iterator[tuple[slice, slice]]:
    """Where the patch stands, row by row, from edge to edge."""
    sides = []
    for length in size:
        wide = max(1, int(np.ceil(length * patch)))
        sides.append([slice(start, start + wide) for start in _starts(length - wide, places)])
    for down in sides[0]:
        for across in sides[1]:
            yield down, across


def _starts(last: int, places: int) -> list[int]:
    return [int(start) for start in np.linspace(0, last, places).round()]


def _blurred(frame: Array, patch: float) -> Array:
    """The picture without anything that a patch could hide."""
    radius = patch * max(frame.shape[:2]) / 2
    return np.asarray(Image.fromarray(frame).filter(ImageFilter.GaussianBlur(radius)))
