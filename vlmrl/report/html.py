"""One page a run, in one file that needs nothing else: what was asked for, what came of it, and what it is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from vlmrl.config import atomic
from vlmrl.report.curves import charts
from vlmrl.report.document import document, section
from vlmrl.report.facts import Facts
from vlmrl.report.honesty import notes
from vlmrl.report.inline import data_uri
from vlmrl.report.table import results, share, span

NAME = "report.html"
SMALL = 8 * 2**20
"""A film up to this many bytes is put into the page; a larger one is linked."""


def write(run_dir: Path) -> Path:
    """Write the report of a run into its directory, whether the run is finished or not.

    Args:
        run_dir: the run's directory.

    Returns:
        the page, ``report.html`` in ``run_dir``.

    Raises:
        RunError: there is no run, one of its files is damaged, or the page cannot be written; an earlier one stays.
    """
    run_dir = Path(run_dir)
    page = render(Facts.of(run_dir))
    atomic.write_text(run_dir / NAME, page)
    return run_dir / NAME


def render(facts: Facts) -> str:
    """The page of one run as HTML."""
    title = facts.words.goal[0] if facts.words else facts.config.world
    body = "".join(
        (
            *(
                _head(facts),
                _state(facts),
                _verdict(facts),
                _plan(facts),
                _films(facts),
                _results(facts),
                _curves(facts),
            ),
            *(_alarms(facts), _notes(facts)),
        )
    )
    return document(title, f"{body}{_settings(facts)}{_versions(facts)}{_footer(facts)}")


def _head(facts: Facts) -> str:
    config, words = facts.config, facts.words
    parts = [config.world, f"{config.agent.algorithm}, {facts.total:,} steps", f"seed {config.seed}"]
    kicker = " &middot; ".join(escape(part) for part in parts)
    if config.reward.is_oracle or words is None:
        title, sides = escape(config.world), ""
    else:
        title = f"&ldquo;{escape(words.goal[0])}&rdquo;"
        named = (("Also worded", words.goal[1:]), ("Baseline", words.baseline), ("Negative", words.negative))
        sides = "".join(_side(name, sentences) for name, sentences in named if sentences)
    return f'<header>\n<p class="kicker">{kicker}</p>\n<h1>{title}</h1>\n{sides}</header>\n'


def _side(name: str, sentences: tuple[str, ...]) -> str:
    said = ", ".join(f"<i>{escape(sentence)}</i>" for sentence in sentences)
    return f'<p class="words">{name}: {said}</p>\n'


def _state(facts: Facts) -> str:
    """A notice over a run that is not done, so that nobody takes half a curve for the whole."""
    if facts.trained and facts.comparison is not None:
        return ""
    if facts.trained:
        text = "Trained, and not yet judged: <code>vlmrl eval</code> on this directory fills in the table."
    else:
        text = f"<b>Unfinished.</b> {facts.steps:,} of {facts.total:,} steps are taken; this is the training so far."
        if facts.comparison is not None:
            text += " The table judges the agent as it was when <code>vlmrl eval</code> was called."
    return f'<p class="notice">{text}</p>\n'


def _verdict(facts: Facts) -> str:
    if facts.comparison is None:
        return ""
    rows = {row.agent: row for row in facts.comparison.rows()}
    agent = next(iter(rows.values()))
    if agent.success is None:
        return ""
    text = (
        f"By the simulator's ground truth the agent <b>succeeded in {share(agent.success)}</b> of {agent.episodes} "
        f"episodes ({span(agent.success, percent=True)})"
    )
    others = [
        f"{name} in {share(row.success)}"
        for key, name in (("random", "a random agent"), ("oracle", "the same agent trained on the ground truth"))
        if (row := rows.get(key)) is not None and row is not agent and row.success is not None
    ]
    return f'<p class="verdict">{text}{"; " if others else ""}{", ".join(others)}.</p>\n'


def _plan(facts: Facts) -> str:
    path = facts.plan
    if path is None:
        return ""
    shown = f'<img src="{data_uri(path.read_bytes(), path.suffix)}" alt="the planned way on a picture of the start">'
    said = f'<a href="{path.name}">{path.name}</a>: the way that pays, planned for the start of the run\'s own seed.'
    return section("Plan", f'<figure class="film">{shown}<figcaption>{said}</figcaption></figure>')


def _films(facts: Facts) -> str:
    if not facts.films:
        return ""
    key = (
        '<p class="small">The curve is the score of the words in each state (blue), or the ground truth where no words '
        "were scored (orange). The bar at its foot is green while the task is done, by ground truth.</p>"
    )
    return section("Film", "\n".join(_film(facts, film) for film in facts.films) + key)


def _film(facts: Facts, film: Path) -> str:
    place = film.relative_to(facts.path).as_posix()
    if film.stat().st_size > SMALL:
        size = f"{film.stat().st_size / 2**20:.0f} MB"
        return f'<p><a href="{quote(place)}">{escape(place)}</a> ({size}, beside this page)</p>'
    data = data_uri(film.read_bytes(), film.suffix)
    shown = (
        f'<video controls autoplay loop muted playsinline preload="auto" src="{data}"></video>'
        if film.suffix == ".mp4"
        else f'<img src="{data}" alt="film of the agent">'
    )
    return f'<figure class="film">{shown}<figcaption>{escape(place)}</figcaption></figure>'


def _results(facts: Facts) -> str:
    if facts.comparison is None:
        return ""
    task = facts.comparison.evaluations[0].task
    caption = f'<p class="small">{escape(task)}: mean, and the range it would have with other episodes.</p>'
    return section("Results", results(facts.comparison, facts.config.reward.is_oracle) + caption)


def _curves(facts: Facts) -> str:
    drawn = charts(facts.history, facts.total, facts.config.reward.is_oracle)
    if not drawn:
        return section("Learning", '<p class="none">Nothing has been logged yet.</p>')
    figures = "".join(
        f"<figure><h3>{escape(chart.title)}</h3>{chart.svg}<figcaption>{escape(chart.caption)}</figcaption></figure>"
        for chart in drawn
    )
    return section("Learning", f'<div class="charts">{figures}</div>')


def _alarms(facts: Facts) -> str:
    """The last of each alarm with its film, folded up, and at which steps the same rose."""
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for row in facts.alarms:
        rows.setdefault(str(row["name"]), []).append(row)
    shown = "".join(_alarm(facts, name, risen) for name, risen in rows.items())
    note = '<p class="small">Signs that the words may pay for something else than what was asked; none is a proof.</p>'
    return section("Alarms", shown + note) if shown else ""


def _alarm(facts: Facts, name: str, risen: Sequence[Mapping[str, Any]]) -> str:
    steps = ", ".join(f"{int(row['steps']):,}" for row in risen)
    films = [facts.path / str(row["film"]) for row in risen if row["film"]]
    film = next((_film(facts, path) for path in reversed(films) if path.is_file()), "")
    said = f"<p>At {steps} steps. The last: {escape(str(risen[-1]['said']))}.</p>"
    return _folded(f"{name} ({len(risen)})", said + film)


def _notes(facts: Facts) -> str:
    return section("How to read this", f"<ul>{''.join(f'<li>{note}</li>' for note in notes(facts))}</ul>")


def _settings(facts: Facts) -> str:
    settings = yaml.safe_dump(facts.config.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=100)
    command = f"<pre>{escape(facts.command)}</pre>" if facts.command else ""
    return section("Settings", command + _timing(facts) + _folded("All settings", f"<pre>{escape(settings)}</pre>"))


def _timing(facts: Facts) -> str:
    if not facts.timing:
        return ""
    shares = sorted(facts.timing["shares"].items(), key=lambda item: -float(item[1]))
    said = ", ".join(f"{escape(part)} {100 * portion:.0f} %" for part, portion in shares if portion >= 0.005)
    return f'<p class="small">The last session took {facts.timing["seconds"]:,.0f} s: {said}.</p>\n'


def _versions(facts: Facts) -> str:
    rows: list[tuple[str, object]] = []
    for name, value in facts.versions.items():
        rows += value.items() if isinstance(value, dict) else [(name, value)]
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(str(value))}</td></tr>'
        for name, value in rows
        if value is not None
    )
    return section(
        "Versions", _folded("Packages and machine", f'<table class="versions">{body}</table>') if body else ""
    )


def _folded(title: str, body: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{body}</details>"


def _footer(facts: Facts) -> str:
    now = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")
    version = facts.versions.get("packages", {}).get("vlmrl", "")
    name = facts.path.resolve().name
    return f"<footer>Written by vlmrl {escape(str(version))} on {escape(now)} from {escape(name)}.</footer>\n"
