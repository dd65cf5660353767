"""Goal-baseline reward of VLM-RM (Rocamonde et al., ICLR 2024, arXiv 2310.12921).

The paper projects a frame's embedding with a D by D matrix; here the same number comes from two dot products.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from vlmrl.errors import ConfigError
from vlmrl.rewards._bases.embedding import EmbeddingReward, between
from vlmrl.types import Words

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder


def goal_baseline_score(images: torch.Tensor, goal: torch.Tensor, baseline: torch.Tensor, alpha: float) -> torch.Tensor:
    """``1 - |alpha P (s - g) + (1 - alpha) (s - g)|^2 / 2``, where P projects on the line from baseline to goal.

    Along the line all of ``s - g`` stays, across it ``1 - alpha`` of it, so the square is
    ``(1 - alpha)^2 |s - g|^2 + (1 - (1 - alpha)^2) ((s - g) . d)^2`` with d the line's direction.

    Args:
        images: ``(B, D)`` rows of length 1, s in the paper.
        goal: ``(D,)``, length 1, g in the paper.
        baseline: ``(D,)``, length 1, apart from ``goal``.
        alpha: in [0, 1].

    Returns:
        ``(B,)`` in [-1, 1], in the dtype of ``images``; at ``alpha=0`` the cosine with the goal.
    """
    off = images - goal
    line = goal - baseline
    along = off @ (line / line.norm())
    across = (1.0 - alpha) ** 2
    lost: torch.Tensor = across * off.square().sum(-1) + (1.0 - across) * along.square()
    return 1.0 - lost / 2.0


class GoalBaseline(EmbeddingReward):
    """How near a frame is to the goal words, seen along the line from the baseline words; in [-1, 1].

    Several sentences of one side are averaged and the mean is brought back to length 1.

    Args:
        encoder: embeds frames and sentences.
        alpha: in [0, 1]; 0 is the cosine with the goal, 1 counts only what lies along baseline to goal.
        min_distance: goal and baseline whose cosine is above ``1 - min_distance`` give no direction and are refused.

    Raises:
        ConfigError: alpha or min_distance out of range.
    """

    needs_baseline = True
    low, high = -1.0, 1.0

    def __init__(self, encoder: Encoder, alpha: float = 0.5, min_distance: float = 0.005) -> None:
        super().__init__(encoder)
        self.alpha = between("reward.alpha", alpha, 0.0, 1.0)
        self.min_distance = between("reward.min_distance", min_distance, 1e-6, 1.0)

    def check(self, words: Words) -> None:
        """Refuse words without a baseline, and a goal that this encoder cannot tell from the baseline."""
        super().check(words)
        apart = max(0.0, 1.0 - float(self._mean(words.goal) @ self._mean(words.baseline)))
        if apart < self.min_distance:
            raise ConfigError(
                f"goal={_said(words.goal)}, baseline={_said(words.baseline)}: are {apart:.4f} apart (1 - cosine) for "
                f"this encoder, too near to give a direction (reward.min_distance={self.min_distance}); name in the "
                "goal what a frame of the baseline lacks"
            )

    def _score(self, images: torch.Tensor, words: Words) -> torch.Tensor:
        return goal_baseline_score(images, self._mean(words.goal), self._mean(words.baseline), self.alpha)


def _said(sentences: tuple[str, ...]) -> str:
    return " + ".join(repr(sentence) for sentence in sentences)
