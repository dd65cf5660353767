"""Bring frames to a GPU while it computes on the ones before."""

from __future__ import annotations

import torch


class Upload:
    """Copies frames from pinned memory on a stream of their own, so that no kernel waits for the bus.

    Args:
        device: where frames go; on a CPU there is nothing to hide, and they are only moved.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._copies = torch.cuda.Stream(device) if device.type == "cuda" else None

    def __call__(self, frames: torch.Tensor) -> torch.Tensor:
        """Frames on the device; what the current stream does with them waits for their arrival."""
        if self._copies is None or frames.device.type != "cpu":
            return frames.to(self.device)
        computing = torch.cuda.current_stream(self.device)
        with torch.cuda.stream(self._copies):
            # Pinned memory comes from torch's cache, which keeps a block until the copy from it has ended.
            there = frames.pin_memory().to(self.device, non_blocking=True)
        computing.wait_stream(self._copies)
        there.record_stream(computing)  # made on one stream, used on the other: neither may take it back too early
        return there
