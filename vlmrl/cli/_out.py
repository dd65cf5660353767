"""What verbs print: lines and tables for people, JSON for machines."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

WIDTH = 110
LEFT = 30
"""Width of the column that holds keys and defaults."""


def row(left: str, right: str, width: int = LEFT) -> str:
    """A line of help in two columns, the right one wrapped."""
    lines = textwrap.wrap(right, WIDTH - width - 2) or [""]
    first = f"  {left:<{width - 1}} {lines[0]}" if len(left) < width else f"  {left}\n  {'':{width}}{lines[0]}"
    return "\n".join([first.rstrip(), *(f"  {'':{width}}{line}" for line in lines[1:])])


def say(text: str) -> None:
    """Print a line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def table(rows: Sequence[Mapping[str, Any]], title: str = "") -> None:
    """Print rows of equal keys; the keys are the headings."""
    from rich.console import Console
    from rich.table import Table

    drawn = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for key in rows[0] if rows else ():
        drawn.add_column(key.replace("_", " "), overflow="fold")
    for row in rows:
        drawn.add_row(*(escaped(shown(value)) for value in row.values()))
    # A pipe has no width of its own; a narrow guess would cut sentences to pieces.
    console = Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=160)
    console.print(drawn)


def escaped(text: str) -> str:
    """Text in which rich finds no markup."""
    from rich.markup import escape

    return escape(text)


def shown(value: object) -> str:
    """A value as a person reads it: a dash for what is not known, an interval in brackets behind its mean."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, Mapping):
        return " ".join(f"{key}={shown(inner)}" for key, inner in value.items()) or "-"
    if isinstance(value, list | tuple):
        return "; ".join(map(shown, value)) or "-"
    if {"mean", "low", "high"} <= set(dir(value)):
        mean, low, high = (getattr(value, name) for name in ("mean", "low", "high"))
        return shown(mean) if low is None or low != low else f"{shown(mean)} [{shown(low)}, {shown(high)}]"
    return str(value)


def write(path: Path | None, content: object) -> None:
    """Write JSON for machines, if a path was given; directories on the way are made.

    Raises:
        RunError: it cannot be written.
    """
    if path is not None:
        from vlmrl.config.atomic import write_json

        write_json(place(path), content)


def place(path: Path) -> Path:
    """``path``, its directory made.

    Raises:
        RunError: it cannot be made.
    """
    from vlmrl.errors import RunError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise RunError(f"{path}: cannot be written: {cause.strerror}; give a place that you may write") from cause
    return path
