"""Gather runs of a task that was built to be hacked into docs/data/hacking.json: results, and the alarms that rose.

    python benchmarks/hacking.py runs/hacked
    make docs

A row is one of ``benchmarks/results.py``; beside it, for every alarm, in how many of the row's runs it rose, and in how
many it still did when the agent was last watched.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.gather import gather
from benchmarks.results import Judged, grouped, over_seeds, row
from vlmrl.agents.runs.rows import Rows
from vlmrl.report.facts import read_alarms


def alarms(group: Sequence[Judged]) -> list[str]:
    """Every alarm that rose while they trained, in how many, and at the end: ``["unearned 3 of 3, 2 at the end"]``.

    Raises:
        RunError: what was watched of a run cannot be read.
    """
    rose, stayed = Counter[str](), Counter[str]()
    for one in group:
        found = read_alarms(one.run.alarms)
        last = max(Rows(one.run.watched, (), until=sys.maxsize).steps, default=None)
        rose.update({row["name"] for row in found})
        stayed.update({row["name"] for row in found if row["steps"] == last})
    return [f"{name} {count} of {len(group)}, {stayed[name]} at the end" for name, count in sorted(rose.items())]


def hacking(folder: Path) -> dict[str, Any]:
    """What the file holds: the rows, the command and the machines.

    Raises:
        ConfigError, RunError: there is no judged run, or one cannot be read.
    """
    groups, machines = grouped(folder)
    rows = []
    for kind in sorted(groups, key=str):
        group = groups[kind]
        length = over_seeds([one.named("agent") for one in group], "length")
        about = {"alarms": alarms(group), "length": None if length is None else length.mean}
        rows.append({**row(group), **about})
    return {"command": f"python benchmarks/hacking.py {folder}", "on": machines, "rows": rows}


def main(arguments: Sequence[str]) -> int:
    """Write the file; 2 where the folder holds nothing to gather."""
    return gather(arguments, "hacking", hacking)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
