"""Tables whose cells are shaded by their number, so that the eye finds what the mind would have to read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from vlmrl.report.table import DASH, number

LIGHT, DARK = (246, 248, 251), (0, 84, 140)
"""Colours of the least and the most."""
WHITE_FROM = 0.55
"""From this share of the way on, letters are white."""


def heat(
    heads: Sequence[str],
    rows: Sequence[tuple[str, Sequence[float | None]]],
    low: float,
    high: float,
    marked: Sequence[int | None] = (),
) -> str:
    """A table as HTML.

    Args:
        heads: one a column, the first that of the rows' names.
        rows: each with a name and its numbers; None and ``nan`` are a dash.
        low: what the lightest shade stands for; above ``high`` where small numbers are to be dark.
        high: what the darkest stands for.
        marked: by row, the column that is outlined; empty for none.
    """
    head = "".join(f'<th scope="col">{breakable(one)}</th>' for one in heads)
    body = "".join(
        f'<tr><th scope="row">{breakable(name)}</th>'
        + "".join(
            _cell(value, low, high, bool(marked) and marked[row] == column) for column, value in enumerate(values)
        )
        + "</tr>\n"
        for row, (name, values) in enumerate(rows)
    )
    return (
        f'<div class="scroll"><table class="heat"><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table></div>'
    )


def breakable(name: str) -> str:
    """A name as HTML that may be broken after a slash and an underscore, and nowhere else."""
    return escape(name).replace("/", "/<wbr>").replace("_", "_<wbr>")


def _cell(value: float | None, low: float, high: float, marked: bool) -> str:
    if value is None or math.isnan(value):
        return f'<td class="none">{DASH}</td>'
    way = 0.5 if low == high else min(1.0, max(0.0, (value - low) / (high - low)))
    shade = ",".join(f"{round(light + way * (dark - light))}" for light, dark in zip(LIGHT, DARK, strict=True))
    letters = "#fff" if way > WHITE_FROM else "#1b1f24"
    outline = ' class="marked"' if marked else ""
    return f'<td{outline} style="background:rgb({shade});color:{letters}">{number(value)}</td>'
