"""Write the tables of README and documentation from the JSON files that commands wrote: no number is typed by hand.

Code is copied from its file in the same way, so that what a page shows is what runs.

A table stands between two comments, the first of which names the file below docs/ and the columns::

    <!-- table data/tasks.json: `name` as task, goal, horizon -->
    <!-- /table -->

The file holds a list of objects, or an object with such a list as ``rows`` and, where it can be told, the ``command``
that made it and the machine it ran ``on``, which are then printed below the table; or rows tell their ``machine`` and
``date``. Patterns behind the file keep the rows whose name fits one: ``data/tasks.json cartpole/* walker/*: goal``.
Backticks around a column set its cells as code.

A file's text stands between ``<!-- code envs/tasks/pendulum.py -->`` and ``<!-- /code -->``.

    python docs/tables.py            write the tables
    python docs/tables.py --check    exit with 1 where one is not what its file says
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from rich.console import Console

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
TABLE = re.compile(
    r"(<!-- table (?P<file>[^\s:]+)(?P<only>[^:]*): (?P<columns>.+?) -->\n).*?(?P<end><!-- /table -->)", re.DOTALL
)
CODE = re.compile(r"(<!-- code (?P<file>\S+) -->\n).*?(<!-- /code -->)", re.DOTALL)
UNKNOWN = "-"
"""What stands in a cell whose value nobody knows."""


class BadMarker(Exception):
    """A marker names a file or a column that does not exist; the text says which."""


@dataclass(frozen=True)
class Column:
    """One column as its marker names it: ```key` as heading``."""

    key: str
    heading: str
    code: bool

    @classmethod
    def of(cls, text: str) -> Column:
        """Read ``key``, ``key as heading`` or either with the key in backticks."""
        key, _, heading = text.strip().partition(" as ")
        bare = key.strip("`")
        return cls(bare, heading or bare.replace("_", " "), code=bare != key)

    def cell(self, row: dict[str, Any], file: str) -> str:
        """The row's value, fit for a Markdown table.

        Raises:
            BadMarker: the row has no such key.
        """
        if self.key not in row:
            raise BadMarker(f"{file}: a row has no {self.key!r}; it has {', '.join(row)}")
        text = shown(row[self.key])
        if self.code and text != UNKNOWN:
            return f"`{text}`"
        return escaped(text)


def escaped(text: str) -> str:
    """Text for a cell: neither a bar nor, outside backticks, an angle bracket may be markup; ``<strong>`` may."""
    parts = text.replace("|", "\\|").split("`")
    return "`".join(part if n % 2 else re.sub(r"<(?!/?strong\b)", "&lt;", part) for n, part in enumerate(parts))


def shown(value: Any) -> str:
    """A JSON value as a person reads it; a number with its interval as ``0.92 [0.81, 0.98]``."""
    match value:
        case None:
            return UNKNOWN
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
        case {"mean": mean, "low": None, "high": None}:
            return shown(mean)
        case {"mean": mean, "low": low, "high": high}:
            return f"{shown(mean)} [{shown(low)}, {shown(high)}]"
        case dict():
            return ", ".join(f"{key} {shown(inner)}" for key, inner in value.items()) or UNKNOWN
        case list():
            return "; ".join(map(shown, value)) if any(one is not None for one in value) else UNKNOWN
        case _:
            return " ".join(str(value).split())


def table(file: str, columns: str, docs: Path = DOCS, only: Sequence[str] = ()) -> str:
    """The Markdown of one table.

    Args:
        file: JSON below ``docs``.
        columns: what the marker says after the colon.
        docs: the folder of the documentation.
        only: patterns, of which a row's ``name`` must fit one; none keep all.

    Raises:
        BadMarker: the file is missing or no JSON, a row lacks a column, or no row's name fits.
    """
    try:
        data = json.loads((docs / file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as cause:
        raise BadMarker(f"{file}: cannot be read: {cause}") from cause
    rows, command = (data, None) if isinstance(data, list) else (data["rows"], data.get("command"))
    if not rows:
        return (
            "*Nothing measured yet.*\n"
            if command is None
            else f"*Nothing measured yet; `{command}` fills this table.*\n"
        )
    if only and not (rows := [row for row in rows if any(fnmatch(row["name"], one) for one in only)]):
        raise BadMarker(f"{file}: no row's name fits {' or '.join(only)}")
    made = ""
    if command:
        where = f" ({data['on']})" if data.get("on") else ""
        made = f"\nMade by `{command}`{where}.\n"
    elif all({"machine", "date"} <= row.keys() for row in rows):
        places = {f"{row['machine']}, {row['date']}" for row in rows}
        made = f"\nMeasured on {'; '.join(sorted(places))}.\n"
    wanted = [Column.of(text) for text in columns.split(",")]
    lines = [[column.heading for column in wanted], ["---"] * len(wanted)]
    lines += [[column.cell(row, file) for column in wanted] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + made


def code(file: str, root: Path = ROOT) -> str:
    """The text of a file below ``root``, fenced.

    Raises:
        BadMarker: the file cannot be read.
    """
    try:
        text = (root / file).read_text(encoding="utf-8")
    except OSError as cause:
        raise BadMarker(f"{file}: cannot be read: {cause}") from cause
    return f"```{Path(file).suffix[1:]}\n{text}```\n"


def filled(text: str, docs: Path = DOCS) -> str:
    """A page with all its tables, and all its code, as their files say now."""
    text = TABLE.sub(lambda m: f"{m[1]}\n{table(m['file'], m['columns'], docs, m['only'].split())}\n{m['end']}", text)
    return CODE.sub(lambda m: f"{m[1]}\n{code(m['file'])}\n{m[3]}", text)


def main(arguments: list[str]) -> int:
    """Fill the tables of every page, or with ``--check`` only tell which are out of date."""
    console, check, stale = Console(stderr=True, soft_wrap=True, highlight=False), "--check" in arguments, []
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        try:
            new = filled(text)
        except BadMarker as error:
            console.print(f"{page.relative_to(ROOT)}: {error}", markup=False)
            return 1
        if new != text:
            stale.append(page.relative_to(ROOT))
            if not check:
                page.write_text(new, encoding="utf-8")
    for name in stale:
        console.print(f"{name}: {'is out of date; run `make docs`' if check else 'written'}", markup=False)
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
