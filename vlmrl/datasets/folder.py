"""A dataset's folder, which appears whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vlmrl.errors import ConfigError, RunError


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a place beside ``path`` to fill; afterwards it takes the name ``path``. If the body fails it is removed.

    Raises:
        ConfigError: something is at ``path``.
        RunError: the place cannot be written.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise ConfigError(f"out={path}: is there already, and nothing is written over; give another folder")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.mkdir(parents=True)
        yield draft
        os.replace(draft, path)
    except OSError as cause:
        raise RunError(f"out={path}: cannot be written ({cause.strerror or cause}); give another folder") from cause
    finally:
        shutil.rmtree(draft, ignore_errors=True)
