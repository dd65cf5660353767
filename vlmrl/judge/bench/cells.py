"""What a benchmark has scored and measured, on disk, a file each: a kill loses the cell under way and no other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias
from zipfile import BadZipFile

import numpy as np

from vlmrl.config import atomic
from vlmrl.errors import RunError
from vlmrl.metrics.intervals import Interval
from vlmrl.metrics.sheet import Sheet, names

Rows: TypeAlias = tuple[tuple[float | None, ...], ...]
"""A confusion matrix, as in :class:`~vlmrl.metrics.board.Confusion`."""
_ARRAYS = ("score", "oracle", "done", "succeeded", "state", "wrong", "cycle")


class Kept:
    """A folder of sheets (``KEY.npz``), their measures (``KEY.json``) and confusion matrices (``KEY.confusion.json``).

    The key is a hash of all that they depend on.

    A file that cannot be read counts as none: it is made anew.

    Args:
        folder: made with the first file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def sheet(self, key: str) -> tuple[Sheet, float] | None:
        """The sheet of that key and what a frame cost [ms], or None."""
        try:
            with np.load(self._folder / f"{key}.npz", allow_pickle=False) as file:
                actor = tuple(map(str, file["actor"]))
                arrays = {name: file[name] for name in _ARRAYS}
                back = file.get("back")  # older files have none, and are whole without it
                return Sheet(**arrays, actor=actor, back=back), float(file["milliseconds"])
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return None

    def keep_sheet(self, key: str, sheet: Sheet, milliseconds: float) -> None:
        """Write a sheet, in one piece.

        Raises:
            RunError: it cannot be written.
        """
        self._make()
        arrays = {name: getattr(sheet, name) for name in (*_ARRAYS, *(() if sheet.back is None else ("back",)))}
        told = {"actor": np.array(sheet.actor), "milliseconds": np.array(milliseconds)}
        atomic.write_arrays(self._folder / f"{key}.npz", told | arrays)

    def measures(self, key: str, how: Mapping[str, Any]) -> dict[str, Interval] | None:
        """All measures of that key, if they were computed in the same way; else None."""
        try:
            told = json.loads((self._folder / f"{key}.json").read_text(encoding="utf-8"))
            if told["how"] != how or set(told["measures"]) != set(names()):
                return None
            return {name: Interval(*map(float, one)) for name, one in told["measures"].items()}
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep_measures(self, key: str, how: Mapping[str, Any], found: Mapping[str, Interval]) -> None:
        """Write measures, in one piece.

        Raises:
            RunError: they cannot be written.
        """
        self._make()
        # Text, as JSON has no nan and no infinity.
        told = {name: [str(part) for part in (one.mean, one.low, one.high)] for name, one in found.items()}
        atomic.write_json(self._folder / f"{key}.json", {"how": dict(how), "measures": told})

    def confusion(self, key: str) -> Rows | None:
        """The confusion matrix of that key, or None."""
        try:
            told = json.loads(self._matrix(key).read_text(encoding="utf-8"))
            return tuple(tuple(None if value is None else float(value) for value in row) for row in told["auroc"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep_confusion(self, key: str, rows: Rows) -> None:
        """Write a confusion matrix, in one piece.

        Raises:
            RunError: it cannot be written.
        """
        self._make()
        atomic.write_json(self._matrix(key), {"auroc": rows})

    def _matrix(self, key: str) -> Path:
        return self._folder / f"{key}.confusion.json"

    def _make(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as cause:
            raise RunError(f"{self._folder}: cannot be made ({cause}); name a folder you may write to") from cause
