"""A film of an episode that is over, from the very frames that were scored: evidence, not a prettier picture of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vlmrl.errors import ShapeError
from vlmrl.types import Array
from vlmrl.video.film import Film
from vlmrl.video.overlay import Numbers, Panel, side_by_side
from vlmrl.video.record import FILM_FPS

SIDE = 320
"""Small frames are shown as blocks of whole pixels, until the shorter side has about as many."""
MOST = 900
"""Pictures in a film: half a minute. Of a longer episode not every state is shown."""


def replay(path: Path, frames: Array, numbers: Numbers, caption: str, title: str, note: str, fps: float) -> None:
    """Write the film of an episode with its numbers, as the reward saw it.

    Args:
        path: ends in ``.mp4`` or ``.gif``.
        frames: uint8 ``(T, H, W, 3)``, the frames that were scored.
        numbers: of the same T states.
        caption: who acts.
        title: what was asked for.
        note: a line in grey under it.
        fps: states a second in which time goes by as it does.

    Raises:
        ShapeError: no frame, or another number of them than of numbers.
        RunError: it cannot be written; nothing is left behind.
    """
    if len(frames) != numbers.steps or not len(frames):
        raise ShapeError(
            f"frames: {len(frames)} for {numbers.steps} numbers; a film needs one for each, and at least one"
        )
    every = max(1, round(fps / FILM_FPS), -(-len(frames) // MOST))
    times = max(1, round(SIDE / min(frames.shape[1:3])))
    size = (times * frames.shape[1], times * frames.shape[2])
    panel = Panel(caption, "as the reward saw it", numbers, size)
    shown = sorted({*range(0, len(frames), every), len(frames) - 1})
    with Film(path, max(1.0, fps / every)) as film:
        for index in shown:
            picture = np.repeat(np.repeat(frames[index], times, 0), times, 1)
            film.write(side_by_side([panel.at(picture, index)], title, note))
