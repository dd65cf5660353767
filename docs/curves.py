"""Draw docs/images/curves.svg from docs/data/results.json: how agents paid by words and by ground truth learned.

python docs/curves.py
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator

from vlmrl.report.curves import STYLE
from vlmrl.video.palette import INK, PAPER, SCORE, TRUTH

DATA = Path(__file__).parent / "data" / "results.json"
FILE = Path(__file__).parent / "images" / "curves.svg"
MEASURES = {"success": "success", "oracle_return": "nearness to done"}
"""What is drawn, from top to bottom: the name in the data, and the label."""
TRUTHS = "ground truth"
"""Who pays the agents that the others are compared with, as results.json says it."""


def by_task(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """The rows of each task that has learning curves, those paid by words first."""
    tasks: dict[str, list[Mapping[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: row["paid_by"] == TRUTHS):
        if any(curve["steps"] for curve in row["curves"]):
            tasks.setdefault(row["task"], []).append(row)
    return tasks


def draw(axes: Axes, row: Mapping[str, Any], measure: str) -> None:
    """One row of the table: a pale line a seed, their mean in full colour as far as all seeds went."""
    curves = [curve for curve in row["curves"] if curve.get(measure)]
    if not curves:
        return
    paid_by_truth = row["paid_by"] == TRUTHS
    colour = TRUTH if paid_by_truth else SCORE
    for curve in curves:
        axes.plot(curve["steps"], curve[measure], color=colour, alpha=0.3, linewidth=1.0)
    shortest = min(len(curve["steps"]) for curve in curves)
    mean = np.mean([curve[measure][:shortest] for curve in curves], axis=0)
    label = "paid by ground truth" if paid_by_truth else "paid by words"
    steps = curves[0]["steps"][:shortest]
    axes.plot(steps, mean, color=colour, linewidth=2.0, linestyle="--" if paid_by_truth else "-", label=label)


def figure(tasks: Mapping[str, Sequence[Mapping[str, Any]]]) -> Figure:
    """A column a task, a line of charts a measure."""
    sheet = Figure(figsize=(3.0 * len(tasks), 2.4 * len(MEASURES)), layout="constrained", facecolor=PAPER)
    grid = sheet.subplots(len(MEASURES), len(tasks), sharex="col", sharey=True, squeeze=False)
    for column, (task, rows) in enumerate(tasks.items()):
        for line, (measure, label) in enumerate(MEASURES.items()):
            axes = grid[line, column]
            for row in rows:
                draw(axes, row, measure)
            axes.set_ylim(0, 1.02)
            axes.tick_params(length=0)
            axes.xaxis.set_major_locator(MaxNLocator(4))
            axes.xaxis.set_major_formatter(EngFormatter(sep=""))
            if column == 0:
                axes.set_ylabel(label)
            if line == 0:
                axes.set_title(task, fontsize=12, color=INK)
        grid[-1, column].set_xlabel("environment steps")
    handles = {text: line for axes in grid.flat for line, text in zip(*axes.get_legend_handles_labels(), strict=True)}
    sheet.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=len(handles), frameon=False)
    return sheet


def main() -> int:
    """Draw; nothing to draw is no failure."""
    tasks = by_task(json.loads(DATA.read_text(encoding="utf-8"))["rows"])
    if not tasks:
        return 0
    FILE.parent.mkdir(exist_ok=True)
    # Letters as outlines, names from the salt, no date: the same data give the same file.
    style: Any = {**STYLE, "font.size": 10, "svg.fonttype": "path", "svg.hashsalt": "curves"}
    with rc_context(style):
        figure(tasks).savefig(FILE, format="svg", metadata={"Date": None, "Creator": None})
    return 0


if __name__ == "__main__":
    sys.exit(main())
