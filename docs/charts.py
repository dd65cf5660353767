"""Draw the charts of docs/images from the JSON that commands wrote.

curves.svg: how agents paid by words and by ground truth learned; paths.svg: what sim-clip scores on the way to a goal;
speed.svg: how many times faster than others each part is.

python docs/charts.py
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator

from vlmrl.report.curves import STYLE
from vlmrl.sim_clip.card import measured
from vlmrl.video.palette import INK, PAPER, SCORE, TRUTH

DOCS = Path(__file__).parent
RESULTS = DOCS / "data" / "results.json"
SPEED = DOCS.parent / "benchmarks" / "results" / "latest.json"
IMAGES = DOCS / "images"
MEASURES = {"success": "success", "oracle_return": "nearness to done"}
"""What is drawn, from top to bottom: the name in the data, and the label."""
OWN = ("growth/", "gpu/", "score/encoder-share", "score-256/encoder-share")
"""Figures of speed without somebody else to be compared with."""
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


def curves() -> Figure | None:
    """Learning, a column a task, a line of charts a measure; None where nothing has learned yet."""
    tasks = by_task(json.loads(RESULTS.read_text(encoding="utf-8"))["rows"])
    if not tasks:
        return None
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


def paths() -> Figure:
    """The reward along a straight way of states from a bad one to the goal, a chart a task."""
    tasks: dict[str, Any] = {task: told["tasks"][task] for task, (_, told) in sorted(measured().items())}
    columns = 5
    lines = -(-len(tasks) // columns)
    sheet = Figure(figsize=(3.0 * columns, 2.0 * lines), layout="constrained", facecolor=PAPER)
    grid = sheet.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
    for axes, (task, facts) in zip(grid.flat, tasks.items(), strict=False):
        reward = facts["path"]["reward"]
        axes.plot(np.linspace(0, 1, len(reward)), reward, color=SCORE, linewidth=2.0)
        axes.set_title(task, fontsize=11, color=INK)
        axes.tick_params(length=0)
    for axes in grid.flat[len(tasks) :]:
        axes.set_visible(False)
    sheet.supxlabel("share of the way from a bad state to the goal", fontsize=10)
    sheet.supylabel("reward", fontsize=10)
    return sheet


def speed() -> Figure | None:
    """Ratios to every peer, a bar each on a logarithmic axis; None where nobody has measured yet."""
    if not SPEED.is_file():
        return None
    found = [one for one in json.loads(SPEED.read_text(encoding="utf-8")) if not one["name"].startswith(OWN)]
    sheet = Figure(figsize=(8.0, 0.6 + 0.24 * len(found)), layout="constrained", facecolor=PAPER)
    axes = sheet.subplots()
    ratios = [one["ratio"] for one in found]
    bars = axes.barh([one["name"] for one in found], [ratio - 1 for ratio in ratios], left=1, color=SCORE, height=0.65)
    axes.bar_label(bars, [f"{ratio:.3g}x" for ratio in ratios], padding=4, color=INK, fontsize=9)
    axes.axvline(1, color=INK, linewidth=1)
    axes.set_xscale("log")
    axes.set_xlim(min(0.5, *ratios) / 2.5, 2.0 * max(ratios))  # room for what the bars are labelled with
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.tick_params(length=0)
    axes.set_xlabel("times faster")
    return sheet


CHARTS: dict[str, Callable[[], Figure | None]] = {"curves": curves, "paths": paths, "speed": speed}


def main() -> int:
    """Draw; nothing to draw is no failure."""
    IMAGES.mkdir(exist_ok=True)
    for name, chart in CHARTS.items():
        # Letters as outlines, names from the salt, no date: the same data give the same file.
        style: Any = {**STYLE, "font.size": 10, "svg.fonttype": "path", "svg.hashsalt": name}
        with rc_context(style):
            sheet = chart()
            if sheet is not None:
                sheet.savefig(IMAGES / f"{name}.svg", format="svg", metadata={"Date": None, "Creator": None})
    return 0


if __name__ == "__main__":
    sys.exit(main())
