"""Keep two processes from writing to one run."""

from __future__ import annotations

import sys
from pathlib import Path

from vlmrl.errors import RunError

if sys.platform != "win32":
    import fcntl


class Lock:
    """Held from construction until :meth:`release`, or until the process ends, however it ends.

    Args:
        path: an empty file that the lock is on; it stays.

    Raises:
        RunError: another process holds it, or the place cannot be written.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("ab")
        except OSError as cause:
            raise RunError(
                f"run_dir={path.parent}: cannot be written: {cause.strerror}; give a place that you may write"
            ) from cause
        if sys.platform == "win32":
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise RunError(
                f"run_dir={path.parent}: another process is training in it; wait for it, or give another run_dir"
            ) from None
        except OSError:  # a file system without locks, such as some network mounts: better none than no run
            pass

    def release(self) -> None:
        """Let the next one in."""
        self._file.close()
