"""The place in a frame that looks most as the words say, by the encoder's dense features.

The features are CLIP's without its pooling, as MaskCLIP takes them (Zhou, Loy and Dai, ECCV 2022, arXiv 2112.01071); a
reward from their soft maximum is ours.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from vlmrl.rewards._bases.embedding import EmbeddingReward, between, whole
from vlmrl.types import Frames, Words

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder


def soft_largest(cosines: torch.Tensor, tau: float) -> torch.Tensor:
    """``tau log(mean_p exp(c_p / tau))``: the mean of all places at a large tau, the largest at a small one.

    It rises wherever one of them rises, which a mean weighted by a softmax would not.

    Args:
        cosines: ``(B, P)`` of P places.
        tau: temperature, in units of cosine; 0 is the largest itself.

    Returns:
        ``(B,)`` between the mean and the largest.
    """
    if tau == 0:
        return cosines.amax(-1)
    return tau * (torch.logsumexp(cosines / tau, dim=-1) - math.log(cosines.shape[-1]))


class Patches(EmbeddingReward):
    """How well the place of a frame that fits the goal sentences best fits them; in [-1, 1].

    The goal sentences are averaged. Baseline and negatives are not read.

    Args:
        encoder: embeds sentences, and the places of frames.
        tau: temperature of the soft maximum over places, in units of cosine; 0 takes the best place alone.
        fine: how many times finer than the encoder's own the grid of places is, along each side; costs its square.

    Raises:
        ConfigError: the encoder has no dense features, or a number is out of range.
    """

    reads_places = True
    low, high = -1.0, 1.0

    def __init__(self, encoder: Encoder, tau: float = 0.05, fine: int = 1) -> None:
        super().__init__(encoder)
        self.tau = between("reward.tau", tau, 0.0, 100.0)
        self.fine = whole("reward.fine", fine, 1, 16)
        encoder.patches(torch.zeros((0, *encoder.image_size, 3), dtype=torch.uint8))  # refuses one that has none

    def _read(self, frames: Frames) -> torch.Tensor:
        return self.encoder.patches(frames, self.fine).flatten(1, 2)

    def _score(self, images: torch.Tensor, words: Words) -> torch.Tensor:
        places = images if images.ndim == 3 else images[:, None]  # a whole picture is one place
        return soft_largest(places @ self._mean(words.goal), self.tau)
