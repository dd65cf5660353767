"""From uint8 frames to what an image tower reads: open_clip's evaluation transform, for whole batches on any device."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, cast

import torch
from torch.nn.functional import pad

from vlmrl.encoders._resize import TALL_FIRST, Filter, resize
from vlmrl.errors import ConfigError


@dataclass(frozen=True)
class Preprocess:
    """A model's own way from pixels to input, equal to open_clip's transform bit for bit on the CPU.

    Attributes:
        size: ``(height, width)`` that the image tower reads.
        mean, std: per channel, in [0, 1].
        interpolation: the filter that resizes.
        resize_mode: ``shortest``: the short side fits and the middle is cut out; ``longest``: the long side fits and
            the rest is padded; ``squash``: both sides fit and the shape is lost.
        fill_color: level of the padding, 0 to 255.
    """

    size: tuple[int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: Filter = "bicubic"
    resize_mode: Literal["shortest", "longest", "squash"] = "shortest"
    fill_color: int = 0

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Preprocess:
        """Read a model's ``preprocess_cfg``, as open_clip keeps it in ``model.visual.preprocess_cfg``.

        Raises:
            ConfigError: a mode or filter that open_clip does not have, or a missing size, mean or std.
        """
        size = _pair(settings["size"])
        mean, std = (_triple(settings[key]) for key in ("mean", "std"))
        # open_clip means bicubic by "random": what training draws at random is fixed for evaluation.
        kind = {"random": "bicubic"}.get(settings["interpolation"], settings["interpolation"])
        mode = settings["resize_mode"]
        if kind not in ("bicubic", "bilinear"):
            raise ConfigError(f"interpolation={kind}: is not known; bicubic or bilinear")
        if mode not in ("shortest", "longest", "squash"):
            raise ConfigError(f"resize_mode={mode}: is not known; shortest, longest or squash")
        return cls(size, mean, std, cast(Filter, kind), mode, int(settings.get("fill_color", 0)))

    @property
    def identity(self) -> str:
        """All that decides what a frame becomes, as one line of text: a part of the encoder's fingerprint."""
        return json.dumps({**asdict(self), "tall_first": TALL_FIRST}, sort_keys=True)

    def __call__(self, frames: torch.Tensor) -> torch.Tensor:
        """Turn uint8 ``(B, H, W, 3)`` frames into normalised float32 ``(B, 3, height, width)`` on the same device."""
        pictures = frames.permute(0, 3, 1, 2)
        pictures = resize(pictures, *self._fitted(*pictures.shape[-2:]), self._filter)
        # The channels last, as frames come and CPUs convolve, and a row of pixels at once: three at a time are slow.
        rows = self._centred(pictures).permute(0, 2, 3, 1).contiguous().flatten(2).to(torch.float32).div_(255)
        wide = self.size[1]
        mean, std = (torch.tensor(side, device=rows.device).repeat(wide) for side in (self.mean, self.std))
        rows = rows.sub_(mean).div_(std)
        return rows.view(len(rows), -1, wide, 3).permute(0, 3, 1, 2)

    def seen(self, height: int, width: int) -> tuple[float, float, float, float]:
        """Top, left, bottom and right of what the tower reads of a frame of that size, in pixels of the frame.

        Inside the frame where the rest is cut off, beyond it where it is padded.
        """
        edges = []
        for before, fitted, after in zip((height, width), self._fitted(height, width), self.size, strict=True):
            short = max(0, after - fitted)
            begin = round((fitted + short - after) / 2.0) - short // 2
            edges.append((begin * before / fitted, (begin + after) * before / fitted))
        (top, bottom), (left, right) = edges
        return top, left, bottom, right

    @property
    def _filter(self) -> Filter:
        # open_clip leaves the filter at its default here; a model is measured with what open_clip does.
        if self.resize_mode == "shortest" and self.size[0] != self.size[1]:
            return "bicubic"
        return self.interpolation

    def _fitted(self, height: int, width: int) -> tuple[int, int]:
        """The size after resizing, before cutting or padding; rounded as torchvision and open_clip round."""
        tall, wide = self.size
        if self.resize_mode == "squash":
            return tall, wide
        if self.resize_mode == "shortest" and tall == wide:
            long = int(tall * max(height, width) / min(height, width))
            return (long, tall) if width <= height else (tall, long)
        fit = max if self.resize_mode == "longest" else min
        ratio = fit(height / tall, width / wide)
        return max(1, round(height / ratio)), max(1, round(width / ratio))

    def _centred(self, pictures: torch.Tensor) -> torch.Tensor:
        """Pad what is too small and cut what is too large, around the middle."""
        (height, width), (tall, wide) = pictures.shape[-2:], self.size
        more_tall, more_wide = max(0, tall - height), max(0, wide - width)
        if more_tall or more_wide:
            level = self.fill_color if self.resize_mode == "longest" else 0
            sides = (more_wide // 2, (more_wide + 1) // 2, more_tall // 2, (more_tall + 1) // 2)
            pictures = pad(pictures, sides, value=level)
        top = round((pictures.shape[-2] - tall) / 2.0)
        left = round((pictures.shape[-1] - wide) / 2.0)
        return pictures[..., top : top + tall, left : left + wide]


def _pair(size: int | tuple[int, ...] | list[int]) -> tuple[int, int]:
    sides = (size, size) if isinstance(size, int) else tuple(size)
    return (sides[0], sides[-1])


def _triple(value: float | tuple[float, ...] | list[float]) -> tuple[float, float, float]:
    numbers = (value,) * 3 if isinstance(value, (int, float)) else tuple(value)
    return (numbers[0], numbers[1], numbers[2])
