"""List what can be named: tasks, rewards, encoders, shapings, agents, experiments, questions, verbs.

vlmrl list                     all names
vlmrl list tasks               one kind, with what there is to know
vlmrl list tasks json=tasks.json
vlmrl list tasks --gallery      the tasks in pictures, tasks.html; gallery=PAGE.html elsewhere
vlmrl list tasks only='humanoid/*' --gallery
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

from vlmrl.cli import _out
from vlmrl.cli._settings import Answer
from vlmrl.errors import ConfigError, UnknownName

GALLERY = "tasks.html"
"""The page of ``--gallery``."""
KINDS = ("tasks", "rewards", "encoders", "shapings", "agents", "experiments", "questions", "judges", "verbs")


class ListSettings(Answer):
    """Settings of ``vlmrl list``."""

    kind: str | None = None
    """tasks, rewards, encoders, shapings, agents, experiments, questions, judges or verbs; none: the names of all."""
    only: str = "*"
    """Names that fit the pattern, such as humanoid/*."""
    gallery: Path | None = None
    """Write a page with a picture of every task, which takes minutes; --gallery is gallery=tasks.html."""


SETTINGS = ListSettings


def run(argv: Sequence[str]) -> int:
    """Run the verb."""
    from vlmrl.config.compose import compose

    argv = [f"gallery={GALLERY}" if argument == "--gallery" else argument for argument in argv]
    settings = compose(argv, ListSettings, positional="kind")
    if settings.gallery is not None and settings.kind != "tasks":
        raise ConfigError("gallery: shows tasks; say `vlmrl list tasks --gallery`")
    from vlmrl.cli import _catalogue

    if settings.kind is not None and settings.kind not in KINDS:
        raise UnknownName("kind", settings.kind, KINDS)
    if settings.kind is None:
        names = {kind: [row["name"] for row in _catalogue.rows(kind)] for kind in KINDS}
        _out.table([{"kind": kind, "names": ", ".join(found)} for kind, found in names.items()])
        _out.write(settings.json, names)
        return 0
    rows = [row for row in _catalogue.rows(settings.kind) if fnmatch(row["name"], settings.only)]
    if not rows:
        raise ConfigError(f"only={settings.only}: none of the {settings.kind} fits it; a * stands for any letters")
    _out.table([_catalogue.brief(row) for row in rows])
    _out.write(settings.json, rows)
    if settings.gallery is not None:
        from vlmrl.cli._gallery import exhibits
        from vlmrl.config.atomic import write_text
        from vlmrl.report.gallery_page import page

        write_text(_out.place(settings.gallery), page(exhibits(rows)))
        _out.say(f"gallery: {settings.gallery}")
    return 0
