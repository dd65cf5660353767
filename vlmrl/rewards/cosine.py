"""The plain cosine between frame and goal: the reward that every other one is compared with."""

from __future__ import annotations

import torch

from vlmrl.rewards._bases.embedding import EmbeddingReward
from vlmrl.types import Words


def cosine_score(images: torch.Tensor, goal: torch.Tensor) -> torch.Tensor:
    """The cosine of each of ``(B, D)`` rows of length 1 with ``goal (D,)`` of length 1; ``(B,)`` in [-1, 1]."""
    return images @ goal


class Cosine(EmbeddingReward):
    """The cosine between a frame and the mean of the goal sentences; in [-1, 1]. Baseline and negatives are not read.

    Args:
        encoder: embeds frames and sentences.
    """

    low, high = -1.0, 1.0

    def _score(self, images: torch.Tensor, words: Words) -> torch.Tensor:
        return cosine_score(images, self._mean(words.goal))
