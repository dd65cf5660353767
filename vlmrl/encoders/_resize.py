"""Resize uint8 pictures as Pillow does, to the last bit, without Pillow: two products with fixed-point weights.

Vision-language models were trained and measured on pictures that Pillow resized. PyTorch's own antialiased resize comes
near, but not to one level of 255 everywhere: it keeps what overshoots 0..255 between its two passes, or rounds its
weights more coarsely. Here the weights are Pillow's integers and the sums are exact in float64, so any device gives
Pillow's bytes (MPS has no float64: there a level may be one off).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, TypeAlias

import numpy as np
import PIL
import torch

from vlmrl.types import Array

Filter: TypeAlias = Literal["bicubic", "bilinear"]

TALL_FIRST = int(PIL.__version__.split(".")[0]) >= 13
"""Pillow 13 squeezes pictures that lose much height vertically first; earlier ones always start horizontally."""

_FRACTION_BITS = 22  # of Pillow's 32: 8 hold the result, 2 its overshoot
_REACH = {"bicubic": 2.0, "bilinear": 1.0}
_CHUNK_NUMBERS = (
    2**20
)  # float64 numbers a pass holds at once, 8 MiB: more falls out of a CPU's cache and doubles the time
_CHUNK_NUMBERS_GPU = 2**25


def resize(pictures: torch.Tensor, height: int, width: int, kind: Filter) -> torch.Tensor:
    """Resize uint8 ``(B, 3, H, W)`` pictures to uint8 ``(B, 3, height, width)``; the same where nothing changes."""
    if (height, width) == tuple(pictures.shape[-2:]):
        return pictures
    numbers = _CHUNK_NUMBERS if pictures.device.type == "cpu" else _CHUNK_NUMBERS_GPU
    most = max(1, numbers // max(pictures[:1].numel(), 3 * height * width, 1))
    return torch.cat([_resize(part, height, width, kind) for part in torch.split(pictures, most)])


def _resize(pictures: torch.Tensor, height: int, width: int, kind: Filter) -> torch.Tensor:
    dtype = torch.float32 if pictures.device.type == "mps" else torch.float64
    levels = pictures.to(dtype).contiguous()
    tall, wide = pictures.shape[-2:]
    vertical_first = TALL_FIRST and tall - height > 2 * max(0, wide - width)
    for vertical in (vertical_first, not vertical_first):
        before, after = (tall, height) if vertical else (wide, width)
        if before == after:
            continue
        weights = torch.from_numpy(_weights(before, after, kind)).to(levels.device, dtype)
        levels = weights @ levels if vertical else levels @ weights.T
        # Pillow rounds and clips between the passes too, so an overshoot of the first never feeds the second.
        levels.add_(0.5).floor_().clamp_(0, 255)
    return levels.to(torch.uint8)


@lru_cache(maxsize=64)
def _weights(before: int, after: int, kind: Filter) -> Array:
    """Multiples of 1/2**22, float64 ``(after, before)``: how much of each old line is in each new one."""
    scale = before / after
    stretch = max(scale, 1.0)  # shrinking widens the filter, so that no line is skipped
    reach = _REACH[kind] * stretch
    center = (np.arange(after) + 0.5) * scale
    first = np.maximum(np.trunc(center - reach + 0.5), 0)
    last = np.minimum(np.trunc(center + reach + 0.5), before)
    line = np.arange(before)
    weights = _kernel((line - center[:, None] + 0.5) / stretch, kind)
    weights[(line < first[:, None]) | (line >= last[:, None])] = 0.0
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray(np.trunc(weights * 2**_FRACTION_BITS + np.copysign(0.5, weights)) / 2**_FRACTION_BITS)


def _kernel(distance: Array, kind: Filter) -> Array:
    """The filter's height at ``distance`` lines from its middle: a tent, or Keys's cubic with a = -1/2 (1981)."""
    x = np.abs(distance)
    if kind == "bilinear":
        return np.asarray(np.clip(1.0 - x, 0.0, None))
    near = (1.5 * x - 2.5) * x * x + 1.0
    far = -0.5 * (((x - 5.0) * x + 8.0) * x - 4.0)
    return np.asarray(np.where(x < 1.0, near, np.where(x < 2.0, far, 0.0)))
