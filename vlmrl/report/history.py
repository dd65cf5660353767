"""What a run logged while it trained, finished or not: the rows of progress.csv, the evaluations of evaluations.npz."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from vlmrl.errors import RunError
from vlmrl.metrics.intervals import Interval, rate

STEPS = "time/total_timesteps"
"""The column that says when a row was written: environment steps, over all environments."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """A quantity over training.

    Attributes:
        steps: float64 ``(K,)``, environment steps, rising.
        values: float64 ``(K,)``.
    """

    steps: Floats
    values: Floats


@dataclass(frozen=True)
class History:
    """Everything logged so far.

    Attributes:
        lines: by the column's name in progress.csv; rows that leave it empty are left out.
        judged: success in each evaluation during training, ``(steps, share with its interval)`` in order of steps.
    """

    lines: dict[str, Line] = field(default_factory=dict)
    judged: tuple[tuple[int, Interval], ...] = ()

    @property
    def steps(self) -> int:
        """The last step that anything was logged at; 0 before that."""
        last = [int(line.steps[-1]) for line in self.lines.values()] + [step for step, _ in self.judged]
        return max(last, default=0)

    @classmethod
    def of(cls, run: Path) -> History:
        """Read what is there; a run that has just begun has nothing, which is no error.

        Raises:
            RunError: a file is damaged.
        """
        return cls(_lines(run / "progress.csv"), _judged(run / "evaluations.npz"))


def _lines(path: Path) -> dict[str, Line]:
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        rows = list(csv.DictReader(file))
    found: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        step = _number(row.get(STEPS))
        if step is None:  # the row that is being written at this moment, or one without a time
            continue
        for name, text in row.items():
            value = _number(text)
            if value is not None and isinstance(name, str):
                found.setdefault(name, []).append((step, value))
    return {name: Line(*np.array(sorted(pairs)).T) for name, pairs in found.items()}


def _number(text: object) -> float | None:
    """A finite number, or None for an empty cell, a word, or the rest of a row that is cut off."""
    try:
        value = float(text)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return value if np.isfinite(value) else None


def _judged(path: Path) -> tuple[tuple[int, Interval], ...]:
    if not path.is_file():
        return ()
    try:
        with np.load(path, allow_pickle=False) as file:
            if "successes" not in file:
                return ()
            steps, successes = file["timesteps"], file["successes"]
    except (OSError, ValueError, KeyError, BadZipFile, EOFError) as cause:
        raise RunError(f"{path}: cannot be read ({cause}); move it away, the report does without it") from cause
    # Rows shorter than the longest, of a run continued with another number of episodes, are filled up with nan.
    known = [np.asarray(row, dtype=float)[np.isfinite(np.asarray(row, dtype=float))] for row in successes]
    return tuple((int(step), rate(row)) for step, row in zip(steps, known, strict=True) if len(row))
