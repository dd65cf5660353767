"""Scores that were computed before: in memory up to a bound, and in a file where one is named."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from vlmrl.errors import ConfigError, RunError

ENTRY_BYTES = 224
"""What one score takes in memory with its 16-byte key, measured."""

_FORMAT = 1  # SQLite's user_version: another number is another program's file, or a later version's
_ASKED_AT_ONCE = 500


class ScoreCache:
    """Remembers a score by its key: a hash of model, words and frame, so that it can never be another's.

    Threads may take turns with it, as those of one :class:`~vlmrl.scoring.scorer.Scorer` do.

    Args:
        max_bytes: memory for scores; beyond it the ones unused for longest are dropped, from memory, not the file.
        path: an SQLite file that outlives the process; made if it is not there. Several processes may share it.

    Raises:
        ConfigError: ``max_bytes`` holds not one score.
        RunError: the file cannot be written, or is no score cache.
    """

    def __init__(self, max_bytes: int = 64 * 2**20, path: str | Path | None = None) -> None:
        if max_bytes < ENTRY_BYTES:
            raise ConfigError(f"max_bytes={max_bytes}: must be {ENTRY_BYTES} or more, one score takes as much")
        self._most = max_bytes // ENTRY_BYTES
        self._scores: OrderedDict[bytes, float] = OrderedDict()
        self._file = None if path is None else _open(Path(path))

    def get(self, keys: Sequence[bytes]) -> list[float | None]:
        """The score of each key, None where there is none.

        Raises:
            RunError: the file cannot be read.
        """
        missing = [key for key in keys if key not in self._scores]
        stored = self._stored(missing)
        found: list[float | None] = []
        for key in keys:
            score = self._scores.get(key)
            if score is not None:
                self._scores.move_to_end(key)
            found.append(stored.get(key) if score is None else score)
        self._keep(stored)
        return found

    def put(self, scores: Mapping[bytes, float]) -> None:
        """Remember scores by their keys, all of them or, when the file cannot take them, none in it.

        Raises:
            RunError: the file cannot be written.
        """
        if self._file is not None:
            rows = [(key, float(score)) for key, score in scores.items()]
            try:
                with self._file:
                    self._file.executemany("INSERT OR REPLACE INTO scores VALUES (?, ?)", rows)
            except sqlite3.Error as cause:
                raise RunError(
                    f"score cache: cannot be written ({cause}); free some space, or give another path"
                ) from cause
        self._keep(scores)

    def __len__(self) -> int:
        """How many scores are in memory."""
        return len(self._scores)

    def close(self) -> None:
        """Close the file; memory stays."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> ScoreCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _keep(self, scores: Mapping[bytes, float]) -> None:
        for key, score in scores.items():
            self._scores[key] = score
            self._scores.move_to_end(key)
        while len(self._scores) > self._most:
            self._scores.popitem(last=False)

    def _stored(self, keys: Sequence[bytes]) -> dict[bytes, float]:
        found: dict[bytes, float] = {}
        if self._file is None:
            return found
        for start in range(0, len(keys), _ASKED_AT_ONCE):
            some = keys[start : start + _ASKED_AT_ONCE]
            marks = ",".join("?" * len(some))
            try:
                found |= dict(self._file.execute(f"SELECT key, score FROM scores WHERE key IN ({marks})", some))
            except sqlite3.Error as cause:
                raise RunError(
                    f"score cache: cannot be read ({cause}); delete the file, or give another path"
                ) from cause
        return found


def _open(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=30.0, check_same_thread=False)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    except (sqlite3.Error, OSError) as cause:
        raise RunError(
            f"path={path}: cannot be used as a score cache ({cause}); name a file in a directory you may write to"
        ) from cause
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the table where the file is new; a file that is another's is told apart before anything is written."""
    (written,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if written != _FORMAT and (written or tables):
        raise RunError(f"path={path}: is an SQLite file, yet no score cache of this version; name another file")
    connection.execute("PRAGMA journal_mode=WAL")  # readers and a writer at once, and a crash leaves it whole
    connection.execute("PRAGMA synchronous=NORMAL")
    with connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS scores (key BLOB PRIMARY KEY, score REAL NOT NULL) WITHOUT ROWID"
        )
        connection.execute(f"PRAGMA user_version={_FORMAT}")
