"""What has changed since the start, compared with what should: the arithmetic of Grasp2Vec, on any encoder.

Grasp2Vec (Jang et al., CoRL 2018, arXiv 1811.06964) trains embeddings of scenes so that the scene before a grasp less
the scene after it is the object that was taken, and pays the cosine of that difference with the object's embedding.
This is a reconstruction without its training: the object's embedding is replaced by goal pictures less start pictures,
and differences too short to have a direction count for less.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import torch

from vlmrl.rewards._bases.embedding import between
from vlmrl.rewards._bases.pictures import PictureReward, Shown
from vlmrl.rewards.base import Sight
from vlmrl.types import Words

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder


def difference_score(images: torch.Tensor, goal: torch.Tensor, start: torch.Tensor, least: float) -> torch.Tensor:
    """``(s - b) . (g - b) / (max(|s - b|, least) |g - b|)``: the cosine of both differences, 0 where nothing changed.

    Args:
        images: ``(B, D)`` rows, s.
        goal: ``(D,)``, g.
        start: ``(D,)``, b, apart from ``goal``.
        least: length above 0 below which a difference counts in proportion to its length.

    Returns:
        ``(B,)`` in [-1, 1], in the dtype of ``images``.
    """
    change, wanted = images - start, goal - start
    score: torch.Tensor = change @ (wanted / wanted.norm()) / change.norm(dim=-1).clamp(min=least)
    return score


class Grasp2Vec(PictureReward):
    """The cosine between what changed since the start and what should change, by pictures of both; in [-1, 1].

    Several pictures of one side are averaged and the mean is brought back to length 1.

    Args:
        encoder: embeds frames and pictures.
        image: pictures of the goal: a file, several, or uint8 ``(H, W, 3)`` or ``(K, H, W, 3)``; None: whoever builds
            the reward beside a task draws the task's own goal states.
        start: pictures of where an episode starts, likewise.
        least: a change shorter than this, in an embedding of length 1, has no direction to go by and is paid in
            proportion to its length: without it, noise at the start would be paid in full.
        min_distance: goal and start whose cosine is above ``1 - min_distance`` give no direction and are refused.

    Raises:
        ConfigError: no picture, a file that holds none, or a number out of range.
    """

    pictures: ClassVar[Mapping[str, Sight]] = {"image": "goal", "start": "start"}
    low, high = -1.0, 1.0

    def __init__(
        self,
        encoder: Encoder,
        image: Shown = None,
        start: Shown = None,
        least: float = 0.1,
        min_distance: float = 0.005,
    ) -> None:
        super().__init__(encoder)
        self.least = between("reward.least", least, 1e-4, 2.0)
        self.min_distance = between("reward.min_distance", min_distance, 1e-6, 1.0)
        self._goal, self._start = self._line(image, start, self.min_distance)

    def _score(self, images: torch.Tensor, words: Words) -> torch.Tensor:
        return difference_score(images, self._goal, self._start, self.least)
