"""What rewards share that compare two frames: a network that reads both beside a sentence, and what it is taught by.

A pair is (a, b, sentence), and the network says how far it is from a to b, in [-1, 1], as a histogram. What "far" means
is the lesson's: of a film that succeeds each frame has its progress, the share of the way to the end that is over, and
a lesson says what pairs are drawn and what number two progresses make. Beside a sentence that asks for something else
all frames have progress 0.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, softplus

from vlmrl.rewards._bases.embedding import between, whole
from vlmrl.rewards._taught.causal import FrameReader, expectation, two_hot
from vlmrl.rewards._taught.learned import TOGETHER, Course, Film, LearnedReward, Lesson
from vlmrl.rewards._taught.shown import SURE, asked, rivals
from vlmrl.types import Scores, Words

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder

Places = NDArray[np.int64]
"""Numbers of frames, int64 ``(P,)``."""


class Answer(NamedTuple):
    """What is said of pairs: logits of how far it is ``(B, P, bins)``, and of b being done ``(B, P)``, or None."""

    far: Tensor
    done: Tensor | None


class PairNetwork(nn.Module):
    """From two frames and a sentence to how far it is from one to the other, and whether the other is done.

    Args:
        dim: length of an embedding.
        lesson: the network's sizes.
        mirrored: whether the histogram of (b, a) is that of (a, b) mirrored at 0, by construction: then a frame is
            0 away from itself, and there is as far as back.
        says_done: whether it says that as well.
    """

    def __init__(self, dim: int, lesson: PairLesson, mirrored: bool, says_done: bool) -> None:
        super().__init__()
        self.mirrored, width = mirrored, lesson.width
        self.reader = FrameReader(dim, width)
        self.far = _head(3 * width, lesson, lesson.bins)
        self.done = _head(2 * width, lesson, 1) if says_done else None

    def forward(self, a: Tensor, b: Tensor, text: Tensor, mark: Tensor | None = None) -> Answer:
        """Read P pairs of embeddings ``(B, P, D)`` a sentence ``(B, D)``; ``mark`` ``(B, P, width)`` is added to a."""
        (before, sentence), (after, _) = self.reader.read(a, text), self.reader.read(b, text)
        before = before if mark is None else before + mark
        beside = sentence[:, None].expand_as(before)
        far = self.far(torch.cat([before, after, beside], dim=-1))
        if self.mirrored:
            far = far + self.far(torch.cat([after, before, beside], dim=-1)).flip(-1)
        done = None if self.done is None else self.done(torch.cat([after, beside], dim=-1)).squeeze(-1)
        return Answer(far, done)


def _head(inner: int, lesson: PairLesson, out: int) -> nn.Sequential:
    width = lesson.width
    return nn.Sequential(
        nn.GELU(), nn.Linear(inner, width), nn.GELU(), nn.Dropout(lesson.dropout), nn.Linear(width, out)
    )


def signed(logits: Tensor) -> Tensor:
    """The mean ``(...)`` in [-1, 1] of histograms whose logits are ``(..., bins)``."""
    return 2 * expectation(logits) - 1


@dataclass(frozen=True)
class PairLesson(Lesson):
    """How far it is from one frame to another. A subclass fills in :meth:`far` and :meth:`places`.

    Attributes:
        width, bins, dropout: of the network.
        pairs: of frames from each film that is drawn.
        wrong: share of the films that are shown beside a sentence which asks for something else: progress 0.
        prefer: weight of failures ending less far than successes (Bradley and Terry); 0 leaves failures out.
        blur: standard deviation of what is added to a sentence's embedding, in lengths, so that other wordings are
            read alike.

    Raises:
        ConfigError: a setting out of range.
    """

    width: int = 64
    bins: int = 21
    dropout: float = 0.1
    pairs: int = 16
    wrong: float = 0.2
    prefer: float = 1.0
    blur: float = 0.2

    says_done: ClassVar[bool] = False
    """Whether the network says that of b as well."""

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        for name, low in (("width", 2), ("bins", 2), ("pairs", 4)):
            whole(f"reward.{name}", getattr(self, name), low, 1024)
        for name, high in (("dropout", 0.9), ("wrong", 0.9), ("prefer", 100), ("blur", 10)):
            between(f"reward.{name}", getattr(self, name), 0, high)

    @abstractmethod
    def far(self, before: Tensor, after: Tensor) -> Tensor:
        """How far it is between frames of these progresses, in [0, 1] or NaN, ``(P,)`` each: in [-1, 1] or NaN."""

    @abstractmethod
    def places(self, rng: np.random.Generator, film: Film) -> tuple[Places, Places]:
        """Which frames of a film are compared."""

    def network(self, dim: int) -> PairNetwork:
        """Reader and heads."""
        return PairNetwork(dim, self, mirrored=True, says_done=self.says_done)

    def prepare(self, network: nn.Module, course: Course) -> None:
        """Have the reader centre frames by those of the course."""
        assert isinstance(network, PairNetwork)
        network.reader.measure(torch.cat([film.seen for film in course.films]))

    def draw(self, course: Course, rng: np.random.Generator, count: int) -> dict[str, Tensor]:
        """Draw pairs from ``count`` successes, some beside a wrong sentence, and a quarter as many (success, failure).

        Returns:
            ``a`` and ``b`` ``(B, P, D)``, ``text`` ``(B, D)``, ``far`` ``(B, P)``, NaN where nobody knows, whether b is
            ``done`` ``(B, P)``, and ``rivals``, how many of the last rows are preferred, then not preferred.
        """
        rows = [self._shown(course, rng) for _ in range(count)]
        both = [self._ends(course, rng, *two) for two in rivals(course, rng, count // 4 if self.prefer else 0)]
        rows += [better for better, _ in both] + [worse for _, worse in both]
        stacked = {name: torch.stack([row[name] for row in rows]) for name in rows[0]}
        return stacked | {"rivals": torch.tensor(len(both))}

    def losses(self, network: nn.Module, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Cross-entropy of how far it is and of done, and minus the log-likelihood of the preferences."""
        answer = self.answer(network, batch)
        known = ~batch["far"].isnan()
        wanted = two_hot((batch["far"][known] + 1) / 2, self.bins)
        found = {"far": cross_entropy(answer.far[known], wanted)}
        if answer.done is not None:
            found["done"] = binary_cross_entropy_with_logits(answer.done, batch["done"])
        count = int(batch["rivals"])
        if count:
            better, worse = signed(answer.far[-2 * count :]).split(count)
            found["preference"] = self.prefer * softplus((worse - better) / SURE).mean()
        return found

    def answer(self, network: nn.Module, batch: Mapping[str, Tensor]) -> Answer:
        """What the network says of a batch."""
        found: Answer = network(batch["a"], batch["b"], batch["text"])
        return found

    def row(
        self, course: Course, rng: np.random.Generator, film: Film, places: tuple[Places, Places], right: bool
    ) -> dict[str, Tensor]:
        """Pairs of one film beside a sentence, and what is known of them."""
        a, b = (torch.from_numpy(one) for one in places)
        text = asked(course, rng, film, right, self.blur)
        progress = told(film, right)
        done = film.done[b].float() if right else torch.zeros(len(b))
        far = self.far(progress[a], progress[b])
        return {"a": film.seen[a], "b": film.seen[b], "text": text, "far": far, "done": done}

    def _shown(self, course: Course, rng: np.random.Generator) -> dict[str, Tensor]:
        """Pairs of a success beside a right sentence, or of any film beside a wrong one."""
        wrong = rng.random() < self.wrong
        several = course.films if wrong else course.successes
        film = several[rng.integers(len(several))]
        right = not wrong or not course.wrong[film.task]
        return self.row(course, rng, film, self.places(rng, film), right)

    def _ends(
        self, course: Course, rng: np.random.Generator, better: Film, worse: Film
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """From the first frame of each to where it ended, beside right sentences."""
        start = np.zeros(self.pairs, dtype=np.int64)
        won = rng.integers(better.end, len(better), self.pairs)
        lost = rng.integers(4 * len(worse) // 5, len(worse), self.pairs)
        return self.row(course, rng, better, (start, won), True), self.row(course, rng, worse, (start, lost), True)


def told(film: Film, right: bool) -> Tensor:
    """Share of the way that is over, float32 ``(T,)``, 0 beside a wrong sentence.

    NaN where nobody knows: in failures, and where it was lost again.
    """
    if not right:
        return torch.zeros(len(film))
    return 1 - film.left / film.end if film.succeeded else torch.full((len(film),), torch.nan)


def stones(ends: Places, skip: int) -> Places:
    """For each frame the last one before it whose number is a multiple of ``skip``: 0 for the first."""
    return np.maximum(ends - 1, 0) // skip * skip


class PairReward(LearnedReward):
    """A reward whose network compares two frames. A subclass fills in :meth:`_numbers`.

    Args:
        encoder: embeds frames and sentences; the one that it was taught with.
        weights: a ``.safetensors`` file of `vlmrl reward train`.
        skip: frames from one stone to the next: a frame is compared with the last stone before it, the first frame
            being one.

    Raises:
        ConfigError: no weights, damaged ones, such as are for another reward or encoder, or a number out of range.
    """

    def __init__(self, encoder: Encoder, weights: str | Path | None = None, skip: int = 5) -> None:
        self.skip = whole("reward.skip", skip, 1, 10_000)
        super().__init__(encoder, weights)

    def score_seen(self, seen: Sequence[Tensor], since: Sequence[int], words: Words) -> Scores:
        """Score the last frames of some episodes; ``(sum of T - since,)``."""
        text = self._mean(words.goal)
        parts = [self._numbers(rows, first, text) for rows, first in zip(seen, since, strict=True) if first < len(rows)]
        found = torch.cat(parts) if parts else torch.zeros(0)
        return found.to(self.encoder.device).clamp(self.low, self.high)

    @abstractmethod
    def _numbers(self, rows: Tensor, since: int, text: Tensor) -> Tensor:
        """Numbers ``(T - since,)`` of the last frames of an episode ``(T, D)`` beside a sentence ``(D,)``."""

    def _way(self, count: int, since: int) -> tuple[Places, Places, int]:
        """Steps to compare: from where, to where, and how many of them lead from stone to stone, the first to itself.

        Those to the wanted frames follow.
        """
        onto = np.arange(0, count, self.skip)
        ends = np.concatenate([onto, np.arange(since, count)])
        return stones(ends, self.skip), ends, len(onto)

    def _summed(
        self, rows: Tensor, since: int, text: Tensor, worth: Callable[[Tensor], Tensor]
    ) -> tuple[Tensor, Tensor | None]:
        """What the steps to each wanted frame add up to, and the chance that it is done; ``(T - since,)`` each.

        Args:
            rows: an episode ``(T, D)``.
            since: the first frame that is wanted.
            text: a sentence ``(D,)``.
            worth: of a step by how far it is.
        """
        starts, ends, onto = self._way(len(rows), since)
        far, done = self._compared(rows[torch.from_numpy(starts)], rows[torch.from_numpy(ends)], text)
        steps = worth(far) * torch.from_numpy(ends > starts).to(far.device)  # onto the first frame there is none
        before = steps[:onto].cumsum(0)[torch.from_numpy(starts[onto:] // self.skip)]
        return before + steps[onto:], None if done is None else done[onto:]

    def _compared(self, a: Tensor, b: Tensor, text: Tensor, mark: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """How far it is from each row of a to that of b, ``(N, D)`` both, in [-1, 1], and the chance that b is done."""
        far, done = [], []
        for one, other in zip(a.split(TOGETHER), b.split(TOGETHER), strict=True):
            here = None if mark is None else mark.expand(1, len(one), -1)
            answer: Answer = self._network(one[None], other[None], text[None], here)
            far.append(signed(answer.far[0]))
            done += [] if answer.done is None else [answer.done[0].sigmoid()]
        return torch.cat(far), torch.cat(done) if done else None
