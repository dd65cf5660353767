"""An encoder that embeds each frame once: for many rewards and sentences asked of the same frames."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence

import torch

from vlmrl.encoders.base import Encoder, as_batch
from vlmrl.errors import ConfigError
from vlmrl.types import Frames


class Remembered(Encoder):
    """Gives what another encoder gives, and keeps it: an embedding depends on its frame alone.

    Args:
        encoder: does the work.
        max_bytes: memory for embeddings; beyond it the ones unused for longest are dropped.

    Attributes:
        embedded: frames that the encoder was asked for.

    Raises:
        ConfigError: ``max_bytes`` holds not one embedding.
    """

    def __init__(self, encoder: Encoder, max_bytes: int = 2**30) -> None:
        if max_bytes < 4 * encoder.dim:
            raise ConfigError(f"max_bytes={max_bytes}: must be {4 * encoder.dim} or more, one embedding takes as much")
        self._encoder, self._most = encoder, max_bytes // (4 * encoder.dim)
        self._kept: OrderedDict[bytes, torch.Tensor] = OrderedDict()
        self.embedded = 0
        self.dim, self.image_size, self.fingerprint = encoder.dim, encoder.image_size, encoder.fingerprint
        self.device, self.batch_size = encoder.device, encoder.batch_size

    def images(self, frames: Frames) -> torch.Tensor:
        """Embed uint8 ``(B, H, W, 3)`` frames as float32 ``(B, D)`` rows of length 1, each different frame once."""
        batch = as_batch(frames)
        shape = str(tuple(batch.shape[1:])).encode()
        pixels = batch.cpu().numpy()
        keys = [hashlib.blake2b(frame.tobytes(), digest_size=16, key=shape).digest() for frame in pixels]
        new = {key: row for row, key in enumerate(keys) if key not in self._kept}
        found = {key: self._kept[key] for key in keys if key in self._kept}
        if new:
            rows = list(new.values())
            found |= dict(zip(new, self._encoder.images(batch[rows]), strict=True))
            self.embedded += len(rows)
        for key in dict.fromkeys(keys):
            self._kept[key] = found[key]
            self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        if not keys:
            return self._encoder.images(batch)
        return torch.stack([found[key] for key in keys])

    def texts(self, sentences: Sequence[str]) -> torch.Tensor:
        """Embed K sentences as float32 ``(K, D)`` rows of length 1; the encoder remembers them itself."""
        return self._encoder.texts(sentences)

    def patches(self, frames: Frames, fine: int = 1) -> torch.Tensor:
        """Embed each place of frames, float32 ``(B, h, w, D)`` rows of length 1; too large to be kept."""
        return self._encoder.patches(frames, fine)

    def on_frame(self, maps: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        """Maps ``(B, h, w)`` of places on frames of ``size``, ``(B, height, width)``; NaN where those were cut off."""
        return self._encoder.on_frame(maps, size)
