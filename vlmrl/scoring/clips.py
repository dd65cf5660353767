"""Whole clips to numbers: what the scorer of frames is for rewards that read single ones."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from vlmrl.errors import ConfigError, ShapeError
from vlmrl.rewards.base import Cadence, ClipReward, HistoryReward, RewardModel
from vlmrl.scoring.histories import HistoryScorer
from vlmrl.scoring.scorer import Scorer
from vlmrl.scoring.turns import Turns
from vlmrl.types import Words


class ClipScorer:
    """Scores clips of any lengths with a reward that reads them whole. Threads may share it; one waits for the other.

    Args:
        model: reads clips.

    Attributes:
        cadence: ``episode``, by which whoever is handed a scorer tells it from one of frames.
        clips_scored: clips that the model read.
        abstained: of these, how many it could say nothing of.
        frames_scored: frames of all of them.
        seconds: time spent in :meth:`clips` [s].

    Raises:
        ConfigError: a model that does not score clips.
    """

    cadence: Cadence = "episode"

    def __init__(self, model: RewardModel) -> None:
        if not isinstance(model, ClipReward):
            raise ConfigError(f"reward={type(model).__name__}: does not score clips; take a ClipReward")
        self.model: ClipReward = model
        self.clips_scored = self.abstained = self.frames_scored = 0
        self.seconds = 0.0
        self._turns = Turns()

    def clips(self, clips: Sequence[NDArray[np.uint8]], words: Words | Sequence[Words]) -> NDArray[np.float32]:
        """Score clips against one set of words, or one per clip.

        Args:
            clips: uint8 ``(T, H, W, 3)`` each, in the order of time, of any lengths.
            words: one set for all, or as many as clips.

        Returns:
            float32 ``(B,)``; NaN where the model abstains.

        Raises:
            ShapeError: a clip that is none, or a wrong number of words.
            ConfigError: words that the model refuses.
        """
        asked = [words] * len(clips) if isinstance(words, Words) else list(words)
        if len(asked) != len(clips):
            raise ShapeError(f"words: {len(asked)} sets for {len(clips)} clips; give one set, or one per clip")
        with self._turns:
            start = time.perf_counter()
            for one in dict.fromkeys(asked):
                self.model.check(one)
            found = [self.model.score_clip(clip, said) for clip, said in zip(clips, asked, strict=True)]
            scores = torch.stack(found).detach().to("cpu", torch.float32).numpy() if found else np.empty(0, np.float32)
            self.seconds += time.perf_counter() - start
            self.clips_scored += len(clips)
            self.frames_scored += sum(map(len, clips))
            self.abstained += int(np.isnan(scores).sum())
        return scores

    def so_far(self, clip: NDArray[np.uint8], words: Words) -> NDArray[np.float32]:
        """What a clip ``(T, H, W, 3)`` was worth up to each of its frames, that one included: float32 ``(T,)``."""
        return self.clips([clip[: end + 1] for end in range(len(clip))], words)


def scorer_for(model: RewardModel) -> Scorer | ClipScorer | HistoryScorer:
    """The scorer that fits a reward.

    Raises:
        ConfigError: it scores neither frames nor clips nor episodes so far.
    """
    if isinstance(model, HistoryReward):
        return HistoryScorer(model)
    return ClipScorer(model) if isinstance(model, ClipReward) else Scorer(model)
