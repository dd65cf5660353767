"""A thread for what must always be called from the same one, and may never come back."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeAlias, TypeVar

from vlmrl.envs import gl

Result = TypeVar("Result")
_Tasks: TypeAlias = "SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None]"

_all: weakref.WeakSet[OwnThread] = weakref.WeakSet()


class OwnThread:
    """Calls what it is given, one after the other, until it is ended or collected.

    An executor's threads are waited for when the interpreter ends, however long that takes; a graphics driver that
    hangs would take the whole process with it.

    Args:
        name: of the thread, for debuggers.
    """

    def __init__(self, name: str) -> None:
        self._tasks: _Tasks = SimpleQueue()
        self._thread = Thread(target=_serve, args=(self._tasks,), name=name, daemon=True)
        self._thread.start()
        weakref.finalize(self, self._tasks.put, None).atexit = False
        _all.add(self)

    def submit(self, task: Callable[[], Result]) -> Future[Result]:
        """Have it called when all before it is done; after :meth:`end` nobody calls it."""
        future: Future[Result] = Future()
        self._tasks.put((future, task))
        return future

    def end(self) -> None:
        """Have the thread end when all before is done."""
        self._tasks.put(None)

    def join(self, seconds: float) -> None:
        """Wait for the end, so long at most."""
        self._thread.join(seconds)


def _serve(tasks: _Tasks) -> None:
    while (given := tasks.get()) is not None:
        future, task = given
        try:
            future.set_result(task())
        except BaseException as cause:
            future.set_exception(cause)
        del given, future, task  # or they would live until the next task comes


def end_all(seconds: float = 5.0) -> None:
    """End every thread, and wait so long at most for all of them together."""
    threads, until = list(_all), time.monotonic() + seconds
    for thread in threads:
        thread.end()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))


gl.before_freeing(end_all)
