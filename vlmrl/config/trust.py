"""Whose files may be unpickled: SB3's zips and pickles can execute code when they are loaded."""

from __future__ import annotations

import os
import stat
from pathlib import Path

CONFIG = "config.yaml"
HEADER = "# The settings of this run, resolved by vlmrl."
"""First line of every config.yaml of ours."""


def trusted(path: Path | str) -> bool:
    """Whether ``path`` lies in a run of the user's own.

    That is a directory with our config.yaml, where the file, that config and every directory in between belong to the
    user and are not writable by everybody. Links are followed first. A run that was downloaded and unpacked belongs to
    the user too: unpack only what you would execute.
    """
    place = Path(path).resolve()
    chain = []
    for step in (place, *place.parents):
        chain.append(step)
        if (step / CONFIG).is_file():
            chain.append(step / CONFIG)
            return _is_ours(step / CONFIG) and all(_belongs_to_user(one) for one in chain)
    return False


def _is_ours(file: Path) -> bool:
    try:
        with file.open(encoding="utf-8") as lines:
            return lines.readline().rstrip("\n") == HEADER
    except (OSError, ValueError):
        return False


def _belongs_to_user(path: Path) -> bool:
    if not hasattr(os, "getuid"):  # Windows: the account's own folders are its own
        return path.exists()
    try:
        found = path.stat()
    except OSError:
        return False
    return found.st_uid == os.getuid() and not found.st_mode & stat.S_IWOTH
