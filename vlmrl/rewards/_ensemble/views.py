"""Frames seen in several crops, each embedded once by each encoder."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import torch

from vlmrl.encoders.base import as_batch
from vlmrl.errors import ConfigError
from vlmrl.rewards._bases.pictures import Shown, frames_of, several

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder

CROPS = {
    "whole": None,
    "centre": (0.5, 0.5),
    "top left": (0.0, 0.0),
    "bottom right": (1.0, 1.0),
    "top right": (0.0, 1.0),
    "bottom left": (1.0, 0.0),
}
"""Parts of a frame, by where what is cut off lies, down and across; more than one is taken in this order."""

KEPT, LEAST = 31 / 32, 2
"""Of each side of a frame, in a crop, and pixels that are cut off at least. Models that were trained on whole frames
hardly bear more: of sim-clip's corners of 7/8 some order states the other way round."""


class Views:
    """Frames uint8 ``(B, H, W, 3)`` whose crops are embedded once by each encoder."""

    def __init__(self, frames: torch.Tensor) -> None:
        self._frames = frames
        self._embedded: dict[tuple[int, str], torch.Tensor] = {}

    @property
    def fingerprint(self) -> str:
        """A short hash of the pixels."""
        told = str(tuple(self._frames.shape)).encode() + self._frames.cpu().numpy().tobytes()
        return hashlib.blake2b(told, digest_size=16).hexdigest()

    def cut(self, crop: str) -> torch.Tensor:
        """A crop of each frame; the encoder brings it to its size."""
        place = CROPS[crop]
        if place is None:
            return self._frames
        sides = self._frames.shape[1:3]
        kept = [max(1, min(round(side * KEPT), side - LEAST)) for side in sides]
        down, across = (round((side - keep) * share) for side, keep, share in zip(sides, kept, place, strict=True))
        return self._frames[:, down : down + kept[0], across : across + kept[1]].contiguous()

    def embedded(self, encoder: Encoder, crop: str) -> torch.Tensor:
        """Rows ``(B, D)`` of length 1 for a crop."""
        key = id(encoder), crop
        if key not in self._embedded:
            self._embedded[key] = encoder.images(self.cut(crop))
        return self._embedded[key]


def reference(shown: Shown) -> torch.Tensor:
    """The reference frames, uint8 ``(R, H, W, 3)``.

    Raises:
        ConfigError: there is none, a file cannot be read, they differ in size, or are fewer than two.
        ShapeError: an array that holds no frames.
    """
    key, found = "reward.frames", []
    for one in several(key, shown, film=True):
        film = frames_of(one, key)
        found.append(as_batch(film[None] if film.ndim == 3 else film))
    if len({tuple(one.shape[1:]) for one in found}) > 1:
        raise ConfigError(f"{key}: are of {len({tuple(one.shape[1:]) for one in found})} sizes; show them in one")
    frames = torch.cat(found)
    if len(frames) < 2:
        raise ConfigError(f"{key}: is one frame, over which no deviation can be measured; show a film, or several")
    return frames
