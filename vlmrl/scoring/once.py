"""Score frames in one call, for a notebook or a script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlmrl import encoders, rewards
from vlmrl.encoders.base import Encoder
from vlmrl.scoring.scorer import Scorer
from vlmrl.types import Frames, Words


def score(
    frames: Frames,
    words: Words | Sequence[Words] | str,
    reward: str = "goal_baseline",
    encoder: str | Encoder = "sim_clip",
    **settings: Any,
) -> NDArray[np.float32]:
    """Score frames against words; higher is nearer to the goal.

    Args:
        frames: uint8 ``(B, H, W, 3)`` or ``(T, N, H, W, 3)``, RGB; NumPy or torch on any device.
        words: one set for all frames or one per frame; a plain string is a goal alone.
        reward: the name of a reward model, as ``vlmrl list rewards`` shows.
        encoder: the name of an encoder, any model that open_clip knows, or one that was built before. The last four
            that were built by name stay in memory.
        settings: keywords of the reward model, such as ``alpha=0.7``.

    Returns:
        float32 ``(B,)`` or ``(T, N)``.

    Raises:
        UnknownName: no such reward or encoder.
        ConfigError: a setting out of range, or words that the reward cannot score.
        ShapeError: frames of another shape or dtype.
        WeightsMissing: the encoder's weights are not here and cannot be downloaded.
    """
    built = encoders.kept(encoder) if isinstance(encoder, str) else encoder
    model = rewards.taught(reward, built, **settings)
    return Scorer(model).frames(frames, Words.of(words) if isinstance(words, str) else words)
