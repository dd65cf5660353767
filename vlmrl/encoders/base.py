"""What every encoder promises: frames and sentences as unit vectors in one space."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vlmrl.errors import ConfigError, ShapeError
from vlmrl.types import Frames

if TYPE_CHECKING:
    import torch


class Encoder(ABC):
    """An image tower and a text tower that meet in one space.

    Attributes:
        dim: length D of an embedding.
        image_size: ``(height, width)`` in pixels that the image tower reads; render at this size to avoid resizing.
        fingerprint: a short hash of weights, preprocessing and precision; equal fingerprints mean equal embeddings.
        device: where the towers live.
        batch_size: frames that go through the image tower at once; more are cut up.
    """

    dim: int
    image_size: tuple[int, int]
    fingerprint: str
    device: torch.device
    batch_size: int = 256

    @abstractmethod
    def images(self, frames: Frames) -> torch.Tensor:
        """Embed uint8 ``(B, H, W, 3)`` frames as float32 ``(B, D)`` rows of length 1, on this encoder's device.

        A frame's row does not depend on its batch (to 1e-5 in fp32). ``B`` may be 0.

        Raises:
            ShapeError: not uint8, or not ``(B, H, W, 3)``.
        """

    @abstractmethod
    def texts(self, sentences: Sequence[str]) -> torch.Tensor:
        """Embed K sentences as float32 ``(K, D)`` rows of length 1, on this encoder's device; remembered once computed.

        Raises:
            ConfigError: a sentence is empty, or longer than the text tower's context.
        """

    def patches(self, frames: Frames, fine: int = 1) -> torch.Tensor:
        """Embed each place of uint8 ``(B, H, W, 3)`` frames: float32 ``(B, h, w, D)``, rows of length 1.

        Args:
            frames: as for :meth:`images`.
            fine: how many times finer than the tower's own grid, along each side; costs ``fine ** 2`` times as much.

        Raises:
            ConfigError: this encoder has no dense features, or ``fine`` is no whole number from 1 to 16.
            ShapeError: as for :meth:`images`.
        """
        raise ConfigError(f"encoder: {type(self).__name__} has no dense features; take a model of open_clip")

    def similarity(
        self, frames: Frames, sentences: Sequence[str], fine: int = 1, *, pixels: bool = False
    ) -> torch.Tensor:
        """Where in frames it looks as sentences say: the cosine of each place with the mean of the sentences.

        Args:
            frames: uint8 ``(B, H, W, 3)``.
            sentences: one or several, which are averaged.
            fine: as for :meth:`patches`.
            pixels: brought to the size of the frames, linear between places; NaN where the encoder cut the frame off.

        Returns:
            float32 ``(B, h, w)``, or ``(B, H, W)`` of pixels, in [-1, 1].

        Raises:
            ConfigError: there is no sentence, or what :meth:`patches` and :meth:`texts` refuse.
            ShapeError: as for :meth:`images`.
        """
        from torch.nn.functional import normalize

        if not sentences:
            raise ConfigError("sentences=[]: say what to look for, such as ['a red block']")
        batch = as_batch(frames)
        maps = self.patches(batch, fine) @ normalize(self.texts(sentences).mean(0), dim=0)
        return self.on_frame(maps, (batch.shape[1], batch.shape[2])) if pixels else maps

    def on_frame(self, maps: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        """Maps ``(B, h, w)`` of :meth:`patches`'s places on frames of ``size``, float32 ``(B, height, width)``.

        Raises:
            ConfigError: this encoder has no dense features.
        """
        raise ConfigError(f"encoder: {type(self).__name__} has no dense features; take a model of open_clip")


def as_batch(frames: Frames) -> torch.Tensor:
    """Frames as one uint8 ``(B, H, W, 3)`` tensor, where they are, copied only if torch cannot read them in place.

    Args:
        frames: NumPy or torch, contiguous or not.

    Raises:
        ShapeError: not uint8, not ``(B, H, W, 3)``, or without a pixel.
    """
    import numpy as np
    import torch

    if not isinstance(frames, (np.ndarray, torch.Tensor)):
        raise ShapeError(
            f"frames {type(frames).__name__}: must be one NumPy array or torch tensor; np.stack(frames) makes one"
        )
    kind = str(frames.dtype).removeprefix("torch.")
    if kind != "uint8":
        raise ShapeError(
            f"frames {kind}: must be uint8, levels 0 to 255; floats in [0, 1] without NaN become "
            "(255 * frames).round().astype('uint8')"
        )
    if frames.ndim != 4 or frames.shape[-1] != 3 or 0 in frames.shape[1:]:
        raise ShapeError(f"frames {tuple(frames.shape)}: must be (B, H, W, 3), RGB with the channels last")
    if isinstance(frames, torch.Tensor):
        return frames
    # torch reads no negative strides, and warns of what may not be written to.
    whole = frames if frames.flags.writeable and min(frames.strides) >= 0 else frames.copy()
    return torch.from_numpy(whole)
