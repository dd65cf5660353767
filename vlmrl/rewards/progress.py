"""How far an episode has come with what a sentence asks, learned from films of it: after ReWiND and Robometer.

The network, its view of time and its rewound films are ReWiND's (Zhang et al., CoRL 2025, arXiv 2505.10911); the head
that tells a histogram, the success beside it, and failures that are only compared with successes, are Robometer's
(arXiv 2603.02115). A reconstruction from their released code as notes describe it, small enough for frozen embeddings
on a CPU.

Labels differ in one point from ReWiND's: they are those of the whole film, not of the part of it that is shown, so that
a film played backwards falls, and that no frame's label depends on how many were shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, softplus

from vlmrl.errors import ConfigError
from vlmrl.rewards._bases.embedding import between, whole
from vlmrl.rewards._taught.causal import CausalReader, WindowLesson, expectation, head, two_hot
from vlmrl.rewards._taught.learned import Course, Film, WindowReward, upto
from vlmrl.rewards._taught.shown import SURE, asked, rewound, rivals, row, stretch

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder

CLOCKS = ("own", "longest")


class Answer(NamedTuple):
    """What the network says of frames: logits of progress ``(B, T, bins)`` and of success ``(B, T)``."""

    progress: Tensor
    success: Tensor


class ProgressNetwork(nn.Module):
    """A causal reader with two heads."""

    def __init__(self, reader: CausalReader, width: int, bins: int, dropout: float) -> None:
        super().__init__()
        self.reader = reader
        self.progress, self.success = (head(width, width, out, dropout) for out in (bins, 1))

    def forward(self, frames: Tensor, text: Tensor) -> Answer:
        """Read embeddings ``(B, T, D)`` after sentences ``(B, D)``."""
        read = self.reader(frames, text)
        return Answer(self.progress(read), self.success(read).squeeze(-1))


@dataclass(frozen=True)
class ProgressLesson(WindowLesson):
    """How progress is taught.

    Attributes:
        window: frames of an episode that are looked at, 2 or more.
        width, layers, heads, bins, dropout: of the network.
        rewind: share of the films that are shown rewound, backwards or shuffled; without them a count of frames would
            do (ReWiND).
        wrong: share of the films that are shown beside a sentence which asks for something else: progress 0.
        prefer: weight of failures ending below successes (Bradley and Terry); 0 leaves failures out.
        anchored: share of the films that are shown from their first frame on; the others begin anywhere.
        blur: standard deviation of what is added to a sentence's embedding, in lengths, so that other wordings are
            read alike.
        clock: ``own``, progress is the share of the film's own way that is over, as in the papers; or ``longest``, it
            is 1 less the frames that are left as a share of the longest way of the task, alike wherever it began.

    Raises:
        ConfigError: a setting out of range.
    """

    bins: int = 20
    prefer: float = 1.0
    anchored: float = 0.5
    clock: str = "own"

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        super().__post_init__()
        whole("reward.bins", self.bins, 2, 1024)
        between("reward.prefer", self.prefer, 0, 100)
        between("reward.anchored", self.anchored, 0, 1)
        if self.clock not in CLOCKS:
            raise ConfigError(f"reward.clock={self.clock}: is not known; known: {', '.join(CLOCKS)}")

    def network(self, dim: int) -> ProgressNetwork:
        """Reader and heads."""
        return ProgressNetwork(self.reader(dim), self.width, self.bins, self.dropout)

    def prepare(self, network: nn.Module, course: Course) -> None:
        """Have the reader centre frames by those of the course."""
        assert isinstance(network, ProgressNetwork)
        network.reader.measure(torch.cat([film.seen for film in course.films]))

    def draw(self, course: Course, rng: np.random.Generator, count: int) -> dict[str, Tensor]:
        """Draw ``count`` successes, some beside a wrong sentence, and a quarter as many pairs (success, failure).

        Returns:
            ``frames`` ``(B, window, D)``, ``text`` ``(B, D)``, ``progress`` and ``done`` ``(B, window)``, NaN where
            nothing is learned from, ``last`` ``(B,)``, the last frame of each, and ``pairs``, how many of the last rows
            are preferred, then not preferred.
        """
        rows = [self._shown(course, rng) for _ in range(count)]
        pairs = self._pairs(course, rng, count // 4) if self.prefer else []
        rows += [better for better, _ in pairs] + [worse for _, worse in pairs]
        names = ("frames", "text", "progress", "done", "last")
        stacked = {name: torch.stack([one[at] for one in rows]) for at, name in enumerate(names)}
        return stacked | {"pairs": torch.tensor(len(pairs))}

    def losses(self, network: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Cross-entropy of progress and of success, and minus the log-likelihood of the preferences."""
        answer: Answer = network(batch["frames"], batch["text"])
        known, told = ~batch["progress"].isnan(), ~batch["done"].isnan()
        wanted = two_hot(batch["progress"][known], self.bins)
        found = {
            "progress": cross_entropy(answer.progress[known], wanted),
            "success": binary_cross_entropy_with_logits(answer.success[told], batch["done"][told]),
        }
        pairs = int(batch["pairs"])
        if pairs:
            rows = torch.arange(len(batch["last"]))[-2 * pairs :]
            better, worse = expectation(answer.progress[rows, batch["last"][rows]]).split(pairs)
            found["preference"] = self.prefer * softplus((worse - better) / SURE).mean()
        return found

    def labels(self, course: Course, film: Film) -> Tensor:
        """Progress float32 ``(T,)`` of a success; NaN where it was lost again after the end."""
        return 1 - film.left / (film.end if self.clock == "own" else course.longest[film.task])

    def _told(self, course: Course, film: Film) -> Tensor:
        """Progress of a success; of a failure nobody knows it."""
        return self.labels(course, film) if film.succeeded else torch.full((len(film),), torch.nan)

    def _shown(self, course: Course, rng: np.random.Generator) -> tuple[Tensor, ...]:
        """One film as it is shown: frames, sentence, progress, done, and its last frame."""
        wrong = rng.random() < self.wrong
        several = course.films if wrong else course.successes
        film = several[rng.integers(len(several))]
        places = self._places(rng, film)
        right = not (wrong and course.wrong[film.task])
        text = asked(course, rng, film, right, self.blur)
        nothing = torch.zeros(len(film))
        told = (self._told(course, film), film.done.float()) if right else (nothing, nothing)
        return row(film, places, text, self.window, *told)

    def _pairs(self, course: Course, rng: np.random.Generator, count: int) -> list[tuple[tuple[Tensor, ...], ...]]:
        """Successes and failures of the same task up to their ends, under the same sentence."""
        found = []
        for better, worse in rivals(course, rng, count):
            text = asked(course, rng, worse, True, self.blur)
            ends = rng.integers(better.end, len(better)), rng.integers(4 * len(worse) // 5, len(worse))
            pair = []
            for film, end in zip((better, worse), ends, strict=True):
                places = upto(np.array([end]), self.window)[0][: end + 1]
                pair.append(row(film, places, text, self.window, self._told(course, film), film.done.float()))
            found.append(tuple(pair))
        return found

    def _places(self, rng: np.random.Generator, film: Film) -> NDArray[np.int64]:
        """Which frames are shown, in which order: irregular steps from a start to an end, or those in another order."""
        return rewound(rng, stretch(rng, film, self.window, self.anchored), self.window, self.rewind)


class Progress(WindowReward):
    """How far an episode has come with what the goal sentences ask, by what was seen of it so far; in [0, 1].

    Args:
        encoder: embeds frames and sentences; the one that it was taught with.
        weights: a ``.safetensors`` file of `vlmrl reward train reward=progress`.
        success: in [0, 1], how much of the number is the probability that the task is done, the rest being progress.

    Raises:
        ConfigError: no weights, damaged ones, such as are for another reward or encoder, or a number out of range.
    """

    lesson = ProgressLesson
    low, high = 0.0, 1.0

    def __init__(self, encoder: Encoder, weights: str | Path | None = None, success: float = 0.0) -> None:
        self.success = between("reward.success", success, 0.0, 1.0)
        super().__init__(encoder, weights)

    def _values(self, answer: Answer, last: Tensor) -> Tensor:
        rows = torch.arange(len(last))
        progress = expectation(answer.progress[rows, last])
        return (1 - self.success) * progress + self.success * answer.success[rows, last].sigmoid()
