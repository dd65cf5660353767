"""A score from 1 to 5 of an episode so far, learned from films of a task: after RoboReward (arXiv 2601.00675).

There a vision-language model is tuned to say a digit of a whole film; here a small causal transformer reads frozen
embeddings and says five odds, one a digit, of the film up to each frame. A reconstruction from notes on the paper. Its
graded counterfactual commands, which language models wrote and checked, are not made here: a sentence that asks for
something else is worth 1. Nor could its cut points be read: films cut before the end are labelled by quarters of the
way, which is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from vlmrl.errors import ConfigError
from vlmrl.rewards._bases.embedding import between
from vlmrl.rewards._taught.causal import CausalReader, WindowLesson, head
from vlmrl.rewards._taught.learned import Course, Film, WindowReward
from vlmrl.rewards._taught.shown import asked, rewound, row, stretch

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder

BEST = 5
"""The score of what is done; 1 is the least."""
UNSOLVED = 0.0
"""In place of a label: it is not done, and nobody knows more."""


class OrdinalNetwork(nn.Module):
    """A causal reader with five odds a frame."""

    def __init__(self, reader: CausalReader, width: int, dropout: float) -> None:
        super().__init__()
        self.reader = reader
        self.score = head(width, width, BEST, dropout)

    def forward(self, frames: Tensor, text: Tensor) -> Tensor:
        """Read embeddings ``(B, T, D)`` after sentences ``(B, D)``: logits ``(B, T, 5)`` of the film up to a frame."""
        odds: Tensor = self.score(self.reader(frames, text))
        return odds


@dataclass(frozen=True)
class OrdinalLesson(WindowLesson):
    """How scores are taught.

    Attributes:
        window: frames of an episode that are looked at, 2 or more.
        width, layers, heads, dropout: of the network.
        rewind: share of the films that are shown rewound, backwards or shuffled; without them a count would do.
        wrong: share of the films that are shown beside a sentence which asks for something else: score 1.
        failed: share of the films that are failures, of which no more is known than that they are not worth 5.
        blur: standard deviation of what is added to a sentence's embedding, in lengths.

    Raises:
        ConfigError: a setting out of range.
    """

    failed: float = 0.2

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        super().__post_init__()
        between("reward.failed", self.failed, 0, 0.9)
        if self.wrong + self.failed > 0.9:
            raise ConfigError(
                f"reward.failed={self.failed}: beside reward.wrong={self.wrong} it leaves under a tenth to successes"
            )

    def network(self, dim: int) -> OrdinalNetwork:
        """Reader and head."""
        return OrdinalNetwork(self.reader(dim), self.width, self.dropout)

    def prepare(self, network: nn.Module, course: Course) -> None:
        """Have the reader centre frames by those of the course."""
        assert isinstance(network, OrdinalNetwork)
        network.reader.measure(torch.cat([film.seen for film in course.films]))

    def draw(self, course: Course, rng: np.random.Generator, count: int) -> dict[str, Tensor]:
        """Draw ``count`` films, cut anywhere.

        Returns:
            ``frames`` ``(B, window, D)``, ``text`` ``(B, D)``, ``score`` ``(B, window)`` of the film up to each frame,
            1 to 5, 0 for what is not done, NaN where nothing is learned from, and ``last`` ``(B,)``.
        """
        rows = [self._shown(course, rng) for _ in range(count)]
        return {
            name: torch.stack([one[at] for one in rows]) for at, name in enumerate(("frames", "text", "score", "last"))
        }

    def losses(self, network: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Cross-entropy of the digits that are known; of what is not done minus the log-likelihood of no 5."""
        odds: Tensor = network(batch["frames"], batch["text"])
        undone = batch["score"] == UNSOLVED
        known = ~(batch["score"].isnan() | undone)
        found = {"score": cross_entropy(odds[known], batch["score"][known].long() - 1)}
        if undone.any():
            less = odds[undone][:, : BEST - 1].logsumexp(-1) - odds[undone].logsumexp(-1)
            found["undone"] = -less.mean()
        return found

    def _shown(self, course: Course, rng: np.random.Generator) -> tuple[Tensor, ...]:
        """One film as it is shown: frames, sentence, scores, and its last frame."""
        drawn = rng.random()
        wrong, failed = drawn < self.wrong, self.wrong <= drawn < self.wrong + self.failed and bool(course.failures)
        several = course.films if wrong else course.failures if failed else course.successes
        film = several[rng.integers(len(several))]
        places = rewound(rng, stretch(rng, film, self.window, 1.0), self.window, self.rewind)
        right = not (wrong and course.wrong[film.task])
        text = asked(course, rng, film, right, self.blur)
        return row(film, places, text, self.window, labels(film) if right else torch.ones(len(film)))


def labels(film: Film) -> Tensor:
    """What a film is worth if it is cut after a frame: float32 ``(T,)``.

    Of a success 5 where the task is done, else 1 to 4 by the quarter of the way that the frame lies in; NaN where it
    was lost again. Of a failure 0, not done, and NaN where it was done for a while.
    """
    if not film.succeeded:
        return torch.full((len(film),), UNSOLVED).masked_fill(film.done, torch.nan)
    far = 1 - film.left / film.end
    return torch.where(far >= 1, float(BEST), 1 + (4 * far).floor().clamp(0, BEST - 2))


def expected(odds: Tensor) -> Tensor:
    """The mean score ``(...)`` in [1, 5] of logits ``(..., 5)``, not the likeliest one."""
    return odds.softmax(-1) @ torch.arange(1, BEST + 1, dtype=odds.dtype, device=odds.device)


class Ordinal(WindowReward):
    """What an episode so far is worth by the goal sentences, from 1 to 5 brought into [0, 1]: (score - 1) / 4.

    Args:
        encoder: embeds frames and sentences; the one that it was taught with.
        weights: a ``.safetensors`` file of `vlmrl reward train reward=ordinal`.
        raw: leave scores from 1 to 5, as the paper reports them.

    Raises:
        ConfigError: no weights, damaged ones, or such as are for another reward or encoder.
    """

    lesson = OrdinalLesson
    low, high = 0.0, 1.0

    def __init__(self, encoder: Encoder, weights: str | Path | None = None, raw: bool = False) -> None:
        self.raw = raw
        if raw:
            self.low, self.high = 1.0, float(BEST)
        super().__init__(encoder, weights)

    def _values(self, answer: Tensor, last: Tensor) -> Tensor:
        score = expected(answer[torch.arange(len(last)), last])
        return score if self.raw else (score - 1) / (BEST - 1)
