"""Episodes so far to numbers: what the scorer of frames is for rewards that read single ones."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from vlmrl.errors import Abstained, ConfigError, ShapeError
from vlmrl.rewards.base import Cadence, HistoryReward, RewardModel, Takes
from vlmrl.scoring.remembered import FrameRows
from vlmrl.scoring.turns import Turns
from vlmrl.types import Array, Frames, Words

KEPT = 2**28
"""Bytes of rows that are remembered by their frames."""
WIDEST = 4096
"""Numbers of a row, at most, by which that many bytes are counted before any row was seen."""


class HistoryScorer:
    """Scores frames by the episodes that they belong to, each different frame looked at once.

    It keeps no episode itself: who has one under way keeps the rows that :meth:`look` gave, and hands them back.
    Threads may share it; one call waits for the other.

    Args:
        model: reads episodes so far.

    Attributes:
        takes: ``history``, by which whoever is handed a scorer tells it from one of frames.
        cadence: ``step``: each frame has a number.
        ahead: 0: frames are worth nothing before those that came earlier.
        frames_scored: frames that got a number.
        seconds: time spent in it [s].

    Raises:
        ConfigError: a model that does not read episodes so far.
    """

    takes: Takes = "history"
    cadence: Cadence = "step"
    ahead = 0

    def __init__(self, model: RewardModel) -> None:
        if not isinstance(model, HistoryReward):
            raise ConfigError(
                f"reward={type(model).__name__}: does not read an episode's frames so far; take a HistoryReward"
            )
        self.model: HistoryReward = model
        self.frames_scored = 0
        self.seconds = 0.0
        self._rows = FrameRows(self._looked, KEPT // (4 * WIDEST))
        self._turns = Turns()

    def look(self, frames: Frames) -> NDArray[np.float32]:
        """What is kept of uint8 ``(B, H, W, 3)`` frames: float32 ``(B, D)``, a row for each.

        Raises:
            ShapeError: frames that are not uint8 or of another shape.
            ConfigError: frames of another size than the model can read.
        """
        with self._turns:
            start = time.perf_counter()
            rows = self._rows(frames).detach().to("cpu", torch.float32).numpy()
            self.seconds += time.perf_counter() - start
        return rows

    def histories(self, seen: Sequence[NDArray[np.float32]], since: Sequence[int], words: Words) -> NDArray[np.float32]:
        """Score the last frames of some episodes.

        Args:
            seen: of each the rows ``(T, D)`` of all its frames so far, the first one included.
            since: of each the first frame that is wanted, from 0 to T.
            words: one set for all.

        Returns:
            float32 ``(sum of T - since,)``, episode by episode.

        Raises:
            ShapeError: not one ``since`` an episode, or one beyond its frames.
            ConfigError: words that the model refuses.
            Abstained: the model gave no number for a frame.
        """
        if len(seen) != len(since) or any(not 0 <= at <= len(rows) for rows, at in zip(seen, since, strict=False)):
            raise ShapeError(f"since={list(since)}: must be one from 0 to T for each of {len(seen)} episodes")
        wanted = sum(map(len, seen)) - sum(since)
        with self._turns:
            start = time.perf_counter()
            self.model.check(words)
            device = self.model.encoder.device
            given = [torch.from_numpy(np.ascontiguousarray(rows)).to(device) for rows in seen]
            found = self.model.score_seen(given, since, words).detach().to("cpu", torch.float32).numpy()
            self.seconds += time.perf_counter() - start
        name = type(self.model).__name__
        if found.shape != (wanted,):
            raise ShapeError(f"reward={name}: gave scores {found.shape} for {wanted} frames; must be ({wanted},)")
        if not np.isfinite(found).all():
            raise Abstained(f"reward={name}: gave no number for {int((~np.isfinite(found)).sum())} of {wanted} frames")
        self.frames_scored += wanted
        return found

    def so_far(self, clip: NDArray[np.uint8] | Array, words: Words) -> NDArray[np.float32]:
        """The number of each frame of a clip uint8 ``(T, H, W, 3)`` by those before it: float32 ``(T,)``."""
        return self.histories([self.look(clip)], [0], words)

    def _looked(self, frames: torch.Tensor) -> torch.Tensor:
        """Rows of frames, as many at a time as the encoder reads at once."""
        parts = [self.model.look(some) for some in frames.split(self.model.encoder.batch_size)]
        return torch.cat(parts) if parts else self.model.look(frames)
