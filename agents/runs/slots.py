"""Directories that are whole or not there, the newest of which counts: how checkpoints lie on the disk.

Each is written under another name, flushed to the disk and then renamed, so that a kill at any moment leaves the one
before.
"""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from vlmrl.config.atomic import flush
from vlmrl.errors import RunError

T = TypeVar("T")


class Damaged(RunError):
    """A checkpoint that cannot be read, though it should."""


class Slots:
    """The checkpoints of one run.

    Args:
        folder: where they lie, one directory each, ``step_000010000``.
        keep: how many to keep; the oldest go first.
    """

    def __init__(self, folder: Path, keep: int = 2) -> None:
        self.folder, self.keep = folder, keep

    def paths(self) -> list[Path]:
        """Every checkpoint, the oldest first."""
        return sorted(self.folder.glob("step_*")) if self.folder.is_dir() else []

    def write(self, steps: int, fill: Callable[[Path], None]) -> Path:
        """Write a checkpoint, and remove the oldest beyond ``keep``.

        Args:
            steps: taken so far; names it.
            fill: writes and flushes what is in it, into an empty directory.

        Raises:
            RunError: the disk is full or the directory cannot be written; earlier checkpoints are whole.
        """
        place = self.folder / f"step_{steps:09d}"
        draft = self.folder / f".{place.name}.{os.getpid()}"
        try:
            self._clear_drafts()
            draft.mkdir(parents=True)
            fill(draft)
            if place.exists():  # the run was stopped right after it had been written
                shutil.rmtree(place)
            draft.rename(place)
            flush(self.folder)
            for old in self.paths()[: -self.keep]:
                shutil.rmtree(old)
        except OSError as cause:
            shutil.rmtree(draft, ignore_errors=True)
            raise RunError(
                f"{place}: cannot be written ({cause.strerror or cause}); earlier checkpoints are whole, "
                "make room and start the same command again to go on from the last"
            ) from cause
        return place

    def newest(self, read: Callable[[Path], T]) -> T | None:
        """What ``read`` makes of the newest whole checkpoint; None if there is no checkpoint at all.

        A damaged one is left aside with a warning, and the one before it taken.

        Args:
            read: raises :class:`Damaged` before it has changed anything, where a checkpoint cannot be read.

        Raises:
            RunError: every checkpoint is damaged, or what else ``read`` raises.
        """
        damaged = []
        for path in reversed(self.paths()):
            try:
                return read(path)
            except Damaged as fault:
                damaged.append(fault)
                warnings.warn(f"{fault}; it is left aside, and the checkpoint before it is taken", stacklevel=3)
        if damaged:
            raise RunError(
                f"resume=auto: none of the {len(damaged)} checkpoints in {self.folder} can be read, the newest because "
                f"{damaged[0]}; give another run_dir=, or resume=never to begin anew"
            )
        return None

    def _clear_drafts(self) -> None:
        """Remove what a killed run had begun to write."""
        for draft in self.folder.glob(".step_*"):
            shutil.rmtree(draft)
