"""Ctrl-C and SIGTERM as a wish that a run answers when it can: it saves, then it ends."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any


class Interrupted(Exception):
    """Raised between two rollouts, after everything was saved; the text names the signal."""


class Stop:
    """While entered, the first signal is noted, and a second Ctrl-C ends at once.

    Elsewhere than in the main thread signals cannot be caught; then nothing is changed.

    Args:
        say: tells the user that the wish was heard.

    Attributes:
        wish: name of the signal that came, or None.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self, say: Callable[[str], object]) -> None:
        self.wish: str | None = None
        self._say = say
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Stop:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._heard) for number in self.SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _heard(self, number: int, _: FrameType | None) -> None:
        if self.wish is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.wish = signal.Signals(number).name
        self._say(f"{self.wish}: saving, then stopping; Ctrl-C again stops at once, and the last checkpoint stays")
