"""Write files so that a reader finds the old content or the new one, never a half, whatever kills the writer."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from vlmrl.errors import RunError
from vlmrl.types import Array


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a place beside ``path`` to write to; afterwards it takes the name ``path``.

    If the body fails, what was at ``path`` stays and the draft is removed. After a kill a draft may stay behind, named
    ``.<name>.<process id>``; nobody reads it.

    Raises:
        RunError: the place cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield draft
        flush(draft)
        os.replace(draft, path)
        flush(path.parent)
    except OSError as cause:
        raise RunError(f"{path}: cannot be written: {cause.strerror or cause}; what was there is whole") from cause
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Wait until a file, or the names in a directory, are on the disk: a rename alone may overtake the bytes."""
    if path.is_dir() and os.name == "nt":  # Windows opens no directories; its renames are journalled
        return
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_bytes(path: Path, content: bytes) -> None:
    """Put ``content`` at ``path`` in one piece.

    Raises:
        RunError: it cannot be written.
    """
    with replacing(path) as draft:
        draft.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Put text at ``path`` in one piece, as UTF-8; errors as for :func:`write_bytes`."""
    write_bytes(path, content.encode())


def write_json(path: Path, content: object) -> None:
    """Put ``content`` at ``path`` in one piece, as indented JSON that a person can read.

    Raises:
        RunError: it cannot be written.
        ValueError: it holds NaN or an infinity, which JSON does not have.
    """
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Put arrays at ``path`` in one piece, as a compressed ``.npz`` with each under its name.

    Raises:
        RunError: it cannot be written.
    """
    named: dict[str, Any] = dict(arrays)  # numpy's stub takes a keyword of its own for one of any name
    with replacing(path) as draft, draft.open("wb") as file:
        np.savez_compressed(file, **named)
