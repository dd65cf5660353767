"""What all rewards share that are shown pictures or films instead of being told sentences."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import normalize

from vlmrl.encoders.base import as_batch
from vlmrl.errors import ConfigError
from vlmrl.frame_files import read, spread
from vlmrl.rewards._bases.embedding import Embedding, EmbeddingReward
from vlmrl.types import Array, Frames

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder

Shown: TypeAlias = "str | Path | Array | Sequence[str | Path | Array] | None"
"""A file or several, or frames at hand, uint8 ``(H, W, 3)`` or more of them; None: nobody has shown any yet."""

SQUEEZED = 1.1
"""Pictures and frames whose ratios of width to height differ by more than this factor are not compared."""

MOST = 256
"""Frames of a film that are looked at, evenly spread."""


class Showing(Embedding):
    """A reward that is shown pictures or films: reads, checks, hashes and embeds them.

    A subclass names its settings of pictures in ``pictures``, and gives each to :meth:`_pictures` or :meth:`_films`.

    Attributes:
        shown: a hash of the pixels behind each setting: other pictures are another reward.
    """

    def __init__(self, encoder: Encoder) -> None:
        super().__init__(encoder)
        self.shown: dict[str, str] = {}
        self._sizes: dict[tuple[int, int], str] = {}  # height and width of every picture, and what to call it

    def _check_proportions(self, height: int, width: int) -> None:
        """Refuse frames that the encoder would squeeze otherwise than the pictures.

        Raises:
            ConfigError: their proportions differ by more than a tenth.
        """
        for (tall, wide), name in self._sizes.items():
            ratio = wide * height / (tall * width)
            if max(ratio, 1 / ratio) > SQUEEZED:
                raise ConfigError(
                    f"{name}: is {tall} x {wide} pixels (height x width) and the frames are {height} x {width}; their "
                    "proportions must agree within a tenth, as the encoder brings both to one size: crop the picture, "
                    "or draw the frames in its proportions (render.size)"
                )

    def _pictures(self, setting: str, shown: Shown) -> torch.Tensor:
        """Embeddings ``(K, D)``, rows of length 1, of the K pictures of a setting.

        Raises:
            ConfigError: there is none, a file cannot be read, or it is a film.
            ShapeError: an array that holds no frames.
        """
        found: list[tuple[str, NDArray[np.uint8]]] = []
        for name, one in self._several(setting, shown):
            frames = np.concatenate([part for _, part in read(one, key=name)]) if isinstance(one, Path) else one
            if isinstance(one, Path) and len(frames) != 1:
                raise ConfigError(
                    f"{name}={one}: holds {len(frames)} frames; name a picture, or several as {name}=[a.png,b.png]"
                )
            found.append((_called(name, one), frames[None] if frames.ndim == 3 else frames))
        return torch.cat(self._embedded(setting, found))

    def _films(self, setting: str, shown: Shown, least: int) -> list[torch.Tensor]:
        """Embeddings ``(T, D)``, rows of length 1, of each film of a setting.

        Raises:
            ConfigError: there is none, a file cannot be read, or it has fewer than ``least`` frames.
            ShapeError: an array that holds no frames.
        """
        found: list[tuple[str, NDArray[np.uint8]]] = []
        for name, one in self._several(setting, shown):
            frames = frames_of(one, name)
            for film in frames if frames.ndim == 5 else [frames]:
                count = len(film) if film.ndim == 4 else 1
                if count < least:
                    raise ConfigError(f"{_called(name, one)}: a film of {count} frames; it takes {least} or more")
                found.append((_called(name, one), film))
        return self._embedded(setting, found)

    def _direction(self, setting: str, shown: Shown) -> torch.Tensor:
        """One direction ``(D,)`` for the pictures of a setting: their mean, brought back to length 1."""
        return normalize(self._pictures(setting, shown).mean(0), dim=0)

    def _line(self, image: Shown, start: Shown, least: float) -> tuple[torch.Tensor, torch.Tensor]:
        """Directions ``(D,)`` of the pictures of goal and start, which this encoder must be able to tell apart."""
        goal, begun = self._direction("image", image), self._direction("start", start)
        apart = max(0.0, 1.0 - float(goal @ begun))
        if apart < least:
            raise ConfigError(
                f"reward.image, reward.start: their pictures are {apart:.4f} apart (1 - cosine) for this encoder, "
                f"too near to give a direction (reward.min_distance={least}); show a start in which the goal is missed"
            )
        return goal, begun

    def _several(self, setting: str, shown: Shown) -> list[tuple[str, Any]]:
        """The setting's name with each of its files or arrays."""
        name = f"reward.{setting}"
        return [(name, one) for one in several(name, shown, film=self.pictures[setting] == "way")]

    def _embedded(self, setting: str, found: Sequence[tuple[str, NDArray[np.uint8]]]) -> list[torch.Tensor]:
        """Embed the frames behind a setting and remember what they are."""
        told = hashlib.blake2b(digest_size=16)
        for name, frames in found:
            batch = as_batch(frames)
            self._sizes.setdefault((batch.shape[1], batch.shape[2]), name)
            told.update(str(tuple(batch.shape)).encode() + batch.numpy().tobytes())
        self.shown[setting] = told.hexdigest()
        return [self.encoder.images(frames) for _, frames in found]


class PictureReward(Showing, EmbeddingReward):
    """A reward that compares a frame's embedding with those of pictures; sentences are checked, and not read."""

    reads_words = False

    def check_frames(self, frames: Frames) -> None:
        """Refuse frames that the encoder would squeeze otherwise than the pictures.

        Raises:
            ConfigError: the message names the picture and both sizes.
            ShapeError: no frames.
        """
        self._check_proportions(*as_batch(frames).shape[1:3])


def several(name: str, shown: Shown, film: bool = False) -> list[Any]:
    """Each file or array of a setting.

    Args:
        name: of the setting.
        shown: what it holds.
        film: whether a film is wanted, for the message.

    Raises:
        ConfigError: there is none, or one is neither.
    """
    if shown is None:
        what = "film.mp4" if film else "picture.png"
        raise ConfigError(f"{name}: is missing; give {name}={what}, or a task, whose own states can be drawn for it")
    given: Iterable[Any] = shown if isinstance(shown, list | tuple) else [shown]
    found = [Path(one) if isinstance(one, str | Path) else one for one in given]
    if not found or not all(isinstance(one, Path | np.ndarray) for one in found):
        raise ConfigError(f"{name}={shown!r}: is no picture; name a file, several as [a, b], or give uint8 frames")
    return found


def frames_of(one: Path | Array, key: str) -> Array:
    """The frames of a film: of a file :data:`MOST` at most, whose name in messages is ``key``; an array as it is."""
    return np.stack([*spread(one, most=MOST, key=key).values()]) if isinstance(one, Path) else one


def _called(name: str, one: Path | Array) -> str:
    """A picture's name for a message."""
    return f"{name}={one}" if isinstance(one, Path) else f"{name} (frames {one.shape})"
