"""Every benchmark of speed in one command: ratios measured in one run on this machine.

python -m benchmarks [quick=true] [only=steps,render] [json=benchmarks/results/latest.json]

Each part is a module with ``measure``, and has a process of its own: what a peer leaves behind, or a driver that dies,
is no other part's. Without ``only``, figures go to ``benchmarks/results/latest.json``. Where a part cannot be measured
its reason is printed, the others are measured all the same, and the command fails at its end.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.part import measured_by
from benchmarks.speed import FULL, QUICK, Budget, Figure

PACKAGE = "benchmarks"
PARTS = ("steps", "render", "scoring", "learner", "growth", "training", "gpu")
KEYS = ("quick=true", "only=PART,…", "json=PATH")
LATEST = Path(__file__).parent / "results" / "latest.json"


def main(arguments: list[str]) -> int:
    """Measure, print a table, and keep it."""
    asked = _asked(arguments)
    parts = asked["only"].split(",") if "only" in asked else PARTS
    budget = QUICK if asked.get("quick") == "true" else FULL
    console, found, failed = Console(), list[Figure](), list[str]()
    for part in parts:
        try:
            measured = _measured(f"{PACKAGE}.{part}", budget, console)
            if not measured:
                console.print(f"{part}: nothing to measure on this machine")
            found += measured
        except Exception as cause:  # the other parts are worth having
            failed.append(part)
            console.print(f"[red]{part}: {type(cause).__name__}: {cause}")
    table = Table("name", "ours", "peer", "unit", "times faster")
    for one in found:
        table.add_row(one.name, f"{one.ours:g}", f"{one.peer:g}", one.unit, f"{one.ratio:g}")
    console.print(table)
    path = Path(asked["json"]) if "json" in asked else None if "only" in asked else LATEST
    if path is not None and not failed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps([asdict(one) for one in found], indent=2) + "\n")
    return 1 if failed else 0


def _measured(module: str, budget: Budget, console: Console) -> list[Figure]:
    """The figures of a part; one that dies is measured a second time, for drivers have died that did well again."""
    try:
        return _in_a_process(module, budget)
    except BrokenProcessPool:
        console.print(f"[red]{module}: its process died; measuring it once more")
        return _in_a_process(module, budget)


def _in_a_process(module: str, budget: Budget) -> list[Figure]:
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(measured_by, module, budget).result()


def _asked(arguments: list[str]) -> dict[str, str]:
    asked = {}
    for argument in arguments:
        key, _, asked[key] = argument.partition("=")
        unknown = key == "only" and not set(asked[key].split(",")) <= set(PARTS)
        if key not in [known.partition("=")[0] for known in KEYS] or unknown:
            sys.exit(f"{argument}: must be one of {', '.join(KEYS)}; parts are {', '.join(PARTS)}")
    return asked


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
