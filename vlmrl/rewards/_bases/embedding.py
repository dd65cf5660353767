"""What all rewards that compare a frame's embedding with the words' share: one way through, one formula to fill in."""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch.nn.functional import normalize

from vlmrl.errors import ConfigError, ShapeError
from vlmrl.rewards.base import FrameReward, RewardModel
from vlmrl.types import Frames, Scores, Words

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder


_WORDS_KEPT = 4096


class Embedding(RewardModel):
    """A reward that sees pictures and reads sentences through its encoder alone.

    A subclass keeps its settings as public attributes, which make up its fingerprint.
    """

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self._sound: set[Words] = set()  # words that were checked: looking again would wait for the GPU
        self._means: dict[tuple[str, ...], torch.Tensor] = {}

    @property
    def fingerprint(self) -> str:
        """A short hash of the formula, its settings and the encoder."""
        settings = {key: value for key, value in vars(self).items() if key != "encoder" and key[0] != "_"}
        identity = json.dumps([type(self).__name__, settings, self.encoder.fingerprint], sort_keys=True)
        return hashlib.sha256(identity.encode()).hexdigest()[:16]

    def check(self, words: Words) -> None:
        """Refuse words that lack a side, or hold a sentence that the encoder cannot read."""
        for side, needed in (("baseline", self.needs_baseline), ("negative", self.needs_negative)):
            if needed and not getattr(words, side):
                raise ConfigError(
                    f"{side}: is missing; {type(self).__name__} compares the goal with it, give {side}='...'"
                )
        self.encoder.texts(words.sentences)

    def _groups(self, words: Words | Sequence[Words], count: int, kind: str) -> dict[Words, list[int] | None]:
        """Which of so many rows each set of words is for, None for all of them; each is checked the first time."""
        groups = by_words(words, count, kind)
        for one in groups:
            if one not in self._sound:
                self.check(one)
                if len(self._sound) >= _WORDS_KEPT:  # words may come by the row, always new ones
                    self._sound.clear()
                self._sound.add(one)
        return groups

    def _mean(self, sentences: Sequence[str]) -> torch.Tensor:
        """One direction ``(D,)`` for several sentences: their mean, brought back to length 1; remembered."""
        key = tuple(sentences)
        found = self._means.get(key)
        if found is None:
            found = normalize(self.encoder.texts(sentences).mean(0), dim=0)
            if len(self._means) >= _WORDS_KEPT:
                self._means.clear()
            self._means[key] = found
        return found


class EmbeddingReward(Embedding, FrameReward):
    """A reward that depends on a frame through its embedding alone: a subclass fills in :meth:`_score`.

    Attributes:
        reads_places: it is the embeddings of a frame's places that it reads, and not the frame's own.
    """

    reads_places: ClassVar[bool] = False

    def score_frames(self, frames: Frames, words: Words | Sequence[Words]) -> Scores:
        """Score uint8 ``(B, H, W, 3)`` frames against one set of words, or one per row; float32 ``(B,)``."""
        groups = self._groups(words, len(frames), "frames")
        self.check_frames(frames)
        images = self._read(frames)
        scores = images.new_empty(len(images))
        for one, rows in groups.items():
            scores[slice(None) if rows is None else rows] = self.score_images(
                images if rows is None else images[rows], one
            )
        return scores

    def _read(self, frames: Frames) -> torch.Tensor:
        """What :meth:`_score` reads of uint8 ``(B, H, W, 3)`` frames, B of them."""
        return self.encoder.images(frames)

    def check_frames(self, frames: Frames) -> None:
        """Refuse frames uint8 ``(B, H, W, 3)`` whose embeddings would mean something else to this reward.

        Raises:
            ConfigError: the message says which and why.
        """

    def score_images(self, images: torch.Tensor, words: Words) -> torch.Tensor:
        """Score embeddings ``(B, D)``, rows of length 1, against words that :meth:`check` passed; ``(B,)``."""
        return self._score(images, words).clamp(self.low, self.high)

    @abstractmethod
    def _score(self, images: torch.Tensor, words: Words) -> torch.Tensor:
        """Score ``(B, D)`` rows of length 1 against checked words; ``(B,)``."""


def between(key: str, value: float, low: float, high: float) -> float:
    """``value``, if it lies in ``[low, high]``.

    Raises:
        ConfigError: it does not, or is no number.
    """
    number: Any = value
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not low <= number <= high:
        raise ConfigError(f"{key}={value}: must be a number between {low} and {high}")
    return float(number)


def whole(key: str, value: int, low: int, high: int) -> int:
    """``value``, if it is a whole number in ``[low, high]``.

    Raises:
        ConfigError: it is not.
    """
    number = between(key, value, low, high)
    if not number.is_integer():
        raise ConfigError(f"{key}={value}: must be a whole number between {low} and {high}")
    return int(number)


def by_words(words: Words | Sequence[Words], count: int, kind: str = "frames") -> dict[Words, list[int] | None]:
    """Which rows each set of words is for; None is all of them."""
    if isinstance(words, Words):
        return {words: None}
    if len(words) != count:
        raise ShapeError(f"words: {len(words)} sets for {count} {kind}; give one set, or one per {kind[:-1]}")
    groups: dict[Words, list[int] | None] = {}
    for row, one in enumerate(words):
        rows = groups.setdefault(one, [])
        if rows is not None:
            rows.append(row)
    return groups
