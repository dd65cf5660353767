"""Rows that are computed once for each different frame: for many rewards and sentences asked of the same frames."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence

import torch

from vlmrl.encoders.base import Encoder, as_batch
from vlmrl.errors import ConfigError
from vlmrl.types import Frames


class FrameRows:
    """Keeps the row that each frame gave; a row depends on its frame alone.

    Args:
        compute: from frames uint8 ``(B, H, W, 3)`` to rows ``(B, D)``.
        most: rows kept; beyond it the ones unused for longest are dropped.

    Attributes:
        computed: frames that were asked for.
    """

    def __init__(self, compute: Callable[[torch.Tensor], torch.Tensor], most: int) -> None:
        self._compute, self._most = compute, most
        self._kept: OrderedDict[bytes, torch.Tensor] = OrderedDict()
        self.computed = 0

    def __call__(self, frames: Frames) -> torch.Tensor:
        """The rows ``(B, D)`` of uint8 ``(B, H, W, 3)`` frames, each different one computed once.

        Raises:
            ShapeError: not such frames.
        """
        batch = as_batch(frames)
        shape = str(tuple(batch.shape[1:])).encode()
        pixels = batch.cpu().numpy()
        keys = [hashlib.blake2b(frame.tobytes(), digest_size=16, key=shape).digest() for frame in pixels]
        new = {key: row for row, key in enumerate(keys) if key not in self._kept}
        found = {key: self._kept[key] for key in keys if key in self._kept}
        if new:
            rows = list(new.values())
            found |= dict(zip(new, self._compute(batch[rows]), strict=True))
            self.computed += len(rows)
        for key in dict.fromkeys(keys):
            self._kept[key] = found[key]
            self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        if not keys:
            return self._compute(batch)
        return torch.stack([found[key] for key in keys])


class Remembered(Encoder):
    """Gives what another encoder gives, and keeps it: an embedding depends on its frame alone.

    Args:
        encoder: does the work.
        max_bytes: memory for embeddings; beyond it the ones unused for longest are dropped.

    Raises:
        ConfigError: ``max_bytes`` holds not one embedding.
    """

    def __init__(self, encoder: Encoder, max_bytes: int = 2**30) -> None:
        if max_bytes < 4 * encoder.dim:
            raise ConfigError(f"max_bytes={max_bytes}: must be {4 * encoder.dim} or more, one embedding takes as much")
        self._encoder = encoder
        self._rows = FrameRows(encoder.images, max_bytes // (4 * encoder.dim))
        self.dim, self.image_size, self.fingerprint = encoder.dim, encoder.image_size, encoder.fingerprint
        self.device, self.batch_size = encoder.device, encoder.batch_size

    @property
    def embedded(self) -> int:
        """Frames that the encoder was asked for."""
        return self._rows.computed

    def images(self, frames: Frames) -> torch.Tensor:
        """Embed uint8 ``(B, H, W, 3)`` frames as float32 ``(B, D)`` rows of length 1, each different frame once."""
        return self._rows(frames)

    def texts(self, sentences: Sequence[str]) -> torch.Tensor:
        """Embed K sentences as float32 ``(K, D)`` rows of length 1; the encoder remembers them itself."""
        return self._encoder.texts(sentences)

    def patches(self, frames: Frames, fine: int = 1) -> torch.Tensor:
        """Embed each place of frames, float32 ``(B, h, w, D)`` rows of length 1; too large to be kept."""
        return self._encoder.patches(frames, fine)

    def on_frame(self, maps: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        """Maps ``(B, h, w)`` of places on frames of ``size``, ``(B, height, width)``; NaN where those were cut off."""
        return self._encoder.on_frame(maps, size)
