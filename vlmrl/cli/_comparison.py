"""A comparison of agents as a table in the terminal, wherever a verb has one to show."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from vlmrl.cli import _out

if TYPE_CHECKING:
    from vlmrl.metrics.evaluation import Comparison


def show(comparison: Comparison) -> None:
    """Print one row an agent, without the columns that nobody has."""
    rows: list[dict[str, Any]] = [
        {key.name: getattr(row, key.name) for key in fields(row)} for row in comparison.rows()
    ]
    known = [key for key in rows[0] if any(row[key] is not None and row[key] != "" for row in rows)]
    _out.table([{key: row[key] for key in known} for row in rows])
