"""Where one score stands among those of goal states and of bad ones, as SVG that stands inside a page."""

from __future__ import annotations

import numpy as np

from vlmrl.types import Array

WIDTH, LANE, EDGE = 600, 26, 10
"""Of the strip, of each of its two lanes, and the room left and right of the outermost dots, in the SVG's units."""
RADIUS = 4
HEIGHT = 2 * LANE + 24


def strip(goal: Array, bad: Array, here: float, bounds: tuple[float, float]) -> str:
    """An ``<svg>``: goal states in the upper lane, bad ones in the lower, and a line through both where ``here`` is.

    Its colours are the page's: the classes are ``goal``, ``bad``, ``here`` and ``axis``.

    Args:
        goal: scores ``(n,)``.
        bad: scores ``(m,)``.
        here: the score that is looked at.
        bounds: lowest and highest score of the axis; strips of equal bounds can be compared.
    """
    low, high = bounds
    across = (WIDTH - 2 * EDGE) / (high - low if high > low else 1.0)

    def x(score: float) -> float:
        return EDGE + across * (float(np.clip(score, low, high)) - low)

    dots = "".join(
        f'<circle class="{name}" cx="{x(score):.1f}" cy="{top + _height(index):.1f}" r="{RADIUS}"/>'
        for name, scores, top in (("goal", goal, 0), ("bad", bad, LANE))
        for index, score in enumerate(scores)
    )
    foot = 2 * LANE + 17
    return (
        f'<svg class="strip" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="this frame scores {here:.3f}; '
        f'goal states {_span(goal)}, bad ones {_span(bad)}">'
        f'<line class="axis" x1="0" x2="{WIDTH}" y1="{2 * LANE}" y2="{2 * LANE}"/>{dots}'
        f'<line class="here" x1="{x(here):.1f}" x2="{x(here):.1f}" y1="0" y2="{2 * LANE}"/>'
        f'<text class="axis" x="0" y="{foot}">{low:.2f}</text>'
        f'<text class="axis" x="{WIDTH}" y="{foot}" text-anchor="end">{high:.2f}</text></svg>'
    )


def _height(index: int) -> float:
    """Where in its lane a dot lies: spread evenly, the same every time, so that dots do not dance while one types."""
    return RADIUS + 1 + (LANE - 2 * RADIUS - 2) * (index * 0.6180339887 % 1.0)


def _span(scores: Array) -> str:
    return f"{np.min(scores):.3f} to {np.max(scores):.3f}"
