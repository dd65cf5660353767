"""Eyes: pictures to tokens that the sentence has had its say in, by a small tower that learns or a frozen large one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vlmrl.agents.vla.settings import Form
from vlmrl.encoders.base import Encoder
from vlmrl.types import Array

CHANNELS = (24, 48, 64)
STRIDES = (2, 2, 1)
"""Of the small tower's stages: 64x64 pixels become 16x16 places."""

LOOKS = 16
"""Where in a picture the small tower looks: a token for each."""
SHARP = 10.0
"""How much sharper than layers usually begin its looks are at first. A look that begins everywhere at once sees the
mean of the picture, and hardly learns from it where a thing of five pixels is."""


class Film(nn.Module):
    """Scales and shifts of C channels, told by the sentence (Perez et al., AAAI 2018, arXiv 1709.07871).

    It begins as if nothing were said.
    """

    def __init__(self, words: int, channels: int) -> None:
        super().__init__()
        self.told = nn.Linear(words, 2 * channels)
        nn.init.zeros_(self.told.bias)
        with torch.no_grad():
            self.told.weight.mul_(0.1)

    def forward(self, values: Tensor, words: Tensor) -> Tensor:
        """``(B, C, ...)``, each row by its words ``(B, W)``."""
        scale, shift = self.told(words).unflatten(1, (2, -1)).unbind(1)
        ones = [1] * (values.ndim - 2)
        moved: Tensor = values * (1 + scale.view(*scale.shape, *ones)) + shift.view(*shift.shape, *ones)
        return moved


class Eye(nn.Module, ABC):
    """One camera's way to tokens.

    Attributes:
        places: tokens of a picture.
    """

    places: int

    @abstractmethod
    def prepare(self, frames: Array) -> Array:
        """What is kept of uint8 ``(B, H, W, 3)`` frames to learn from, ``(B, ...)``, all that never changes done."""

    @abstractmethod
    def forward(self, prepared: Tensor, words: Tensor) -> Tensor:
        """Tokens ``(B, places, W)`` of what was prepared, read with words ``(B, W)``."""


class SmallEye(Eye):
    """Three convolutions with text modulation after each, then :data:`LOOKS` places that it looks at, softly.

    A look is where a map of attention has its mean (as Finn et al.'s feature points, ICRA 2016, arXiv 1509.06113) and
    what is there: finer than a pixel, and few tokens. Two channels beside the colours say where a pixel is.
    """

    where: Tensor
    ways: Tensor

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.register_buffer("where", _grid(*form.size), persistent=False)
        sizes = (5, *CHANNELS)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, 3, stride, 1)
            for before, after, stride in zip(sizes, CHANNELS, STRIDES, strict=False)
        )
        self.norms = nn.ModuleList(nn.GroupNorm(8, channels) for channels in CHANNELS)
        self.films = nn.ModuleList(Film(form.width, channels) for channels in CHANNELS)
        self.look = nn.Conv2d(CHANNELS[-1], LOOKS, 1)
        with torch.no_grad():
            self.look.weight.mul_(SHARP)
        self.leave = nn.Linear(CHANNELS[-1] + 2, form.width)
        height, width = (-(-side // 4) for side in form.size)
        self.register_buffer("ways", _grid(height, width)[0].flatten(1).T.contiguous(), persistent=False)
        self.places = LOOKS

    def prepare(self, frames: Array) -> Array:
        """The frames themselves."""
        return frames

    def forward(self, prepared: Tensor, words: Tensor) -> Tensor:
        """Of uint8 ``(B, H, W, 3)``."""
        pixels = prepared.permute(0, 3, 1, 2).float() / 127.5 - 1
        values = torch.cat([pixels, self.where.expand(len(pixels), -1, -1, -1)], dim=1)
        for convolution, norm, film in zip(self.convolutions, self.norms, self.films, strict=True):
            values = F.relu(film(norm(convolution(values)), words))
        attention = self.look(values).flatten(2).float().softmax(-1)
        there = torch.cat([values.flatten(2).transpose(1, 2), self.ways.expand(len(values), -1, -1)], dim=-1)
        tokens: Tensor = self.leave(attention @ there.float())
        return tokens


def _grid(height: int, width: int) -> Tensor:
    """Where each of ``(height, width)`` places is, down and right, from -1 to 1: ``(1, 2, height, width)``."""
    sides = torch.linspace(-1, 1, height), torch.linspace(-1, 1, width)
    return torch.stack(torch.meshgrid(*sides, indexing="ij"))[None]


class FrozenEye(Eye):
    """An encoder's own features of each place, frozen, then a layer that learns, with text modulation before and after.

    Args:
        form: of the policy.
        encoder: one that has features of places.
    """

    def __init__(self, form: Form, encoder: Encoder) -> None:
        super().__init__()
        self._encoder: Any = encoder  # not a module of ours: it is neither learned nor saved
        shape = encoder.patches(np.zeros((1, *form.size, 3), np.uint8)).shape
        self.places = int(shape[1] * shape[2])
        self.enter = nn.Linear(int(shape[3]), form.width)
        self.films = nn.ModuleList(Film(form.width, form.width) for _ in range(2))
        self.leave = nn.Linear(form.width, form.width)

    def prepare(self, frames: Array) -> Array:
        """The encoder's features, float16 ``(B, places, D)``, of root mean square 1."""
        found = self._encoder.patches(frames).flatten(1, 2)
        return np.asarray((found * found.shape[-1] ** 0.5).half().cpu().numpy())

    def forward(self, prepared: Tensor, words: Tensor) -> Tensor:
        """Of float16 ``(B, places, D)``."""
        values = self.enter(prepared.float()).transpose(1, 2)
        values = F.gelu(self.films[0](values, words)).transpose(1, 2)
        values = self.leave(values).transpose(1, 2)
        tokens: Tensor = self.films[1](values, words).transpose(1, 2)
        return tokens


def prepare(eye: nn.Module, frames: Array) -> Array:
    """What an eye out of a list of modules, which forgets that it is one, keeps of frames."""
    if not isinstance(eye, Eye):
        raise TypeError(f"{type(eye).__name__} is no eye")
    return eye.prepare(frames)


def eye_of(form: Form, encoder: Encoder | None = None) -> Eye:
    """The eye of a form; ``encoder`` is that of its backbone, if it has one."""
    return SmallEye(form) if encoder is None else FrozenEye(form, encoder)
