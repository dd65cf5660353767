"""The one place that batches: any frames, any words, the same numbers however they are cut up."""

from __future__ import annotations

import hashlib
import json
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from vlmrl.encoders.base import Encoder, as_batch
from vlmrl.errors import Abstained, ConfigError, ShapeError
from vlmrl.rewards.base import FrameReward, RewardModel
from vlmrl.scoring.first import First, chosen, digest
from vlmrl.scoring.turns import Turns
from vlmrl.types import Frames, Words

if TYPE_CHECKING:
    from vlmrl.scoring.cache import ScoreCache

_SHARED_OUT = 8 * 2**20
"""Bytes of frames that are worth several threads: hashing 8 MiB takes one some 8 ms."""


class _Asked(NamedTuple):
    """One call: frames, the number of each row's words, the words by their numbers, and keys of rows to remember."""

    batch: torch.Tensor
    words: list[int]
    sets: list[Words]
    keys: dict[int, bytes]


class _Sent(NamedTuple):
    """Rows that the model was asked about, and its answer, which a GPU may still be computing."""

    rows: list[int]
    scores: torch.Tensor


class Scorer:
    """Scores frames with a reward model, each different frame once.

    The numbers do not depend on ``batch_size``, on the order of the frames or on what else is in the call: to 1e-5 with
    an encoder in fp32, to 1e-2 in bf16 and fp16, whose kernels may round otherwise for another batch.

    An answer is waited for only when the next batch was handed over, so that a GPU computes while frames are hashed,
    looked up and copied. Threads may share it; one call waits for the other.

    Args:
        model: reads one frame at a time.
        batch_size: frames given to the model at once, the last batch is as short as it comes; None: as many as its
            encoder reads at once.
        cache: scores of earlier calls, in memory or in a file; None keeps none between calls.

    Attributes:
        ahead: frames worth handing over while others are still drawn: a batch where the encoder is on a GPU, none on a
            CPU, whose cores draw.
        frames_scored: frames that the model read.
        duplicates: frames that were equal to another of the same call, with the same words.
        cache_hits: frames whose score was in the cache. These three add up to all frames ever asked for.
        seconds: time spent in :meth:`frames` [s].

    Raises:
        ConfigError: ``batch_size`` below 1, or a model that does not score single frames.
    """

    def __init__(self, model: RewardModel, batch_size: int | None = None, cache: ScoreCache | None = None) -> None:
        if model.takes == "track":
            raise ConfigError(
                f"reward={type(model).__name__}: goes by the robot's keypoint along an episode, which neither a "
                "picture nor a posed state tells; `vlmrl train`, `eval`, `record` and `bench` read it off the simulator"
            )
        if not isinstance(model, FrameReward):
            reads = {"clips": model.cadence == "episode", "an episode's frames so far": model.takes == "history"}
            what = next((one for one, does in reads.items() if does), None)
            raise ConfigError(
                f"reward={type(model).__name__}: does not score single frames; "
                + (f"it reads {what}, which vlmrl score, train and bench give it" if what else "take a FrameReward")
            )
        encoder = getattr(model, "encoder", None)  # not every model has one
        if batch_size is None:
            batch_size = getattr(encoder, "batch_size", Encoder.batch_size)
        if batch_size < 1:
            raise ConfigError(f"batch_size={batch_size}: must be 1 or more")
        self.model, self.batch_size, self.cache = model, batch_size, cache
        self.ahead = batch_size if getattr(getattr(encoder, "device", None), "type", "cpu") == "cuda" else 0
        self.frames_scored = self.duplicates = self.cache_hits = 0
        self.seconds = 0.0
        self._turns = Turns()

    def frames(self, frames: Frames, words: Words | Sequence[Words]) -> NDArray[np.float32]:
        """Score frames against one set of words, or one per row.

        Args:
            frames: uint8 ``(B, H, W, 3)``, or ``(T, N, H, W, 3)`` from N environments; NumPy or torch on any device.
            words: one set for all; or B of them, for ``(T, N, ...)`` T * N row by row or N, one an environment.

        Returns:
            float32 ``(B,)`` or ``(T, N)``; no frame gives ``(0,)``.

        Raises:
            ShapeError: frames that are not uint8 (NaN included) or of another shape, or a wrong number of words.
            ConfigError: words that the model refuses.
            Abstained: the model gave no number for a frame. What was scored before it is in the cache.
        """
        lead, batch = _flat(frames)
        asked_for = _per_row(words, lead)
        with self._turns:
            start = time.perf_counter()
            scores = self._scored(batch, asked_for)
            self.seconds += time.perf_counter() - start
        return scores.reshape(lead)

    def voices(self, frames: Frames, words: Words) -> dict[str, NDArray[np.float32]]:
        """What each opinion says of uint8 ``(B, H, W, 3)`` frames, float32 ``(B,)`` by its name; {} of one alone.

        Raises:
            ShapeError: frames that are not uint8 or of another shape.
            ConfigError: words that the model refuses.
        """
        batch = as_batch(frames)
        with self._turns:
            cut = [self.model.voices(some, words) for some in batch.split(self.batch_size)]
        joined = {name: torch.cat([one[name] for one in cut]) for name in (cut[0] if cut else ())}
        return {name: said.detach().to("cpu", torch.float32).numpy() for name, said in joined.items()}

    def _scored(self, batch: torch.Tensor, asked_for: Sequence[Words]) -> NDArray[np.float32]:
        asked = self._asked(batch, asked_for)
        first = First(batch, asked.words)
        firsts: list[int] = []  # the row where each frame came first with its words
        known: dict[int, float] = {}  # scores by first rows
        waiting: list[int] = []  # rows that do not fill a batch yet
        sent: deque[_Sent] = deque()
        for at in range(0, len(batch), self.batch_size):
            # One part at a time: of frames on a GPU, or with gaps between them, this makes a copy.
            part = np.ascontiguousarray(batch[at : at + self.batch_size].cpu().numpy())
            some = first.rows(at, part)
            new = [row for row, one in enumerate(some, start=at) if row == one]
            firsts += some
            found = self._remembered(asked, new, part, at)
            known |= found
            waiting += [row for row in new if row not in found]
            self.cache_hits += len(found)
            self.duplicates += len(some) - len(new)
            while len(waiting) >= self.batch_size or (waiting and len(firsts) == len(batch)):
                rows, waiting = waiting[: self.batch_size], waiting[self.batch_size :]
                sent.append(self._send(asked, rows))
                if len(sent) > 1:
                    known |= self._answered(sent.popleft(), asked.keys)
        while sent:
            known |= self._answered(sent.popleft(), asked.keys)
        return np.array([known[row] for row in firsts], dtype=np.float32)

    def _asked(self, batch: torch.Tensor, asked_for: Sequence[Words]) -> _Asked:
        """What is asked, each set of words checked once."""
        numbers: dict[Words, int] = {}
        words = [numbers.setdefault(one, len(numbers)) for one in asked_for]
        for one in numbers:
            self.model.check(one)
        return _Asked(batch, words, list(numbers), {})

    def _remembered(self, asked: _Asked, rows: list[int], part: NDArray[np.uint8], at: int) -> dict[int, float]:
        """The scores of these rows that are in the cache; keeps the keys of all of them."""
        if self.cache is None or not rows:
            return {}
        model, shape = self.model.fingerprint, tuple(part.shape[1:])
        about = {one: _about(model, asked.sets[one], shape) for one in {asked.words[row] for row in rows}}
        keys = _hashed([part[row - at] for row in rows], [about[asked.words[row]] for row in rows])
        asked.keys.update(zip(rows, keys, strict=True))
        found = zip(rows, self.cache.get(keys), strict=True)
        return {row: score for row, score in found if score is not None}

    def _send(self, asked: _Asked, rows: list[int]) -> _Sent:
        """Hand these rows to the model."""
        words = [asked.words[row] for row in rows]
        alike = len(set(words)) == 1
        given = asked.sets[words[0]] if alike else [asked.sets[one] for one in words]
        return _Sent(rows, self.model.score_frames(chosen(asked.batch, rows), given))

    def _answered(self, sent: _Sent, keys: Mapping[int, bytes]) -> dict[int, float]:
        """Wait for what the model says, and remember it."""
        rows = sent.rows
        numbers = sent.scores.detach().to("cpu", torch.float32).numpy()
        name = type(self.model).__name__
        if numbers.shape != (len(rows),):
            raise ShapeError(
                f"reward={name}: gave scores {numbers.shape} for {len(rows)} frames; must be ({len(rows)},)"
            )
        silent = int((~np.isfinite(numbers)).sum())
        if silent:
            raise Abstained(
                f"reward={name}: gave no number for {silent} of {len(rows)} frames; "
                "if its encoder computes in fp16, encoder.precision=fp32 keeps it from overflowing"
            )
        self.frames_scored += len(rows)
        found = dict(zip(rows, numbers.tolist(), strict=True))
        if self.cache is not None:
            self.cache.put({keys[row]: score for row, score in found.items()})
        return found


