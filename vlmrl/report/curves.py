"""Learning curves as SVG that stands inside a page: what the words paid, what it was worth, and success, over steps."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator, PercentFormatter

from vlmrl.report.history import History, Line
from vlmrl.video.palette import DONE, INK, LINE, MUTED, SCORE, TRUTH

STYLE = {
    "axes.edgecolor": LINE,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": MUTED,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": "sans-serif",
    "font.size": 13,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "svg.fonttype": "none",  # letters stay letters, in the page's own typeface
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
}


@dataclass(frozen=True)
class Chart:
    """One figure of the report.

    Attributes:
        title: what is drawn.
        caption: what exactly, in a sentence.
        svg: an ``<svg>`` element that needs nothing from outside.
    """

    title: str
    caption: str
    svg: str


@dataclass(frozen=True)
class _Plot:
    """What goes into one chart."""

    name: str
    colour: str
    trained: Line | None
    judged: Line | None = None
    bounds: tuple[float, float] | None = None
    bars: Sequence[tuple[float, float, float]] = ()
    percent: bool = False

    @property
    def legend(self) -> str:
        """What is a point and what a line."""
        if self.judged is None:
            return " Mean of the last training episodes."
        return " Points: evaluations." + ("" if self.trained is None else " Pale line: training episodes.")


def charts(history: History, total: int, paid_by_truth: bool = False) -> tuple[Chart, ...]:
    """The learning curves that ``history`` has numbers for.

    Args:
        history: what was logged.
        total: steps that the run is meant to take; the axis ends there, so that an unfinished run looks unfinished.
        paid_by_truth: the learner is paid by ground truth; then no words paid anything, and no such chart is made.
    """
    drawn = []
    paid = None if paid_by_truth else history.lines.get("rollout/vlm_return")
    if paid is not None:
        plot = _Plot("VLM return", SCORE, paid)
        caption = "What the reward model and the shaping paid, summed over an episode." + plot.legend
        drawn.append(Chart(plot.name, caption, _svg(plot, total)))
    truth = _truth(history)
    if truth is not None:
        drawn.append(Chart(truth[0].name, truth[1] + truth[0].legend, _svg(truth[0], total)))
    success = _success(history)
    if success is not None:
        caption = "Share of episodes that succeed, by the simulator." + success.legend
        caption += " Bars: 95 % interval." if success.bars else ""
        drawn.append(Chart(success.name, caption, _svg(success, total)))
    return tuple(drawn)


def _truth(history: History) -> tuple[_Plot, str] | None:
    """Nearness to done where a task knows it, else the environment's own reward; of a task one is the other's sum."""
    for column, name, bounds, caption in (
        (
            "oracle_return",
            "Ground truth",
            (0.0, 1.0),
            "How near to done, by the simulator, mean over an episode's steps.",
        ),
        ("task_return", "Task return", None, "The environment's own reward, summed over an episode."),
    ):
        trained, judged = history.lines.get(f"rollout/{column}"), history.lines.get(f"eval/{column}")
        if trained is not None or judged is not None:
            return _Plot(name, TRUTH, trained, judged, bounds), caption
    return None


def _success(history: History) -> _Plot | None:
    trained, judged = history.lines.get("rollout/success"), None
    if history.judged:
        judged = Line(
            np.array([step for step, _ in history.judged], dtype=float),
            np.array([share.mean for _, share in history.judged]),
        )
    if trained is None and judged is None:
        return None
    bars = [(float(step), share.low, share.high) for step, share in history.judged]
    return _Plot("Success", DONE, trained, judged, (0.0, 1.0), bars, percent=True)


def _svg(plot: _Plot, total: int) -> str:
    # The salt keeps the names inside this SVG apart from those of its neighbours on the page, and the same every time.
    style: Any = {**STYLE, "svg.hashsalt": plot.name}
    with rc_context(style):
        figure = Figure(figsize=(4.8, 3.2), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        _lines(axes, plot)
        _axes(axes, plot, total)
        sheet = io.StringIO()
        figure.savefig(sheet, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = sheet.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    return svg.replace("<svg", f'<svg role="img" aria-label="{plot.name} over environment steps"', 1).strip()


def _lines(axes: Axes, plot: _Plot) -> None:
    if plot.trained is not None:
        pale = plot.judged is not None
        axes.plot(
            plot.trained.steps,
            plot.trained.values,
            "o-" if len(plot.trained.steps) == 1 else "-",
            color=plot.colour,
            alpha=0.4 if pale else 1.0,
            linewidth=1.4 if pale else 2.0,
        )
    if plot.judged is not None:
        axes.plot(
            plot.judged.steps, plot.judged.values, "o-", color=plot.colour, linewidth=2.0, markersize=4, clip_on=False
        )
    for step, low, high in plot.bars:
        axes.plot([step, step], [low, high], color=plot.colour, alpha=0.45, linewidth=1.2)


def _axes(axes: Axes, plot: _Plot, total: int) -> None:
    last = max(float(line.steps[-1]) for line in (plot.trained, plot.judged) if line is not None)
    axes.set_xlim(0, max(total, last, 1.0))
    if plot.bounds is not None:
        axes.set_ylim(*plot.bounds)
    axes.set_xlabel("environment steps")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    if plot.percent:
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.tick_params(length=0)
