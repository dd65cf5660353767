"""How far apart two frames are in time, and what an episode's steps sum up to: after TimeRewarder.

TimeRewarder (arXiv 2509.26627) learns from films of successes alone, and reads no sentence. Here a sentence stands
beside each pair, and a network small enough for frozen embeddings takes the place of a CLIP that is trained along. A
reconstruction from notes; no code of the authors was found.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from vlmrl.rewards._taught.learned import Film
from vlmrl.rewards._taught.pairs import PairLesson, PairReward, Places

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder


@dataclass(frozen=True)
class TimeLesson(PairLesson):
    """How distance in time is taught.

    Attributes:
        width, bins, dropout: of the network.
        pairs: of frames from each film that is drawn.
        wrong: share of the films that are shown beside a sentence which asks for something else: no distance.
        prefer: weight of failures ending less far than successes (Bradley and Terry); 0 leaves failures out, as the
            paper does.
        blur: standard deviation of what is added to a sentence's embedding, in lengths.
    """

    bins: int = 20

    def far(self, before: Tensor, after: Tensor) -> Tensor:
        """Frames from one to the other as a share of the film's way, ``(v - u) / (T - 1)``."""
        return after - before

    def places(self, rng: np.random.Generator, film: Film) -> tuple[Places, Places]:
        """Pairs in either order; a distance is drawn with a probability in inverse proportion to it."""
        count = film.reach
        odds = 1 / np.arange(1, count)
        apart = rng.choice(np.arange(1, count), size=self.pairs, p=odds / odds.sum())
        first = rng.integers(count - apart)
        back = rng.random(self.pairs) < 0.5
        return np.where(back, first + apart, first), np.where(back, first, first + apart)


class TimeRewarder(PairReward):
    """How much time an episode has gone towards what the goal sentences ask, in lengths of a film of it; in [-1, 1].

    TimeRewarder pays a step ``r_t = F(o_t-1, o_t)``, the predicted distance in time as a share of a whole film. This is
    their sum, ``P_t = r_1 + … + r_t``, clipped: it telescopes, so that ``shaping=delta`` pays the paper's reward, as
    long as the sum lies within. With ``skip`` above 1 it has fewer and longer steps, to a frame from the last multiple
    of ``skip`` before it. The paper's second term, a bonus for success, is left to the learner.

    Args:
        encoder: embeds frames and sentences; the one that it was taught with.
        weights: a ``.safetensors`` file of `vlmrl reward train reward=timerewarder`.
        skip: frames from one frame that is compared with to the next; 1 is the paper's.

    Raises:
        ConfigError: no weights, damaged ones, such as are for another reward or encoder, or a number out of range.
    """

    lesson = TimeLesson
    low, high = -1.0, 1.0

    def __init__(self, encoder: Encoder, weights: str | Path | None = None, skip: int = 1) -> None:
        super().__init__(encoder, weights, skip)

    def _numbers(self, rows: Tensor, since: int, text: Tensor) -> Tensor:
        return self._summed(rows, since, text, lambda far: far)[0]
