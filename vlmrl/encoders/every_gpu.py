"""A model of open_clip on every GPU of the machine, each of which embeds its share of the frames."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from vlmrl.encoders.base import Encoder, as_batch
from vlmrl.encoders.open_clip import OpenClip, Precision
from vlmrl.errors import ConfigError
from vlmrl.types import Frames


class EveryGpu(Encoder):
    """Like :class:`~vlmrl.encoders.open_clip.OpenClip`, on several devices: ``encoder.family=every_gpu``.

    A frame's row does not depend on its batch, so the rows are those of one device. Kernels are queued, not waited for:
    one thread keeps all devices at work.

    Args:
        model, precision, batch_size, compile: as for ``OpenClip``; ``batch_size`` is of each device.
        device: ``auto`` is every CUDA device, or what torch calls devices, such as ``[cuda:0, cuda:2]``. Sentences are
            embedded on the first, and all rows end there.

    Raises:
        WeightsMissing: as for ``OpenClip``.
        ConfigError: as for ``OpenClip``; or there is no CUDA device to find.
    """

    def __init__(
        self,
        model: str,
        precision: Precision = "auto",
        device: str | Sequence[str] = "auto",
        batch_size: int = 256,
        compile: bool = False,
    ) -> None:
        if device == "auto":
            device = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
        if not device:
            raise ConfigError("encoder.device=auto: this machine has no CUDA device; leave encoder.family=open_clip")
        devices = [device] if isinstance(device, str) else device
        self._encoders = [OpenClip(model, precision, one, batch_size, compile) for one in devices]
        first = self._encoders[0]
        self.dim, self.image_size, self.device = first.dim, first.image_size, first.device
        self.fingerprint, self.batch_size = first.fingerprint, batch_size * len(devices)

    def images(self, frames: Frames) -> torch.Tensor:
        """Embed uint8 ``(B, H, W, 3)`` frames of any size as float32 ``(B, D)`` rows of length 1."""
        shares = torch.tensor_split(as_batch(frames), len(self._encoders))
        rows = [encoder.images(share) for encoder, share in zip(self._encoders, shares, strict=True)]
        return torch.cat([some.to(self.device) for some in rows])

    def patches(self, frames: Frames, fine: int = 1) -> torch.Tensor:
        """Embed each place of frames, on the first device alone: float32 ``(B, h, w, D)`` rows of length 1."""
        return self._encoders[0].patches(frames, fine)

    def on_frame(self, maps: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        """Maps ``(B, h, w)`` of places on frames of ``size``, ``(B, height, width)``; NaN where those were cut off."""
        return self._encoders[0].on_frame(maps, size)

    def texts(self, sentences: Sequence[str]) -> torch.Tensor:
        """Embed K sentences as float32 ``(K, D)`` rows of length 1; each is computed once and then remembered."""
        return self._encoders[0].texts(sentences)
