"""Arrays of a run that grow by one row an evaluation, in one ``.npz`` file that is always whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from vlmrl.config import atomic
from vlmrl.errors import RunError
from vlmrl.types import Array


class Rows:
    """Named arrays with a row for each evaluation of a run, and ``timesteps`` beside them.

    Args:
        path: the file.
        names: of the arrays that are read back.
        until: forget rows after this step, which a killed run wrote and a continued one writes again.

    Attributes:
        steps: when each row was written, in environment steps.

    Raises:
        RunError: the file is there and cannot be read.
    """

    def __init__(self, path: Path, names: Sequence[str], until: int = 0) -> None:
        self._path = path
        self.steps: list[int] = []
        self._rows: dict[str, list[Array]] = {}
        if path.is_file():
            self._read(names, until)

    def append(self, steps: int, values: Mapping[str, Array]) -> None:
        """Add a row ``(n,)`` to each array and write the file anew, in one piece.

        Raises:
            RunError: it cannot be written; what was there is whole.
        """
        self.steps.append(steps)
        for name, row in values.items():
            self._rows.setdefault(name, []).append(row)
        arrays = {name: _stacked(rows) for name, rows in self._rows.items()}
        atomic.write_arrays(self._path, {"timesteps": np.array(self.steps), **arrays})

    def of(self, name: str) -> Sequence[Array]:
        """The rows of one array, the oldest first; those read from a file may end in NaN."""
        return self._rows.get(name, [])

    def _read(self, names: Sequence[str], until: int) -> None:
        try:
            with np.load(self._path, allow_pickle=False) as file:
                kept = file["timesteps"] <= until
                self.steps = [int(step) for step in file["timesteps"][kept]]
                self._rows = {name: list(file[name][kept]) for name in names if name in file.files}
        except (OSError, ValueError, KeyError, IndexError, BadZipFile, EOFError) as cause:
            raise RunError(f"{self._path}: cannot be read ({cause}); move it away to go on without it") from cause


def _stacked(rows: Sequence[Array]) -> Array:
    """Rows one under the other; where a continued run has another number of episodes, short rows end in NaN."""
    width = max(len(row) for row in rows)
    if all(len(row) == width for row in rows):
        return np.stack(rows)
    padded = np.full((len(rows), width), np.nan)
    for row, into in zip(rows, padded, strict=True):
        into[: len(row)] = row
    return padded
