"""Frames of episodes that are scored as a whole, once they are over; the counterpart of frames scored one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlmrl.agents.deferred.held import HeldFrames, Place, check_size
from vlmrl.errors import ConfigError
from vlmrl.wrappers.scores import CheckedScores, check_frame

MOST_BYTES = 4 * 2**30
"""Of frames of unfinished episodes: more is told before it becomes the machine's memory."""


class HeldEpisodes(HeldFrames):
    """Collects the frames of each environment's episode until it ends; its last one then gets the episode's score.

    All others are worth 0, and that is known at once. So a step that was paid is never paid otherwise later: an episode
    may begin in one rollout and end in another.

    Args:
        scores: who scores episodes.
        capacity: frames of ended episodes that wait for their score at once.
    """

    def __init__(self, scores: CheckedScores, capacity: int) -> None:
        super().__init__(scores, capacity)
        self._open: dict[int, list[NDArray[np.uint8]]] = {}
        self._ended: list[tuple[NDArray[np.uint8], str, Place]] = []
        self._bytes = 0  # of the open ones
        self._size: tuple[int, ...] | None = None

    def __len__(self) -> int:
        return sum(len(clip) for clip, _, _ in self._ended)

    def add(self, frame: Any, origin: str, *places: Place) -> None:
        """Copy one uint8 ``(H, W, 3)`` frame of the environment whose places these are; errors as for single frames."""
        checked = check_frame(frame, origin)
        self._size = self._size or checked.shape
        check_size(checked, self._size, origin)
        self._open.setdefault(places[0][1], []).append(checked.copy())
        self._bytes += checked.nbytes
        if self._bytes > MOST_BYTES:
            raise ConfigError(
                f"reward: scores whole episodes, and those under way hold {self._bytes / 2**30:.0f} GiB of frames; "
                "take fewer environments (agent.n_envs), smaller frames (render.size) or fewer of them (scoring.every)"
            )
        for array, index in places:
            array[index] = 0.0

    def end(self, origin: str, place: Place) -> None:
        """The last frame that was added ended its environment's episode; its score goes to ``place``."""
        clip = np.stack(self._open.pop(place[1]))
        self._bytes -= clip.nbytes
        self._ended.append((clip, origin, place))

    def score(self) -> None:
        """Score the episodes that ended, and forget their frames.

        Raises:
            ShapeError: the scorer gave another number of scores than of episodes.
            Abstained: a score is no finite number. The episodes stay held.
        """
        if not self._ended:
            return
        scores = self.scores.clips([clip for clip, _, _ in self._ended], [origin for _, origin, _ in self._ended])
        for value, (_, _, (array, index)) in zip(scores, self._ended, strict=True):
            array[index] = value
        self._ended.clear()

    def forget(self) -> None:
        """Drop the episodes that ended."""
        self._ended.clear()
