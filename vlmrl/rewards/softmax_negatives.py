"""The probability of the goal among negative sentences (Baumli et al. 2023, arXiv 2312.09187)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from vlmrl.rewards._bases.embedding import EmbeddingReward, between
from vlmrl.types import Words

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder


def softmax_score(images: torch.Tensor, goal: torch.Tensor, negatives: torch.Tensor, tau: float) -> torch.Tensor:
    """``exp(s . g / tau) / (exp(s . g / tau) + sum_k exp(s . n_k / tau))``.

    Args:
        images: ``(B, D)`` rows of length 1.
        goal: ``(D,)``, length 1.
        negatives: ``(K, D)`` rows of length 1.
        tau: temperature above 0, in units of cosine.

    Returns:
        ``(B,)`` in [0, 1], in the dtype of ``images``.
    """
    sentences = torch.cat([goal[None], negatives])
    return torch.softmax(images @ sentences.T / tau, dim=-1)[:, 0]


class SoftmaxNegatives(EmbeddingReward):
    """How probable the goal is for a frame, among the negative sentences; in [0, 1].

    The goal sentences are averaged and compete as one; each negative competes alone. The baseline is not read.

    Args:
        encoder: embeds frames and sentences.
        tau: temperature of the softmax; 0.01 is what CLIP was trained to. Smaller is nearer to yes or no.
        threshold: None gives the probability; a number in [0, 1] gives 1 where the probability lies above it, else 0,
            the paper's sparse reward, which is harder to exploit.

    Raises:
        ConfigError: tau or threshold out of range.
    """

    needs_negative = True
    low, high = 0.0, 1.0

    def __init__(self, encoder: Encoder, tau: float = 0.01, threshold: float | None = None) -> None:
        super().__init__(encoder)
        self.tau = between("reward.tau", tau, 1e-4, 100.0)
        self.threshold = None if threshold is None else between("reward.threshold", threshold, 0.0, 1.0)

    def _score(self, images: torch.Tensor, words: Words) -> torch.Tensor:
        probable = softmax_score(images, self._mean(words.goal), self.encoder.texts(words.negative), self.tau)
        return probable if self.threshold is None else (probable > self.threshold).to(probable.dtype)
