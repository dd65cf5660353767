"""Frames that wait for their score, in one bounded block of memory; a GPU scores the first while more are drawn."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vlmrl.errors import ShapeError
from vlmrl.wrappers.scores import CheckedScores

Place: TypeAlias = tuple[NDArray[np.float32], int]
"""An array and the index in it that a score goes to."""


class HeldFrames:
    """Collects frames for one batch, then writes each score where it belongs and forgets the frames.

    Where the scorer says how many frames it wants beforehand (``scores.ahead``), it gets them as soon as there are so
    many, in a thread of its own; the block bounds how many wait.

    Args:
        scores: who scores them.
        capacity: most frames held at once.
    """

    def __init__(self, scores: CheckedScores, capacity: int) -> None:
        self.scores, self.capacity = scores, capacity
        self._block: NDArray[Any] | None = None
        self._origins: list[str] = []
        self._places: list[tuple[Place, ...]] = []
        self._thread = ThreadPoolExecutor(1, "scorer") if scores.ahead else None
        self._sent: list[Future[NDArray[np.float32]]] = []
        self._handed_over = 0  # frames of the block that are with the thread

    def __len__(self) -> int:
        return len(self._places)

    def add(self, frame: Any, origin: str, *places: Place) -> None:
        """Copy one uint8 ``(H, W, 3)`` frame, or the row of a gauge; ``origin`` says where it came from.

        Raises:
            ConfigError: there is no frame.
            ShapeError: not such a frame, or of another size than the ones before.
        """
        checked = self.scores.look_at(frame, origin)
        if self._block is None:
            self._block = np.empty((self.capacity, *checked.shape), dtype=checked.dtype)
        check_size(checked, self._block.shape[1:], origin)
        self._block[len(self)] = checked
        self._origins.append(origin)
        self._places.append(places)
        if self._thread is not None and len(self) >= self._handed_over + self.scores.ahead:
            self._hand_over(self._thread, self._block)

    def end(self, origin: str, place: Place) -> None:
        """The last frame that was added for ``place`` ended an episode; nothing follows from it for single frames."""

    def _hand_over(self, thread: ThreadPoolExecutor, block: NDArray[Any]) -> None:
        """Have what came since the last time scored while others are drawn: nobody writes to those rows until then."""
        start, end = self._handed_over, len(self)
        self._sent.append(thread.submit(self.scores, block[start:end], self._origins[start:end]))
        self._handed_over = end

    def score(self) -> None:
        """Score all held frames, write the scores to their places, and forget the frames.

        Raises:
            ShapeError: the scorer gave another number of scores than of frames.
            Abstained: a score is no finite number. The frames stay held.
        """
        if self._block is None or not self._places:
            return
        if self._thread is None:
            scores = self.scores(self._block[: len(self)], self._origins)
        else:
            if self._handed_over < len(self):
                self._hand_over(self._thread, self._block)
            scores = self._waited_for()
        for value, places in zip(scores, self._places, strict=True):
            for array, index in places:
                array[index] = value
        self.forget()

    def _waited_for(self) -> NDArray[np.float32]:
        sent, self._sent, self._handed_over = self._sent, [], 0
        wait(sent)  # all of them, also where one fails: the block may be written to afterwards
        return np.concatenate([part.result() for part in sent])

    def forget(self) -> None:
        """Drop what is held."""
        self._origins.clear()
        self._places.clear()


def check_size(frame: NDArray[Any], size: tuple[int, ...], origin: str) -> None:
    """Refuse a frame of another size than the ones before.

    Raises:
        ShapeError: the message names both.
    """
    if frame.shape != size:
        raise ShapeError(
            f"info['frame'] of {origin}: is {frame.shape}, earlier ones were {size}; "
            "all environments must draw at one size"
        )
