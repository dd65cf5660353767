"""Scores of what a gauge read: nothing to batch, to hash or to remember, for the numbers are there already."""

from __future__ import annotations

import time
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vlmrl.errors import Abstained, ShapeError
from vlmrl.rewards.base import RewardModel, Takes, TrackReward
from vlmrl.scoring.clips import ClipScorer, scorer_for
from vlmrl.scoring.histories import HistoryScorer
from vlmrl.scoring.scorer import Scorer
from vlmrl.types import Array, Words


class TrackScorer:
    """Scores tracks as :class:`~vlmrl.scoring.scorer.Scorer` scores frames.

    Args:
        model: reads tracks.

    Attributes:
        frames_scored: rows scored so far.
        seconds: time spent in :meth:`frames` [s].
    """

    ahead = 0
    takes: Takes = "track"

    def __init__(self, model: TrackReward) -> None:
        self.model = model
        self.frames_scored = 0
        self.seconds = 0.0

    def frames(self, frames: Array, words: Words) -> NDArray[np.float32]:
        """Score rows float32 ``(B, W)``, or ``(T, N, W)``; float32 of their leading shape.

        Raises:
            ShapeError: rows of another width.
            Abstained: a row holds no number: nobody planned that episode.
        """
        start = time.perf_counter()
        tracks, width = np.asarray(frames), self.model.width
        if tracks.dtype != np.float32 or tracks.ndim not in (2, 3) or tracks.shape[-1] != width:
            found = f"{tracks.dtype} {tracks.shape}"
            raise ShapeError(f"tracks {found}: must be float32 (B, {width}), as the reward's own gauge reads them")
        if not np.isfinite(tracks).all():
            raise Abstained(f"reward={type(self.model).__name__}: a state's track holds no number, and is not paid")
        scores = self.model.score_tracks(tracks.reshape(-1, width)).reshape(tracks.shape[:-1])
        self.frames_scored += scores.size
        self.seconds += time.perf_counter() - start
        return scores


AnyScorer: TypeAlias = Scorer | ClipScorer | HistoryScorer | TrackScorer
"""What scores with a reward model, whatever it looks at."""


def scorer_of(model: RewardModel) -> AnyScorer:
    """The scorer of a reward model, whatever that looks at.

    Raises:
        ConfigError: it scores neither tracks nor frames nor clips nor episodes so far.
    """
    return TrackScorer(model) if isinstance(model, TrackReward) else scorer_for(model)
