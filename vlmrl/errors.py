"""Every error that the project raises on bad input, and how such an error reads.

A message says ``key=value: what is wrong; what would be right``, and names the nearest valid name or the command that
helps. The command line prints the message alone and exits with 2.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class VlmrlError(Exception):
    """Base of all errors meant for the user: its text says what to do."""


class ConfigError(VlmrlError, ValueError):
    """A setting is unknown, or its value is out of range."""


class UnknownName(ConfigError):
    """A task, reward, encoder, agent, verb or key of that name does not exist."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind, self.name, self.known = kind, name, tuple(sorted(known))
        super().__init__(f"{kind}={name}: is not known; {nearest(name, self.known)}")

    def __reduce__(self) -> tuple[type, tuple[str, str, tuple[str, ...]]]:
        return type(self), (self.kind, self.name, self.known)


class ShapeError(VlmrlError, ValueError):
    """An array has the wrong shape, dtype or range."""


class WeightsMissing(VlmrlError, FileNotFoundError):
    """A model's weights are neither on disk nor can they be downloaded."""


class RenderError(VlmrlError, RuntimeError):
    """No frame can be drawn: a GL library is missing, or the picture is empty."""


class RunError(VlmrlError, RuntimeError):
    """A run directory cannot be written, read or continued."""


class Abstained(VlmrlError, RuntimeError):
    """A model gave no answer. It is counted and reported, and never becomes a number."""


def nearest(name: str, known: Iterable[str], most: int = 12) -> str:
    """Say which valid name was probably meant, or which there are.

    Args:
        name: what the user wrote.
        known: the valid names.
        most: how many to list when none is near.
    """
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]}?"
    shown = ", ".join(known[:most]) + (", …" if len(known) > most else "")
    return f"known: {shown}" if known else "there are none"
