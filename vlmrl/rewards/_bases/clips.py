"""What all rewards share that see a clip through the embeddings of its frames."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import torch

from vlmrl.encoders.base import as_batch
from vlmrl.errors import ShapeError
from vlmrl.rewards._bases.pictures import Showing
from vlmrl.rewards.base import ClipReward
from vlmrl.types import Frames, Scores, Words


class EmbeddingClip(Showing, ClipReward):
    """A reward that depends on a clip through the embeddings of some of its frames: a subclass fills in :meth:`_worth`.

    Attributes:
        frames: of a clip that are looked at, evenly spread, the first and the last among them.
    """

    frames: int

    def score_clip(self, clip: Frames, words: Words | Sequence[Words]) -> Scores:
        """Score uint8 ``(T, H, W, 3)``, or ``(B, T, H, W, 3)``; float32 ``()`` or ``(B,)``."""
        if getattr(clip, "ndim", 0) not in (4, 5) or 0 in clip.shape[:-3]:
            raise ShapeError(
                f"clip {tuple(getattr(clip, 'shape', ()))}: must be (T, H, W, 3) with a frame or more, or several "
                "clips (B, T, H, W, 3)"
            )
        clips = clip[None] if clip.ndim == 4 else clip
        groups = self._groups(words, len(clips), "clips")
        self._check_proportions(*clips.shape[2:4])
        seen = clips[:, evenly(clips.shape[1], self.frames)]
        batch = as_batch(seen.reshape((-1, *seen.shape[2:])))
        films = self.encoder.images(batch).unflatten(0, tuple(seen.shape[:2]))
        scores: torch.Tensor = films.new_empty(len(films))
        for one, rows in groups.items():
            for row in range(len(films)) if rows is None else rows:
                scores[row] = self._worth(films[row], one).clamp(self.low, self.high)
        return scores.squeeze(0) if clip.ndim == 4 else scores

    @abstractmethod
    def _worth(self, film: torch.Tensor, words: Words) -> torch.Tensor:
        """What a clip is worth by embeddings ``(T, D)`` of frames, rows of length 1; a number, NaN to abstain."""


def evenly(count: int, most: int) -> list[int]:
    """At most so many of ``count`` indices, evenly spread, the first and the last among them; sorted."""
    if count <= most:
        return list(range(count))
    places: list[int] = torch.linspace(0, count - 1, most, dtype=torch.float64).round().long().tolist()
    return places
