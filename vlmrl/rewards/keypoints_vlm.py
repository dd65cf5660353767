"""Keypoint affordance with a vision-language model as planner, as KAGI has it (arXiv 2407.10341)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from vlmrl.rewards._bases.embedding import between
from vlmrl.rewards.keypoints import Keypoints

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder


class KeypointsVlm(Keypoints):
    """How far the robot has come along a way that a vision-language model planned from the first picture; in [0, 1].

    The pay is that of ``keypoints``. The way is asked from an endpoint of OpenAI's protocol, with numbered points and a
    grid on the picture, several times, and the answers are put to the vote.

    Args:
        encoder: not asked; every reward is given one.
        endpoint: ``base_url`` and ``model``; also ``timeout`` and ``retries``, ``temperature``, ``samples`` for the
            vote, ``cache``, a folder for answers. The key is in the environment variable ``VLMRL_API_KEY``, if any.
        stray, gap, held, success: as in ``keypoints``.
        near: in [0.001, 1]: how near to the way's end counts as there [m].
        above: in [0, 1]: how far above the target is clear of all things [m].

    Raises:
        ConfigError: a setting out of range.
    """

    reads_words = needs_endpoint = True
    planner: ClassVar[str] = "vlm"

    def __init__(
        self,
        encoder: Encoder,
        endpoint: Mapping[str, Any] | None = None,
        stray: float = 1.0,
        gap: float = 0.05,
        held: str = "closed",
        success: str = "there",
        near: float = 0.03,
        above: float = 0.1,
    ) -> None:
        super().__init__(encoder, stray, gap, held, success)
        self.endpoint = dict(endpoint or {})
        self.near = between("reward.near", near, 0.001, 1.0)
        self.above = between("reward.above", above, 0.0, 1.0)

    def _about(self) -> dict[str, Any]:
        lasting = {key: self.endpoint.get(key) for key in ("base_url", "model", "temperature", "samples")}
        return super()._about() | {"endpoint": lasting}  # how often it is asked again changes no answer
