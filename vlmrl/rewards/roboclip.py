"""How like a film is to a sentence, or to one film of the task: RoboCLIP (Sontakke et al., NeurIPS 2023).

arXiv 2310.07899. The paper embeds a whole episode with S3D, a network for video, and pays the dot product with the
embedding of a sentence or of one demonstration at the episode's end. This is a reconstruction for encoders of single
frames: a film's embedding is the mean of its frames', brought to length 1. Such a mean does not know in which order the
frames came.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch.nn.functional import normalize

from vlmrl.rewards._bases.clips import EmbeddingClip, evenly
from vlmrl.rewards._bases.embedding import whole
from vlmrl.rewards._bases.pictures import Shown
from vlmrl.rewards.base import Sight
from vlmrl.types import Words

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder

FAINT = 1e-4
"""A mean of embeddings that is shorter points nowhere."""


def film_embedding(film: torch.Tensor) -> torch.Tensor:
    """One direction ``(D,)`` for embeddings ``(T, D)`` of frames; NaN where they cancel."""
    mean = film.mean(0)
    return torch.where(mean.norm() > FAINT, normalize(mean, dim=0), torch.nan)


class RoboClip(EmbeddingClip):
    """The cosine between a whole film and the goal sentences, or films of the task; in [-1, 1].

    An episode is paid once, on its last step. The goal sentences, or several films, are averaged.

    Args:
        encoder: embeds frames and sentences.
        film: a film of the task being done, which then stands in for the sentences: a file, several, or uint8
            ``(T, H, W, 3)`` or ``(K, T, H, W, 3)``; None: the goal sentences.
        frames: of a film that are looked at, evenly spread; 1 to 1024.

    Raises:
        ConfigError: a film that cannot be read or has one frame alone, films that cancel, or a number out of range.
    """

    pictures: ClassVar[Mapping[str, Sight]] = {"film": "way"}
    low, high = -1.0, 1.0

    def __init__(self, encoder: Encoder, film: Shown = None, frames: int = 32) -> None:
        super().__init__(encoder)
        self.frames = whole("reward.frames", frames, 1, 1024)
        self.reads_words = film is None
        self._film: torch.Tensor | None = None
        if film is not None:
            films = self._films("film", film, 2)
            directions = [film_embedding(one[evenly(len(one), self.frames)]) for one in films]
            self._film = film_embedding(torch.stack(directions))

    @classmethod
    def missing_pictures(cls, settings: Mapping[str, Any]) -> dict[str, Sight]:
        """None: without a film it reads the sentences."""
        return {}

    def _worth(self, film: torch.Tensor, words: Words) -> torch.Tensor:
        wanted = self._mean(words.goal) if self._film is None else self._film
        return film_embedding(film) @ wanted
