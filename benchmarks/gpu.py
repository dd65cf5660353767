"""Images a second on a GPU, from frames in the host's memory, over what its measured matrix rate would allow.

Random weights, bf16. A machine without a CUDA device has nothing to measure here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.models import random_clip
from benchmarks.speed import Budget, Figure, alternated, figure
from vlmrl import encoders
from vlmrl.encoders.base import Encoder

ARCHITECTURES = ("ViT-B-32", "ViT-L-14", "ViT-bigG-14")
FRAMES = 2048
SIDE = 8192
"""Rows and columns of the matrices whose product gives the machine's rate."""


def measure(budget: Budget) -> Iterator[Figure]:
    """``gpu/vit-b-32/matrix-rate``, ``gpu/vit-b-32-compiled/matrix-rate`` and so on: the ratio is the share reached."""
    if not torch.cuda.is_available():
        return
    rate = matrix_rate(torch.device("cuda"), SIDE, budget)
    for architecture in ARCHITECTURES:
        with tempfile.TemporaryDirectory() as folder:
            model = random_clip(Path(folder), architecture)
            for suffix, compiled in (("", False), ("-compiled", True)):
                encoder = encoders.load(model, precision="bf16", device="cuda", compile=compiled)
                if not compiled:  # a compiled tower hides its products from the counter
                    allowed = rate / operations(encoder)
                frames = np.random.default_rng(0).integers(0, 256, (FRAMES, *encoder.image_size, 3), np.uint8)
                ways = {"ours": _waited_for(partial(encoder.images, frames))}
                ours = alternated(ways, budget, each=FRAMES)["ours"]
                yield figure(f"gpu/{architecture.lower()}{suffix}/matrix-rate", ours, allowed, "images/s")
                del encoder
                torch.cuda.empty_cache()


def matrix_rate(device: torch.device, side: int, budget: Budget) -> float:
    """Floating-point operations a second of a product of two square bf16 matrices."""
    one, other = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
    product = partial(torch.matmul, one, other)
    return alternated({"": _waited_for(product)}, budget, each=2 * side**3)[""]


def operations(encoder: Encoder) -> int:
    """Floating-point operations that one image takes."""
    counter = FlopCounterMode(display=False)
    with counter:
        encoder.images(np.zeros((1, *encoder.image_size, 3), np.uint8))
    return int(counter.get_total_flops())


def _waited_for(do: Callable[[], object]) -> Callable[[], None]:
    """The same, until the GPU has done it."""

    def done() -> None:
        do()
        if torch.cuda.is_available():
            torch.cuda.synchronize()

    return done
