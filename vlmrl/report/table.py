"""The table of results: one row an agent, every number with its interval."""

from __future__ import annotations

import math
from html import escape

from vlmrl.metrics.evaluation import Comparison, Row
from vlmrl.metrics.intervals import Interval
from vlmrl.video.palette import DONE, LINE, TRUTH

DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
PERCENT = "\N{NO-BREAK SPACE}%"

AGENTS = {
    "agent": "trained from the sentence",
    "oracle": "trained on the ground truth itself",
    "random": "acts at random",
}
"""What the usual names of agents mean."""


def results(comparison: Comparison, paid_by_truth: bool = False) -> str:
    """The table as HTML; columns that nobody has numbers for are left out.

    Args:
        comparison: the agents and what they did.
        paid_by_truth: the run's own agent was trained on ground truth, not from a sentence.
    """
    rows = comparison.rows()
    columns = [
        (title, name)
        for title, name in (
            ("Success", "success"),
            ("Ground truth, 0 to 1", "oracle_return"),
            ("Score of the words", "vlm_return"),
            ("Task return", "task_return"),
            ("Episode length", "length"),
        )
        if any(getattr(row, name) is not None for row in rows)
    ]
    if any(name == "oracle_return" for _, name in columns):
        columns = [column for column in columns if column[1] != "task_return"]  # of a task, the same times its length
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title, _ in columns)
    body = "".join(
        f"<tr>{_agent(row, paid_by_truth)}{''.join(_cell(row, name) for _, name in columns)}</tr>" for row in rows
    )
    return (
        f'<div class="scroll"><table class="results"><thead><tr><th scope="col">Agent</th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def share(interval: Interval) -> str:
    """``96 %``, of a share in [0, 1]."""
    return f"{100 * interval.mean:.0f}{PERCENT}"


def span(interval: Interval, percent: bool = False) -> str:
    """``88 to 100 %``, or ``0.81 to 0.93``; a dash where there is no interval."""
    if math.isnan(interval.low):
        return DASH
    if percent:
        return f"{100 * interval.low:.0f} to {100 * interval.high:.0f}{PERCENT}"
    return f"{number(interval.low)} to {number(interval.high)}"


def number(value: float) -> str:
    """Three digits that matter, with a true minus sign."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:z.{digits}f}".replace("-", MINUS)


def _agent(row: Row, paid_by_truth: bool) -> str:
    meaning = AGENTS["oracle"] if row.agent == "agent" and paid_by_truth else AGENTS.get(row.agent, "")
    lines = "".join(f'<span class="small">{escape(line)}</span>' for line in (meaning, row.chosen) if line)
    return f'<th scope="row">{escape(row.agent)}{lines}</th>'


def _cell(row: Row, name: str) -> str:
    interval: Interval | None = getattr(row, name)
    if interval is None:
        return f'<td class="none">{DASH}</td>'
    if name == "length":
        return f"<td>{interval.mean:.0f}</td>"
    percent = name == "success"
    shown = share(interval) if percent else number(interval.mean)
    drawn = whisker(interval, DONE if percent else TRUTH) if name in ("success", "oracle_return") else ""
    return f'<td>{shown}<span class="range">{span(interval, percent)}</span>{drawn}</td>'


def whisker(interval: Interval, colour: str) -> str:
    """Mean and interval on a line from 0 to 1, as SVG."""
    wide, room = 120, 4
    low, mean, high = (
        room + min(1.0, max(0.0, interval.mean if math.isnan(value) else value)) * (wide - 2 * room)
        for value in (interval.low, interval.mean, interval.high)
    )
    return (
        f'<svg width="{wide}" height="10" viewBox="0 0 {wide} 10" aria-hidden="true">'
        f'<path d="M{room} 5H{wide - room}" stroke="{LINE}"/>'
        f'<path d="M{low:.1f} 5H{high:.1f}" stroke="{colour}" stroke-width="3" stroke-linecap="round" opacity="0.45"/>'
        f'<circle cx="{mean:.1f}" cy="5" r="3.5" fill="{colour}"/></svg>'
    )
