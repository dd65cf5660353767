"""Frames that wait for their score, in one bounded block of memory."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vlmrl.errors import ShapeError
from vlmrl.wrappers.scores import CheckedScores, check_frame

Place: TypeAlias = tuple[NDArray[np.float32], int]
"""An array and the index in it that a score goes to."""


class HeldFrames:
    """Collects frames for one batch, then writes each score where it belongs and forgets the frames.

    Args:
        scores: who scores them.
        capacity: most frames held at once.
    """

    def __init__(self, scores: CheckedScores, capacity: int) -> None:
        self.scores, self.capacity = scores, capacity
        self._block: NDArray[np.uint8] | None = None
        self._origins: list[str] = []
        self._places: list[tuple[Place, ...]] = []

    def __len__(self) -> int:
        return len(self._places)

    def add(self, frame: Any, origin: str, *places: Place) -> None:
        """Copy one uint8 ``(H, W, 3)`` frame; ``origin`` says where it came from.

        Raises:
            ConfigError: there is no frame.
            ShapeError: not such a frame, or of another size than the ones before.
        """
        checked = check_frame(frame, origin)
        if self._block is None:
            self._block = np.empty((self.capacity, *checked.shape), dtype=np.uint8)
        if checked.shape != self._block.shape[1:]:
            raise ShapeError(
                f"info['frame'] of {origin}: is {checked.shape}, earlier ones were {self._block.shape[1:]}; "
                "all environments must draw at one size"
            )
        self._block[len(self)] = checked
        self._origins.append(origin)
        self._places.append(places)

    def score(self) -> None:
        """Score all held frames in one call, write the scores to their places, and forget the frames.

        Raises:
            ShapeError: the scorer gave another number of scores than of frames.
            Abstained: a score is no finite number. The frames stay held.
        """
        if self._block is None or not self._places:
            return
        scores = self.scores(self._block[: len(self)], self._origins)
        for value, places in zip(scores, self._places, strict=True):
            for array, index in places:
                array[index] = value
        self.forget()

    def forget(self) -> None:
        """Drop what is held."""
        self._origins.clear()
        self._places.clear()
