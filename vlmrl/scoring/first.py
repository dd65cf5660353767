"""Which frames of a call are the same: a sum tells most apart, their bytes decide the rest, and few are ever hashed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

_KEY_BYTES = 16
_WORD = 8
"""Bytes that are summed as one number."""


class First:
    """Finds, part by part, where each frame of a batch came first with the same words; exact.

    Equal frames have equal sums, so a frame whose sum is new is new. Where a sum comes again the bytes are compared;
    only frames that differ all the same are told apart by a hash.

    Args:
        batch: uint8 ``(B, H, W, 3)``, on any device.
        words: which words each row is scored by, as numbers.
    """

    def __init__(self, batch: torch.Tensor, words: Sequence[int]) -> None:
        self._batch, self._words = batch, words
        self._seen: dict[tuple[int, int | bytes], int] = {}

    def rows(self, start: int, part: NDArray[np.uint8]) -> list[int]:
        """The first row equal to each of the next ones, its own where there is none before.

        Args:
            start: row of the batch at which ``part`` begins.
            part: the frames from there on, in one piece.
        """
        first = [
            self._seen.setdefault((self._words[row], key), row) for row, key in enumerate(_sums(part), start=start)
        ]
        again = [(row, one) for row, one in enumerate(first, start=start) if one != row]
        if again:
            here = [row - start for row, _ in again]
            for (row, _), same in zip(again, self._equal(part[here], [one for _, one in again]), strict=True):
                if not same:
                    key = digest(part[row - start], b"")
                    first[row - start] = self._seen.setdefault((self._words[row], key), row)
        return first

    def _equal(self, frames: NDArray[np.uint8], rows: list[int]) -> list[bool]:
        """Whether each frame is, byte for byte, the row of the batch beside it."""
        others = chosen(self._batch, rows).cpu().numpy()
        same: list[bool] = (frames == others).reshape(len(rows), -1).all(axis=1).tolist()
        return same


def chosen(batch: torch.Tensor, rows: Sequence[int]) -> torch.Tensor:
    """These rows, one or more in rising or any order; not copied where they lie side by side."""
    if rows[-1] - rows[0] + 1 == len(rows) and all(row == at for at, row in enumerate(rows, start=rows[0])):
        return batch[rows[0] : rows[-1] + 1]
    # A list between the brackets would do, in ten times the time on a CPU.
    return batch.index_select(0, torch.tensor(rows, device=batch.device))


def digest(frame: NDArray[np.uint8], about: bytes) -> bytes:
    """A frame's bytes and what else its score depends on, hashed to 16 bytes that no other frame has."""
    return hashlib.blake2b(frame.data, digest_size=_KEY_BYTES, key=about).digest()


def _sums(frames: NDArray[np.uint8]) -> list[int]:
    """One number a frame: 8 bytes at a time, times a random factor for their place, modulo 2 to the 64.

    A twentieth of a hash's time. Whatever bytes are left over at the end of a frame do not count.
    """
    flat = frames.reshape(len(frames), -1)
    count = flat.shape[1] // _WORD
    words = flat[:, : count * _WORD].view(np.uint64)
    sums: list[int] = np.einsum("ij,j->i", words, _factors(count)).tolist()
    return sums


@lru_cache(maxsize=8)
def _factors(count: int) -> NDArray[np.uint64]:
    """Odd, so that a difference in one place alone never gets lost."""
    return np.random.default_rng(0).integers(0, 2**64, count, np.uint64) | np.uint64(1)
