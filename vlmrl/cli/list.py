"""List what can be named: tasks, rewards, encoders, shapings, agents, experiments, questions, verbs.

vlmrl list                     all names
vlmrl list tasks               one kind, with what there is to know
vlmrl list tasks json=tasks.json
"""

from __future__ import annotations

from collections.abc import Sequence

from vlmrl.cli import _out
from vlmrl.cli._settings import Answer
from vlmrl.errors import UnknownName

KINDS = ("tasks", "rewards", "encoders", "shapings", "agents", "experiments", "questions", "verbs")


class ListSettings(Answer):
    """Settings of ``vlmrl list``."""

    kind: str | None = None
    """tasks, rewards, encoders, shapings, agents, experiments, questions or verbs; none: the names of all."""


SETTINGS = ListSettings


def run(argv: Sequence[str]) -> int:
    """Run the verb."""
    from vlmrl.config.compose import compose

    settings = compose(argv, ListSettings, positional="kind")
    from vlmrl.cli import _catalogue

    if settings.kind is not None and settings.kind not in KINDS:
        raise UnknownName("kind", settings.kind, KINDS)
    if settings.kind is None:
        names = {kind: [row["name"] for row in _catalogue.rows(kind)] for kind in KINDS}
        _out.table([{"kind": kind, "names": ", ".join(found)} for kind, found in names.items()])
        _out.write(settings.json, names)
        return 0
    rows = _catalogue.rows(settings.kind)
    _out.table([_catalogue.brief(row) for row in rows])
    _out.write(settings.json, rows)
    return 0
