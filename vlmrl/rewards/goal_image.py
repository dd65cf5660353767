"""Likeness to pictures of the goal, plain or along the line from pictures of the start.

The formula is VLM-RM's (Rocamonde et al., ICLR 2024, arXiv 2310.12921) with pictures where it has sentences; that the
start's pictures stand for the baseline is a reconstruction, no paper's own formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from vlmrl.errors import ConfigError
from vlmrl.rewards._bases.embedding import between
from vlmrl.rewards._bases.pictures import PictureReward, Shown
from vlmrl.rewards.base import Sight
from vlmrl.rewards.cosine import cosine_score
from vlmrl.rewards.goal_baseline import goal_baseline_score
from vlmrl.types import Words

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder


class GoalImage(PictureReward):
    """The cosine between a frame and pictures of the goal; with alpha, along the line from the start; in [-1, 1].

    Several pictures of one side are averaged and the mean is brought back to length 1.

    Args:
        encoder: embeds frames and pictures.
        image: pictures of the goal: a file, several, or uint8 ``(H, W, 3)`` or ``(K, H, W, 3)``; None: whoever builds
            the reward beside a task draws the task's own goal states.
        start: pictures of where an episode starts, likewise; read where alpha is above 0.
        alpha: in [0, 1]; 0 is the cosine with the goal, 1 counts only what lies along start to goal.
        min_distance: goal and start whose cosine is above ``1 - min_distance`` give no direction and are refused.

    Raises:
        ConfigError: no picture, a file that holds none, a number out of range, or a start that nobody reads.
    """

    pictures: ClassVar[Mapping[str, Sight]] = {"image": "goal", "start": "start"}
    low, high = -1.0, 1.0

    def __init__(
        self,
        encoder: Encoder,
        image: Shown = None,
        start: Shown = None,
        alpha: float = 0.0,
        min_distance: float = 0.005,
    ) -> None:
        super().__init__(encoder)
        self.alpha = between("reward.alpha", alpha, 0.0, 1.0)
        self.min_distance = between("reward.min_distance", min_distance, 1e-6, 1.0)
        if start is not None and self.alpha == 0:
            raise ConfigError("reward.start: is not read while reward.alpha=0; set reward.alpha=0.5, or leave it out")
        if self.alpha > 0:
            self._goal, self._start = self._line(image, start, self.min_distance)
        else:
            self._goal = self._direction("image", image)

    @classmethod
    def missing_pictures(cls, settings: Mapping[str, Any]) -> dict[str, Sight]:
        """Which pictures these settings leave open; at ``alpha=0`` nobody looks at the start."""
        missing = super().missing_pictures(settings)
        if settings.get("alpha", 0) == 0:
            missing.pop("start", None)
        return missing

    def _score(self, images: torch.Tensor, words: Words) -> torch.Tensor:
        if self.alpha == 0:
            return cosine_score(images, self._goal)
        return goal_baseline_score(images, self._goal, self._start, self.alpha)