def _hashed(frames: Sequence[NDArray[np.uint8]], about: Sequence[bytes]) -> list[bytes]:
    """A key a frame; hashing lets other threads run, so that many bytes are shared out among them."""
    workers = torch.get_num_threads() if sum(frame.nbytes for frame in frames) >= _SHARED_OUT else 1
    if workers == 1:
        return list(map(digest, frames, about))
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(digest, frames, about))


def _flat(frames: Frames) -> tuple[tuple[int, ...], torch.Tensor]:
    """The leading shape, ``(B,)`` or ``(T, N)``, and the frames in one row."""
    if getattr(frames, "ndim", 0) != 5:
        batch = as_batch(frames)
        return (len(batch),), batch
    return tuple(frames.shape[:2]), as_batch(frames.reshape((-1, *frames.shape[2:])))


def _per_row(words: Words | Sequence[Words], lead: tuple[int, ...]) -> list[Words]:
    """One set of words a row; N sets for ``(T, N)`` frames are one an environment, at each of the T times."""
    count = int(np.prod(lead))
    if isinstance(words, Words):
        return [words] * count
    if not all(isinstance(one, Words) for one in words):
        raise ConfigError(f"words={words!r}: must be Words or a sequence of them; Words.of(goal, baseline) makes one")
    if len(lead) == 2 and len(words) == lead[1]:
        return list(words) * lead[0]
    if len(words) != count:
        raise ShapeError(f"words: {len(words)} sets for frames {lead}; give one set, or one per frame")
    return list(words)


def _about(fingerprint: str, words: Words, shape: tuple[int, ...]) -> bytes:
    text = json.dumps([fingerprint, words.goal, words.baseline, words.negative, shape])
    return hashlib.blake2b(text.encode(), digest_size=64).digest()
