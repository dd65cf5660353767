"""What is still to be paid from a moment on, read off what the policy makes of it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

OWN = 3
"""Tokens at the end of a gist that are the sentence's, the robot's own, and the survey of all."""


class Critic(nn.Module):
    """One number for each plan: what the rest of the episode will pay (VL-DAC's step-level value, arXiv 2508.04280).

    It reads the policy's gist without teaching it, and the time, which the policy does not know: an episode that ends
    by its limit then ends as expected. Its numbers are in units of the first returns that it was shown.

    Args:
        width: of a gist's tokens.
    """

    middle: Tensor
    unit: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear((1 + OWN) * width + 1, width), nn.GELU(), nn.Linear(width, width), nn.GELU(), nn.Linear(width, 1)
        )
        self.register_buffer("middle", torch.zeros(()))
        self.register_buffer("unit", torch.zeros(()))

    def forward(self, gist: Tensor, time: Tensor) -> Tensor:
        """Of gists ``(B, N, W)`` and times ``(B,)``, the share of the episode that is over: ``(B,)``."""
        read = gist.detach()
        seen = torch.cat([read.mean(1), read[:, -OWN:].flatten(1), time[:, None]], dim=1)
        told: Tensor = self.layers(seen).squeeze(1)
        return self.middle + self.unit * told

    def measure(self, returns: Tensor) -> None:
        """Take the units of returns ``(B,)``, the first time that it is told some."""
        if not self.unit:
            self.middle.copy_(returns.mean())
            self.unit.copy_(returns.std(unbiased=False).clamp(min=1e-6))

    def loss(self, told: Tensor, returns: Tensor) -> Tensor:
        """Squared error ``(B,)`` in its own units."""
        return ((told - returns) / self.unit).square()
