"""The side that a reward of single frames scores higher: a judge that needs nothing but the run's encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrl.errors import ConfigError
from vlmrl.preferences.judges.heron import Heron

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder


class ByEncoder(Heron):
    """The side that a reward of single frames scores higher; abstains where the scores are too near.

    What it prefers cannot be better than that reward; the nets smooth it, and forget its scale.

    Args:
        encoder: of the reward.
        by: a reward of single frames, with its own defaults.
        margin: under which it abstains, in deviations of the scores of all frames judged so far.

    Raises:
        UnknownName: no such reward.
        ConfigError: it reads no single frames, or the margin is below 0.
    """

    def __init__(self, encoder: Encoder, by: str = "goal_baseline", margin: float = 0.1) -> None:
        super().__init__(encoder, [by], margin)
        if self.privileged:
            raise ConfigError(f"reward.by={by}: is the simulator's; take reward.judge=oracle, which says so")
