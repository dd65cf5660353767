"""Keypoint affordance, planned where the encoder's map of the first picture peaks; after KAGI (arXiv 2407.10341)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from vlmrl.errors import ConfigError
from vlmrl.rewards._bases.embedding import between
from vlmrl.rewards.keypoints import Keypoints

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder

LEAST = 4
"""Places along each side of a map that can be read."""


class KeypointsMap(Keypoints):
    """How far the robot has come along a way planned where the encoder sees named parts at the start; in [0, 1].

    The pay is that of ``keypoints``. What is not clearly somewhere in the first picture is an abstention, and nobody is
    paid for it.

    Args:
        encoder: looks at the first picture of each episode.
        look: what is looked for and how: ``target``, which cannot be left out, ``grasp``, ``height``, ``above``,
            ``window``, ``fine`` and ``stands_out``, as in :class:`vlmrl.keypoints.sight.Seek`.
        stray, gap, success: as in ``keypoints``.
        held: ``closed`` (the fingers are) or ``never``; nobody follows what was seen in one picture.
        near: in [0.001, 1]: how near to the way's end counts as there [m].

    Raises:
        ConfigError: a setting out of range, or dense features of fewer than 4 x 4 places.
    """

    planner: ClassVar[str] = "map"

    def __init__(
        self,
        encoder: Encoder,
        look: Mapping[str, Any] | None = None,
        stray: float = 1.0,
        gap: float = 0.05,
        held: str = "closed",
        success: str = "there",
        near: float = 0.03,
    ) -> None:
        super().__init__(encoder, stray, gap, held, success)
        self.look = dict(look or {})
        self.near = between("reward.near", near, 0.001, 1.0)
        if held == "moved":
            raise ConfigError("reward.held=moved: nobody follows what was seen in one picture; take closed or never")
        if self.look and self.look.get("window", 0) is None:
            fine = int(self.look.get("fine", 1))
            tall, wide = encoder.patches(np.zeros((1, *encoder.image_size, 3), np.uint8), fine).shape[1:3]
            if min(tall, wide) < LEAST:
                raise ConfigError(
                    f"reward.look.fine={fine}: this encoder's map then has {tall} x {wide} places, of {LEAST} x "
                    f"{LEAST} that a peak needs; raise it, or take windows of the picture (reward.look.window=0.25)"
                )

    def _about(self) -> dict[str, Any]:
        return super()._about() | {"encoder": self.encoder.fingerprint}
