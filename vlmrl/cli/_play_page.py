"""What the playground shows, as HTML: the picture, the truth, and a strip for every sentence."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from PIL import Image

from vlmrl.judge.playground import LARGE, Reading, View
from vlmrl.report.inline import png
from vlmrl.report.strip import strip
from vlmrl.types import Array

LEGEND = (
    '<p class="key"><span class="dot goal"></span> goal states of the task <span class="dot bad"></span> bad ones '
    '<span class="bar"></span> this frame</p>'
)


def posed(view: View) -> str:
    """The picture of a posture, what the encoder sees of it, and how near to done it is."""
    height, width = view.frame.shape[:2]
    done = '<b class="done">done</b>' if view.success else "not done"
    return (
        f'<figure class="stage"><img class="large" src="{png(view.picture, smallest=False)}" '
        'alt="the robot in this pose">'
        f'<img class="small" src="{png(view.frame, smallest=False)}" alt="what the encoder sees" '
        f'title="the {width} x {height} pixels that are scored"></figure>'
        + _bar("truth", "Ground truth", view.oracle, done, view.oracle)
    )


def shown(frame: Array, name: str, index: int) -> str:
    """A frame of somebody's file, no larger than it need be."""
    picture = Image.fromarray(frame)
    picture.thumbnail(LARGE)
    return (
        f'<figure class="stage"><img class="large" src="{png(np.asarray(picture), smallest=False)}" '
        'alt="your picture"></figure>'
        f"<p>Frame {index} of {escape(name)}. Nobody knows its truth: it has no simulator.</p>"
    )


def paid(reading: Reading) -> str:
    """The score that an agent would be paid by, to stand under the picture."""
    way = reading.way
    said = f"{way:.0%} of the way from bad to goal" if np.isfinite(way) else "goal states score no higher"
    return _bar("paid", "Score", reading.score, said, float(np.nan_to_num(way)))


def _bar(kind: str, name: str, value: float, said: str, share: float) -> str:
    return (
        f'<div class="meter {kind}" data-value="{value:.6f}"><span>{name} <b>{value:.2f}</b>, {said}</span>'
        f'<i><i style="width: {100 * float(np.clip(share, 0, 1)):.1f}%"></i></i></div>'
    )


def scores(readings: Sequence[Reading]) -> str:
    """A strip for each sentence, all on one axis."""
    everything = np.concatenate([[one.score, *one.of_goal, *one.of_bad] for one in readings])
    bounds = (float(everything.min()), float(everything.max()))
    return LEGEND + "".join(_reading(one, bounds) for one in readings)


def _reading(one: Reading, bounds: tuple[float, float]) -> str:
    sentence = f"&ldquo;{escape(one.goal[0])}&rdquo;" if len(one.goal) == 1 else "All goals together"
    finding, count = one.finding, len(one.of_goal)
    above_goal, above_bad = int((one.of_goal < one.score).sum()), int((one.of_bad < one.score).sum())
    return (
        f'<article class="reading"><h3>{sentence}</h3><output data-score="{one.score:.6f}">{one.score:.3f}</output>'
        f"{strip(one.of_goal, one.of_bad, one.score, bounds)}"
        f"<p>This frame scores above {above_goal} of {count} goal states and {above_bad} of {count} bad ones.</p>"
        f'<p><span class="mark {finding.colour}">AUROC {finding.numbers["auroc"]:.2f}</span> {escape(finding.reason)}'
        "</p></article>"
    )


def notice(text: str, kind: str = "wrong") -> str:
    """Lines for the reader, one a paragraph; nothing for no text."""
    lines = _paragraphs(text)
    return f'<div class="notice {kind}">{lines}</div>' if lines else ""


def folded(title: str, text: str) -> str:
    """Lines that show when the title is touched; nothing for no text."""
    lines = _paragraphs(text)
    return f"<details><summary>{escape(title)}</summary>{lines}</details>" if lines else ""


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(line.strip())}</p>" for line in text.splitlines() if line.strip())
