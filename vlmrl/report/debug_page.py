"""The page of a debugged reward: a film beside what every model says of it, and the moments at which they stray."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape

import numpy as np
from PIL import Image

from vlmrl.metrics.inspection import Curve, Inspection, Kind, Moment
from vlmrl.report.document import document, section
from vlmrl.report.inline import film, png, size_within, within
from vlmrl.report.table import MINUS, number
from vlmrl.types import Array
from vlmrl.video.curve import runs

SHARP = 256
"""Frames with fewer pixels a side are enlarged, each pixel to a square, so that the film's coding blurs none."""
LARGEST = 360
"""Pixels of a film's longer side."""
PIXELS = 80_000_000
"""In all films of a page together: some 4 MB of simulator frames. Long episodes are shown smaller."""
THUMBNAIL = 160
"""Pixels of a thumbnail's and a map's longer side."""
COLOURS = 6
STRAYS: dict[Kind, tuple[str, str]] = {
    "over": ("Most over-rewarded", "Others are better by the truth, and paid less."),
    "under": (
        "Most under-rewarded",
        "Others are worse by the truth, and paid more.",
    ),
    "high": ("Highest scores", "Nobody knows the truth here, so these are simply the peaks."),
    "low": ("Lowest scores", "And these the valleys."),
}
HOT, COLD = (214, 40, 40), (40, 90, 214)
"""What speaks for a score, and against it."""


def page(found: Inspection) -> str:
    """A whole page of HTML.

    Raises:
        RunError: ffmpeg cannot write a film.
    """
    title = found.curves[0].name
    body = _head(found, title) + _verdict(found) + _picks(found) + _desk(found) + _readout(found)
    body += "".join(_list(found, index) for index, _ in _voices(found)) + _foot(found)
    return document(title, f"{body}{_data(found)}", own="debug_page")


def _head(found: Inspection, title: str) -> str:
    parts = [part for part in ("debug", found.world, found.subject, found.note) if part]
    words = found.curves[0].words
    sides = (
        (("Also worded", words.goal[1:]), ("Baseline", words.baseline), ("Negative", words.negative)) if words else ()
    )
    said = "".join(
        f'<p class="words">{name}: <i>{escape(", ".join(sentences))}</i></p>\n'
        for name, sentences in sides
        if sentences
    )
    kicker = " &middot; ".join(escape(part) for part in parts)
    return f'<header>\n<p class="kicker">{kicker}</p>\n<h1>&ldquo;{escape(title)}&rdquo;</h1>\n{said}</header>\n'


def _verdict(found: Inspection) -> str:
    """What a reader in a hurry takes away."""
    if not found.judged:
        whose = "A film alone" if found.of_film else escape(found.world)
        return (
            f'<p class="notice">{whose} has no ground truth. There is nothing to compare the score with: the moments '
            "below are its peaks, right or wrong.</p>\n"
        )
    first = found.curves[0]
    states = sum(len(one.frames) for one in found.episodes)
    text = f"Over {states:,} states, score and truth agree at a Spearman of <b>{_agreement(first)}</b>."
    worst = next((one for one in found.moments if one.curve == 0 and one.kind == "over"), None)
    if worst is not None and worst.true_standing is not None:
        text += (
            f" At its worst ({escape(_where(found, worst))}) it pays more than in {_percent(worst.standing)} of "
            f"states, though by truth that state is above only {_percent(worst.true_standing)}."
        )
    if not any(one.success is not None and one.success.any() for one in found.episodes):
        text += " In none of them is the task done, so nothing here tells how the goal itself is paid."
    return f'<p class="verdict">{text}</p>\n'


def _raw(value: float) -> str:
    """A score as the script writes it: models differ in the third digit."""
    return f"{value:z.{0 if abs(value) >= 1000 else 3}f}".replace("-", MINUS)


def _agreement(curve: Curve) -> str:
    return "unknown" if curve.spearman is None else number(curve.spearman)


def _percent(share: float) -> str:
    return f"{100 * share:.0f}&nbsp;%"


def _where(found: Inspection, moment: Moment) -> str:
    return f"{found.episodes[moment.episode].title}, {_unit(found)} {found.number(moment.step)}"


def _unit(found: Inspection) -> str:
    return "frame" if found.of_film else "step"


def _voices(found: Inspection) -> Iterator[tuple[int, Curve]]:
    """The curves that are scores, with their numbers."""
    return ((index, curve) for index, curve in enumerate(found.curves) if curve.words is not None)


