"""VIP's value (Ma et al., ICLR 2023, arXiv 2210.00030) on any encoder: minus the distance from the goal's embedding.

``V(o; g) = -|phi(o) - phi(g)|``, and VIP's reward for a step is ``V(o'; g) - V(o; g)``: ``shaping=delta`` pays that.
Embeddings are brought to length 1 here, which VIP's own are not, so that the range is known. LIV (Ma et al., ICML 2023,
arXiv 2306.00958) takes the cosine times ``1 / (1 - gamma)`` for its value; ``goal_image`` and ``cosine`` give that
without the factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import torch

from vlmrl.rewards._bases.pictures import PictureReward, Shown
from vlmrl.rewards.base import Sight
from vlmrl.types import Words

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder


def vip_value(images: torch.Tensor, goal: torch.Tensor) -> torch.Tensor:
    """Minus the Euclidean distance of each of ``(B, D)`` rows of length 1 from ``goal (D,)``; ``(B,)`` in [-2, 0]."""
    value: torch.Tensor = -(images - goal).norm(dim=-1)  # not from the cosine: near the goal that would lose digits
    return value


class Vip(PictureReward):
    """Minus a frame's distance from pictures of the goal, VIP's value; `shaping=delta` pays its rise; in [-2, 0].

    Several pictures are averaged and the mean is brought back to length 1.

    Args:
        encoder: embeds frames and pictures.
        image: pictures of the goal: a file, several, or uint8 ``(H, W, 3)`` or ``(K, H, W, 3)``; None: whoever builds
            the reward beside a task draws the task's own goal states.

    Raises:
        ConfigError: no picture, or a file that holds none.
    """

    pictures: ClassVar[Mapping[str, Sight]] = {"image": "goal"}
    low, high = -2.0, 0.0

    def __init__(self, encoder: Encoder, image: Shown = None) -> None:
        super().__init__(encoder)
        self._goal = self._direction("image", image)

    def _score(self, images: torch.Tensor, words: Words) -> torch.Tensor:
        return vip_value(images, self._goal)
