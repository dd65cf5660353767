"""Keypoint affordance after KAGI (Lee et al., IROS 2025, arXiv 2407.10341): the gripper's progress along a planned way.

The paper's own formula could not be read: what stands here is a reconstruction from its abstract and page. Its mixing
rule (sparse success replaces the dense part) is the authors'.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from vlmrl.errors import ConfigError
from vlmrl.rewards._bases.embedding import between
from vlmrl.rewards.base import TrackReward
from vlmrl.types import Words

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder

HELD = ("moved", "closed", "never")
"""By what it is told that something was taken hold of."""
SUCCESS = ("there", "truth")
"""Who says that the task is done."""


def dense(share: NDArray[np.float64], off: NDArray[np.float64], stray: float, gap: float) -> NDArray[np.float64]:
    """``clip(share - stray * off, 0, 1 - gap)``: progress, less what lies beside the way.

    Args:
        share: of the way that is behind the robot, float64 ``(B,)``.
        off: its distance beside the way, in ways' lengths, likewise.
        stray: lambda, what distance from the way costs, in ways' lengths; not negative.
        gap: epsilon in (0, 1): so much less than success is the most that anybody gets on the way.
    """
    return np.clip(share - stray * off, 0.0, 1.0 - gap)


class Keypoints(TrackReward):
    """How far the robot has come along a way planned when the episode began; 1 at its end; in [0, 1].

    ``clip(s / D - stray * e / D, 0, 1 - gap)``, with s the length of the way behind the robot's own point, e its
    distance beside the way and D the way's length; 1 instead where the task counts as done (KAGI's mixing rule). The
    way is the task's own, from the simulator's geometry: privileged, an upper bound on what a planned way can do.

    Args:
        encoder: not asked; every reward is given one.
        stray: lambda, at least 0: what distance beside the way costs.
        gap: epsilon in [0.001, 0.5]: the most that the way pays is so much below success.
        held: when something that must be taken hold of counts as held: ``moved`` (it moved and the robot is at it),
            ``closed`` (the fingers are), ``never`` (nobody asks).
        success: what counts as done: ``there``, the robot at the way's end with all of it behind it; or ``truth``, the
            simulator's own, which makes the result privileged.

    Raises:
        ConfigError: a setting out of range.
    """

    reads_words = False
    low, high = 0.0, 1.0
    width: ClassVar[int] = 3
    planner: ClassVar[str] = "geometry"
    """Who makes the plans."""

    def __init__(
        self,
        encoder: Encoder,
        stray: float = 1.0,
        gap: float = 0.05,
        held: str = "moved",
        success: str = "there",
    ) -> None:
        self.encoder = encoder
        self.stray = between("reward.stray", stray, 0.0, 100.0)
        self.gap = between("reward.gap", gap, 0.001, 0.5)
        self.held, self.success = _one_of("held", held, HELD), _one_of("success", success, SUCCESS)

    @property
    def fingerprint(self) -> str:
        """A short hash of the formula and its settings."""
        identity = json.dumps([type(self).__name__, self._about()], sort_keys=True)
        return hashlib.sha256(identity.encode()).hexdigest()[:16]

    def _about(self) -> dict[str, Any]:
        """What the numbers depend on, as JSON knows it."""
        return {key: value for key, value in vars(self).items() if key != "encoder" and key[0] != "_"}

    def check(self, words: Words) -> None:
        """Take any words: none are read."""

    def score_tracks(self, tracks: NDArray[np.float32]) -> NDArray[np.float32]:
        """Score rows float32 ``(B, 3)`` (``COLUMNS`` of :mod:`vlmrl.keypoints.gauge`); float32 ``(B,)``."""
        share, off, there = np.moveaxis(tracks.astype(np.float64), -1, 0)
        return np.where(there > 0, 1.0, dense(share, off, self.stray, self.gap)).astype(np.float32)


def _one_of(key: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ConfigError(f"reward.{key}={value}: is not known; known: {', '.join(known)}")
    return value