def _picks(found: Inspection) -> str:
    endings = {True: ", succeeded", False: ", failed", None: ""}
    episodes = "".join(
        f'<option value="{index}">{escape(one.title)}{endings[one.succeeded]}</option>'
        for index, one in enumerate(found.episodes)
    )
    alone = " hidden" if len(found.episodes) == 1 else ""
    shown = f'<label{alone}>Episode <select id="episode" autocomplete="off">{episodes}</select></label>'
    voices = list(_voices(found))
    if len(voices) > 1:
        options = "".join(
            f'<option value="{index}">{escape(curve.name)} ({escape(curve.note)})</option>' for index, curve in voices
        )
        shown += f'<label>Judge <select id="about" autocomplete="off">{options}</select></label>'
    if any(moment.heat is not None for moment in found.moments):
        shown += '<button type="button" id="maps" aria-pressed="false">Show what carries the score</button>'
    return f'<div class="pick">{shown}</div>\n'


def _desk(found: Inspection) -> str:
    """Film, curves, scrubber and buttons; the script fills them."""
    height, width = found.episodes[0].frames.shape[1:3]
    pixels = " pixels" if max(height, width) < SHARP else ""
    buttons = "".join(
        f'<button type="button" id="{name}" aria-label="{label}">{sign}</button>'
        for name, label, sign in (
            ("first", "First state", "&laquo;"),
            ("back", "Back one state", "&lsaquo;"),
            ("play", "", "Play"),
            ("next", "On one state", "&rsaquo;"),
            ("last", "Last state", "&raquo;"),
        )
    ).replace(' aria-label=""', "")
    seen = "These are the very pixels that the reward reads." if pixels else ""
    lane = " Below: the share of all states that are better and yet paid less, or the opposite." if found.judged else ""
    return (
        '<noscript><p class="notice">Film and curves need JavaScript; the moments below do not.</p></noscript>\n'
        '<p class="notice" id="unplayable" hidden>This browser cannot play H.264 films; curves and moments work.</p>\n'
        f'<div class="desk" id="desk" hidden>\n<figure class="stage{pixels}"><div class="screen" '
        f'style="aspect-ratio: {width} / {height}"><video id="film" muted playsinline preload="auto" '
        'aria-label="Film of the episode"></video>'
        '<img class="heat" id="heat" alt="What carries the score" hidden></div>'
        f"<figcaption>{seen}</figcaption></figure>\n"
        '<div><svg id="plot" role="img" aria-label="Curves of the episode; the slider moves through them"></svg>\n'
        f'<input type="range" id="scrub" min="0" value="0" step="1" autocomplete="off" aria-label="{_unit(found)}">\n'
        f'<div class="transport" role="group" aria-label="Playback">{buttons}<output id="now"></output></div>\n'
        '<p class="small">Space plays, arrow keys step (with Shift by ten), Home and End jump; or click into the '
        "curves. Each curve is drawn on its own range over all episodes, from its lowest value to its highest."
        f"{lane}</p>"
        "</div>\n</div>\n"
    )


def _readout(found: Inspection) -> str:
    """The legend, which is the table of numbers at the cursor too."""
    rows = [
        _row(str(index), f"c{index % COLOURS}", curve.name, _note(curve), *curve.bounds)
        for index, curve in enumerate(found.curves)
    ]
    if found.judged:
        rows.append(_row("truth", "truth", "Truth", "nearness to the goal, by the simulator", 0.0, 1.0))
        band = _swatch("", '<path class="done foot" d="M0 0H28V12H0Z"/>')
        rows.append(_line("success", band, "Done", "success at this moment, by the simulator", "<td></td>"))
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Curve", "Here", "Lowest to highest"))
    return (
        '<table class="readout"><caption>Raw numbers at the cursor; a click hides a curve</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>\n{''.join(rows)}</tbody></table>\n"
    )


def _note(curve: Curve) -> str:
    return f"{curve.note}; Spearman {_agreement(curve)}" if curve.excess is not None else curve.note


def _row(key: str, colour: str, name: str, note: str, low: float, high: float) -> str:
    swatch = _swatch(colour, '<path d="M0 6H28"/>')
    return _line(key, swatch, name, note, f'<td class="none">{_raw(low)} to {_raw(high)}</td>')


def _swatch(style: str, path: str) -> str:
    return f'<svg class="swatch {style}" width="28" height="12" aria-hidden="true">{path}</svg>'


def _line(key: str, swatch: str, name: str, note: str, rest: str) -> str:
    return (
        f'<tr><th scope="row"><button type="button" class="key" data-key="{key}" aria-pressed="true">{swatch}<span>'
        f'{escape(name)}<span class="small">{escape(note)}</span></span></button></th>'
        f'<td class="here" data-now="{key}"></td>{rest}</tr>\n'
    )


