"""Frames that are scored by those before them: of each environment's episode so far rows are kept, and no pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlmrl.agents.deferred.held import HeldFrames, Place
from vlmrl.errors import ConfigError
from vlmrl.wrappers.scores import CheckedScores

MOST_BYTES = 4 * 2**30
"""Of rows of unfinished episodes: more is told before it becomes the machine's memory."""


class HeldHistories(HeldFrames):
    """Collects frames for one batch; each is scored as the newest of its environment's episode so far.

    An episode may begin in one rollout and end in another: what is kept of its earlier frames waits for the next
    batch, and is forgotten when it ends.

    Args:
        scores: who scores them.
        capacity: most frames held at once.
    """

    def __init__(self, scores: CheckedScores, capacity: int) -> None:
        super().__init__(scores, capacity)
        self._seen: dict[int, NDArray[np.float32]] = {}  # by environment: rows of the episode under way
        self._episode: dict[int, int] = {}  # by environment: its number
        self._whose: list[tuple[int, int]] = []  # environment and episode of each held frame

    def add(self, frame: Any, origin: str, *places: Place) -> None:
        """Copy one uint8 ``(H, W, 3)`` frame of the environment whose places these are; errors as for single frames."""
        super().add(frame, origin, *places)
        env = places[0][1]
        self._whose.append((env, self._episode.setdefault(env, 0)))

    def end(self, origin: str, place: Place) -> None:
        """The last frame that was added for ``place`` ended an episode: the next one begins another."""
        self._episode[place[1]] += 1

    def score(self) -> None:
        """Score all held frames, write the scores to their places, and forget the frames, not what was seen in them.

        Raises:
            ShapeError: the scorer gave another number of scores than of frames.
            Abstained: a score is no finite number. The frames stay held.
            ConfigError: the episodes under way take more memory than they should.
        """
        if self._block is None or not self._places:
            return
        rows = self.scores.look(self._block[: len(self)])
        held: dict[tuple[int, int], list[int]] = {}
        for at, whose in enumerate(self._whose):
            held.setdefault(whose, []).append(at)
        seen, since = [], []
        for (env, episode), places in held.items():
            before = self._seen.get(env) if episode == self._first(env) else None
            since.append(0 if before is None else len(before))
            seen.append(rows[places] if before is None else np.concatenate([before, rows[places]]))
        order = [at for places in held.values() for at in places]
        scores = self.scores.histories(seen, since, [self._origins[at] for at in order])
        for at, value in zip(order, scores, strict=True):
            for array, index in self._places[at]:
                array[index] = value
        for (env, episode), so_far in zip(held, seen, strict=True):
            if episode == self._episode[env]:
                self._seen[env] = so_far
            else:
                self._seen.pop(env, None)
        self._check_memory()
        self.forget()

    def forget(self) -> None:
        """Drop the held frames; what was seen of episodes under way stays."""
        super().forget()
        self._whose.clear()

    def _first(self, env: int) -> int:
        """The first episode of an environment among the held frames: it may have begun in an earlier batch."""
        return next(episode for one, episode in self._whose if one == env)

    def _check_memory(self) -> None:
        held = sum(rows.nbytes for rows in self._seen.values())
        if held > MOST_BYTES:
            raise ConfigError(
                f"reward: reads episodes from their first frame on, and those under way hold {held / 2**30:.0f} GiB; "
                "take fewer environments (agent.n_envs) or fewer frames (scoring.every)"
            )
