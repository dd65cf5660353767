"""What the cosine between a frame and a caption should be: pinned over its whole range, not only ranked."""

from __future__ import annotations

import torch
from torch import Tensor

HIGH, LOW = 0.55, -0.35
"""The cosine where a caption is true, and where the state is as far from it as can be.

Further apart they cannot all be had at once: a frame's vector has length 1, and must answer to several independent
facts and to several places along each. Asked for 0.9 and -0.7, the best vectors that there are, free of any network,
flatten the last tenth of the way to a goal to a quarter of its slope (cart-pole); asked for these, they keep 97 %.
"""
NEUTRAL = 0.2
"""The cosine of a caption that is true of every frame."""
NEUTRAL_UNSEEN = -0.2
"""The same where the robot is out of view."""


def cosines(near: Tensor, seen: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """The cosine that each frame should have with each caption of its own domain.

    Args:
        near: float32 ``(B, V)`` in [0, 1], nearness to every value.
        seen: float32 ``(B,)`` in [0, 1], how much of the robot is in view.
        first: int64 ``(M,)``, the value that each caption says; -1 in a neutral caption, which says none.
        second: int64 ``(M,)``, the second value that it says; -1 for none.

    Returns:
        float32 ``(B, M)`` in [-0.35, 0.55]. Two values are a conjunction: their nearness is the product.
    """
    one = torch.ones_like(near[:, :1])
    padded = torch.cat([near, one], dim=1)  # index -1 reads the last column: true of everything
    close = padded[:, first] * padded[:, second] * seen[:, None]
    goal = LOW + (HIGH - LOW) * close
    neutral = NEUTRAL_UNSEEN + (NEUTRAL - NEUTRAL_UNSEEN) * seen
    return torch.where((first < 0)[None, :], neutral[:, None], goal)