def _list(found: Inspection, index: int) -> str:
    """The moments of one curve; all but the first curve's wait to be asked for."""
    kinds: tuple[Kind, ...] = ("high", "low") if found.curves[index].excess is None else ("over", "under")
    body = ""
    for kind in kinds:
        of_kind = [(n, one) for n, one in enumerate(found.moments) if (one.curve, one.kind) == (index, kind)]
        title, why = STRAYS[kind]
        cards = "".join(f"<li>{_card(found, n, one)}</li>" for n, one in of_kind)
        listed = f'<p class="small">{why}</p><ul class="moments">{cards}</ul>'
        body += section(title, listed if of_kind else '<p class="none">Nowhere by more than a tenth of all states.</p>')
    return f'<div data-about="{index}"{" hidden" if index else ""}>\n{body}</div>\n'


def _card(found: Inspection, index: int, moment: Moment) -> str:
    unit, name = _unit(found), found.episodes[moment.episode].title
    pixels = " pixels" if max(moment.frame.shape[:2]) < SHARP else ""
    heat = "" if moment.heat is None else f'<img class="heat" src="{_heat(moment.heat)}" alt="">'
    truth = (
        ""
        if moment.oracle is None or moment.true_standing is None
        else f'<span class="small">truth {_raw(moment.oracle)}, above {_percent(moment.true_standing)}</span>'
    )
    return (
        f'<button type="button" class="moment{pixels}" data-moment="{index}"><span class="shot">'
        f'<img src="{png(within(moment.frame, THUMBNAIL))}" alt="">{heat}</span><span><b>{unit} '
        f'{found.number(moment.step)}</b><span class="small">{escape(name)}</span>'
        f'<span class="told">score {_raw(moment.score)}, above {_percent(moment.standing)}</span>{truth}</span>'
        "</button>"
    )


def _heat(heat: Array) -> str:
    """A map as a picture to lay over the frame: red speaks for the score, blue against it."""
    scale = max(float(np.abs(heat).max()), 1e-12)
    small = np.asarray(Image.fromarray(heat.astype(np.float32) / scale).resize(size_within(heat.shape, THUMBNAIL)))
    sheet = np.empty((*small.shape, 4), np.uint8)
    sheet[..., :3] = np.where(small[..., None] > 0, HOT, COLD)
    sheet[..., 3] = np.clip(np.abs(small) * 210, 0, 210)
    return png(sheet)


def _foot(found: Inspection) -> str:
    maps = (
        " A map covers the picture piece by piece with its own blur: where it is red, covering lowers the score; where "
        "it is blue, covering raises it."
        if any(moment.heat is not None for moment in found.moments)
        else ""
    )
    truth = (
        " <i>Truth</i> is the simulator's nearness to the goal, from 0 to 1. <i>Above 97&nbsp;%</i>: of all states on "
        "this page, those that have less."
        if found.judged
        else ""
    )
    return f"<footer>Scores are the reward's own numbers.{truth}{maps}</footer>\n"


def _data(found: Inspection) -> str:
    """What the script draws."""
    side = int(max(64, min(LARGEST, (PIXELS / sum(len(one.frames) for one in found.episodes)) ** 0.5)))
    told = {
        "unit": _unit(found),
        "first": found.number(0),
        "every": found.every,
        "fps": found.fps,
        "curves": [{"low": curve.bounds[0], "high": curve.bounds[1], "reach": _reach(curve)} for curve in found.curves],
        "episodes": [
            {
                "length": len(one.frames),
                "film": film((_shown(frame, side) for frame in one.frames), found.fps),
                "oracle": _short(one.oracle),
                "success": None if one.success is None else runs(one.success),
                "values": [_short(curve.values[index]) for curve in found.curves],
                "excess": [None if curve.excess is None else _short(curve.excess[index]) for curve in found.curves],
            }
            for index, one in enumerate(found.episodes)
        ],
        "moments": [{"curve": one.curve, "episode": one.episode, "step": one.step} for one in found.moments],
    }
    # Inside a script element only "<" could end it, or begin a comment.
    text = json.dumps(told, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    return f'<script type="application/json" id="data">{text}</script>\n'


def _reach(curve: Curve) -> float:
    """Where the lane of over-rewarded states ends: of small disagreements something is seen, of none no mountains."""
    return max(0.25, *(float(np.abs(one).max()) for one in curve.excess or ()), 0.0)


def _short(values: Array | None) -> list[float] | None:
    """Five digits that matter: twice what a screen shows."""
    return None if values is None else [float(f"{value:.5g}") for value in np.asarray(values, dtype=np.float64)]


def _shown(frame: Array, side: int) -> Array:
    """A frame as large as the film shows it: small ones in whole pixels, large ones shrunk."""
    times = min(side, SHARP) // max(frame.shape[:2])
    return np.repeat(np.repeat(frame, times, 0), times, 1) if times > 1 else within(frame, side)
