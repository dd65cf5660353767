"""A curve that grows with the film: what the reward said so far, where in the episode we are, and when it was done."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from vlmrl.errors import ShapeError
from vlmrl.types import Array
from vlmrl.video.palette import DONE, LINE, PAPER

FINE = 3
"""Drawn this many times larger and then shrunk, for Pillow's lines have stairs."""


class Curve:
    """One episode's numbers as a strip: what is still to come in grey, what has been in colour.

    Everything is drawn once; a frame of the film only moves the border between the two.

    Args:
        values: floats ``(T,)``, one a state, T at least 1, finite.
        done: bool ``(T,)``, states in which the task is done, marked by a bar at the foot; or None.
        size: ``(height, width)`` of the strip in pixels.
        bounds: ``(low, high)`` of the vertical axis; the same for curves that are compared.
        steps: states that the full width stands for, at least T; None for T.
        colour: of the curve.

    Raises:
        ShapeError: no value, or ``done`` of another length.
    """

    def __init__(
        self,
        values: Array,
        done: Array | None,
        size: tuple[int, int],
        bounds: tuple[float, float],
        steps: int | None = None,
        *,
        colour: str,
    ) -> None:
        if values.ndim != 1 or len(values) == 0 or (done is not None and len(done) != len(values)):
            shape = None if done is None else done.shape
            raise ShapeError(f"values {values.shape}, done {shape}: must be (T,) each, T at least 1")
        height, width = size
        self._size = (width, height)
        self._bar = max(4, height // 12)
        across = np.arange(len(values)) / max(1, (steps or len(values)) - 1)
        low, high = bounds
        up = np.clip((values - low) / (high - low if high > low else 1.0), 0, 1)
        foot, room = self._bar + 5, max(3, height // 14)
        self._x = room + across * (width - 2 * room)
        self._y = room + (1 - up) * (height - foot - 2 * room)
        self._colour = colour
        self._ahead = self._drawn(LINE, None)
        self._behind = self._drawn(colour, done)

    def at(self, index: int) -> Image.Image:
        """The strip when state ``index`` is on show: an RGB image of the strip's size."""
        index = min(index, len(self._x) - 1)
        strip = self._ahead.copy()
        now = float(self._x[index])
        strip.paste(self._behind.crop((0, 0, round(now) + 1, self._size[1])), (0, 0))
        dot = Image.new("L", (9 * FINE, 9 * FINE), 0)
        ImageDraw.Draw(dot).ellipse((0, 0, 9 * FINE - 1, 9 * FINE - 1), fill=255)
        dot = dot.resize((9, 9), Image.Resampling.LANCZOS)
        strip.paste(self._colour, (round(now) - 4, round(float(self._y[index])) - 4), dot)
        return strip

    def _drawn(self, colour: str, done: Array | None) -> Image.Image:
        width, height = self._size
        sheet = Image.new("RGB", (width * FINE, height * FINE), PAPER)
        draw = ImageDraw.Draw(sheet)
        foot = (height - self._bar / 2 - 1) * FINE
        draw.line((self._x[0] * FINE, foot, (width - self._x[0]) * FINE, foot), fill=LINE, width=FINE)
        for start, end in runs(done) if done is not None else ():
            left = float(self._x[max(0, start - 1)]) if start else float(self._x[0])
            top = (height - self._bar) * FINE
            draw.rectangle((left * FINE, top, float(self._x[end - 1]) * FINE, height * FINE - FINE), fill=DONE)
        points = [(x * FINE, y * FINE) for x, y in zip(self._x.tolist(), self._y.tolist(), strict=True)]
        if len(points) > 1:
            draw.line(points, fill=colour, width=2 * FINE, joint="curve")
        return sheet.resize((width, height), Image.Resampling.LANCZOS)


def runs(mask: Array) -> list[tuple[int, int]]:
    """Where ``mask`` is true, as ``[start, end)`` pairs."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], np.asarray(mask, dtype=bool), [False]]).astype(int)))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]
