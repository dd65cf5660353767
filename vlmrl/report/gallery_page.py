"""The gallery of tasks: of each a picture of it done, its words, when it counts as done, and who reaches that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Any

from vlmrl.report.document import document, section
from vlmrl.report.inline import png
from vlmrl.types import Array


@dataclass(frozen=True)
class Exhibit:
    """One task on show.

    Attributes:
        facts: its row of ``vlmrl list tasks``: name, goal, truth, horizon, random, knowing, who.
        picture: of it done, uint8 ``(H, W, 3)``; None where it cannot be drawn.
        missing: why there is no picture.
    """

    facts: Mapping[str, Any]
    picture: Array | None = None
    missing: str = ""


def page(exhibits: Sequence[Exhibit]) -> str:
    """A whole page of HTML, the tasks by their domain."""
    parts = [
        section(domain, f'<div class="gallery">\n{"".join(map(_card, those))}</div>')
        for domain, those in groupby(exhibits, key=lambda one: one.facts["name"].partition("/")[0])
    ]
    head = (
        '<header>\n<p class="kicker">vlmrl list tasks</p>\n<h1>Tasks in words</h1>\n'
        "<p>Each picture shows its task done. <i>Random</i> is how often an agent that acts at random succeeds, "
        "<i>knowing</i> how often a script or an agent that learned from the simulator's own truth does.</p>\n"
        '<p class="pick"><input type="search" placeholder="kneeling, red block, upright&hellip;" '
        'aria-label="Find tasks by their words"><output></output></p>\n</header>\n'
    )
    return document("Tasks in words", head + "".join(parts), own="gallery_page")


def _card(one: Exhibit) -> str:
    facts = one.facts
    if one.picture is not None:
        shown = f'<img src="{png(one.picture)}" alt="{escape(facts["goal"][0])}">'
    else:
        shown = f'<p class="missing">{escape(one.missing)}</p>'
    who = f"<dt>knowing</dt><dd>{_share(facts['knowing'])}</dd>"
    by = f'<p class="small">knowing: {escape(facts["who"])}</p>' if facts["who"] else ""
    return (
        f'<article class="task">{shown}<div><h3>{escape(facts["name"])}</h3>'
        f'<p class="goal">{escape(facts["goal"][0])}</p><p class="small">{escape(facts["truth"])}</p>'
        f"<dl><dt>random</dt><dd>{_share(facts['random'])}</dd>{who}"
        f"<dt>steps</dt><dd>{facts['horizon']}</dd></dl>{by}</div></article>\n"
    )


def _share(share: Mapping[str, float] | None) -> str:
    return "not measured" if share is None else f"{share['mean']:.0%}"
