"""Frames of a single colour: no reward can be read from them, so nobody should train on them unawares."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from vlmrl.errors import RenderError


class BlankCheck:
    """Looks at every frame that somebody draws: refuses a blank first one, and warns once of a later one."""

    def __init__(self) -> None:
        self._began = self._warned = False

    def __call__(self, frames: NDArray[np.uint8], whose: Callable[[int], str]) -> None:
        """Check frames, uint8 ``(B, H, W, 3)``.

        Args:
            frames: just drawn.
            whose: names the environment of a row.

        Raises:
            RenderError: the first frame ever is of a single colour.
        """
        if self._warned:
            return
        pixels = frames.reshape(len(frames), -1)
        blank = np.flatnonzero(pixels.min(axis=1) == pixels.max(axis=1))
        if not self._began and 0 in blank:
            raise RenderError(f"{whose(0)}: its first frame is one colour all over; the camera sees nothing")
        self._began = True
        if len(blank):
            self._warned = True
            warnings.warn(
                f"{whose(int(blank[0]))}: a frame is one colour all over; the camera lost sight of all, or drawing "
                "failed, and scores of such frames mean nothing. Look at a film before you trust the run",
                stacklevel=3,
            )
