"""See where a reward goes wrong: a film beside its curves, and the moments that it pays too much, in one HTML file.

  vlmrl debug runs/demo                              runs/demo/debug.html
  vlmrl debug runs/demo goal="a pole in the air" goal="a robot" rewards=goal_baseline,cosine html=demo.html
  vlmrl debug film.mp4 goal="a pole standing upright on a cart" baseline="a pole on a cart"

Of a run its agent plays, a random one beside it, and the simulator's ground truth is drawn beside what the run's reward
says; a film has no ground truth. Each goal= is a curve of its own, and so is each further reward or encoder. The page
needs nothing beside itself, and no network.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vlmrl.cli import _out
from vlmrl.cli._debug_settings import DebugSettings
from vlmrl.errors import ConfigError

if TYPE_CHECKING:
    from vlmrl.cli._subject import Subject
    from vlmrl.metrics.inspection import Curve, Inspection
    from vlmrl.types import Array

FEWEST = 5
"""Places of the occluding patch along a side, from which on it reaches every pixel."""


SETTINGS = DebugSettings


def run(argv: Sequence[str]) -> int:
    """Run the verb."""
    from vlmrl.config.compose import compose

    settings = compose(argv, DebugSettings, positional="subject")
    if 0 < settings.maps < FEWEST:
        raise ConfigError(f"maps={settings.maps}: leaves parts of the picture uncovered; give {FEWEST} or more, or 0")
    from vlmrl.cli import _subject

    for named in (settings.html, settings.json):
        if named is not None:
            _out.place(named)  # before minutes of playing
    of_run = settings.subject.is_dir() or not settings.subject.suffix
    subject = (_subject.of_run if of_run else _subject.of_film)(settings, argv)
    found = _inspected(subject, settings.maps)
    _show(found)
    _out.write(settings.json, found.to_json())
    from vlmrl.config.atomic import write_text
    from vlmrl.report.debug_page import page

    beside = settings.subject / "debug.html" if of_run else settings.subject.with_suffix(".debug.html")
    place = settings.html or beside
    write_text(place, page(found))
    _out.say(f"page: {place}")
    return 0


def _inspected(subject: Subject, maps: int) -> Inspection:
    from vlmrl.judge import debug
    from vlmrl.metrics.inspection import Curve, Inspection

    curves = [
        debug.curve(voice, scores, subject.episodes)
        for voice, scores in zip(subject.voices, subject.scores, strict=True)
    ]
    moments = debug.moments(subject.voices, curves, subject.episodes, subject.see, maps, _out.say)
    if subject.paid is not None:
        curves.append(Curve("Reward after shaping", _of_shaping(curves[0], subject.paid), subject.paid))
    return Inspection(
        subject.name,
        subject.world,
        subject.note,
        tuple(curves),
        subject.episodes,
        moments,
        subject.fps,
        subject.every,
    )


def _of_shaping(first: Curve, paid: Sequence[Array]) -> str:
    """What to say of the reward that shaping made of the first curve: on its own range it may be the same line."""
    import numpy as np

    scores, rewards = np.concatenate(first.values), np.concatenate(paid)
    line = np.polynomial.Polynomial.fit(scores, rewards, 1) if np.ptp(scores) > 0 else None
    same = line is not None and np.allclose(line(scores), rewards, atol=1e-4 * max(float(np.ptp(rewards)), 1e-9))
    return "what the learner gets for the first curve" + ("; moved and scaled alone, so the same line" if same else "")


def _show(found: Inspection) -> None:
    """The moments of the first curve, as the page lists them."""
    unit = "frame" if found.of_film else "step"
    rows = [
        {
            "why": {"over": "over-rewarded", "under": "under-rewarded", "high": "highest", "low": "lowest"}[one.kind],
            "episode": found.episodes[one.episode].title,
            unit: found.number(one.step),
            "score": one.score,
            **({} if one.oracle is None else {"truth": one.oracle}),
        }
        for one in found.moments
        if one.curve == 0
    ]
    if rows:
        _out.table(rows)
    else:
        _out.say("score and truth rank no state far apart")
