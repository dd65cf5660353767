"""A lock that its owner can be copied and pickled with: each copy has one of its own."""

from __future__ import annotations

import threading
from types import TracebackType


class Turns:
    """One thread at a time, for a block; whoever is inside must not enter again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def __reduce__(self) -> tuple[type[Turns], tuple[()]]:
        """A new one, whoever holds this one."""
        return Turns, ()
