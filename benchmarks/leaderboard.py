"""Gather a benchmark's folder into docs/data/leaderboard.json and its neighbours, for the pages.

    vlmrl bench rewards=all … out=runs/bench
    python benchmarks/leaderboard.py runs/bench
    make docs

``leaderboard.json`` has a row a reward, ``hacked.json`` one a reward with a column an actor, ``confusion.json`` one a
task's words, ``foretold.json`` one a measure, and ``episodes.json`` one a task of the episodes that ship.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.gather import DATA, gather, plain
from vlmrl.config.atomic import write_json
from vlmrl.envs.make import find_task
from vlmrl.judge.recorded import shipped, shipped_tasks
from vlmrl.metrics.board import Board, Contender, shown
from vlmrl.metrics.intervals import Interval
from vlmrl.metrics.reliable import stratified_iqm
from vlmrl.metrics.sheet import MEASURES, STARC, names

HIGHER = {measure.name: measure.better == "higher" for measure in MEASURES} | {STARC: False}


def found_in(folder: Path) -> dict[str, Any]:
    """The leaderboard's rows, and beside them the other files."""
    board = Board.load(folder / "bench.json")
    ranked = board.ranked("auroc_trained")
    label = dict(zip(ranked, shown(ranked), strict=True))
    made = {"command": board.notes["command"], "on": f"{board.notes['processors']} cores"}
    _write("hacked", made, [_hacked(board, one, label[one]) for one in ranked])
    _write("foretold", made, _foretold(board))
    _write(
        "episodes", {"command": "python benchmarks/episodes.py runs/episodes"}, [_played(t) for t in shipped_tasks()]
    )
    if board.confusions:
        first = board.confusions[0]
        rows = [
            {"words": name, **dict(zip(first.tasks, row, strict=True))}
            for name, row in zip(first.tasks, first.auroc, strict=True)
        ]
        _write("confusion", made, rows)
    return {**made, "rows": [_row(board, one, label[one]) for one in ranked]}


def _write(name: str, made: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    write_json(DATA / f"{name}.json", {**made, "rows": rows})


def _row(board: Board, one: Contender, label: str) -> dict[str, Any]:
    runs = board.reached(one)
    learned = stratified_iqm(list(runs.values())) if runs else None
    return {
        "reward": label,
        **{name: _known(board.mean(one, name)) for name in names()},
        "success": _known(learned) if learned is not None else None,
        "trainings": sum(len(seeds) for seeds in runs.values()),
    }


def _hacked(board: Board, one: Contender, label: str) -> dict[str, Any]:
    actors = dict.fromkeys(actor for cell in board.cells for actor in cell.overpaid)
    found: dict[str, Any] = {"reward": label}
    for actor in actors:
        shares = [cell.overpaid[actor] for cell in board.of(one) if actor in cell.overpaid]
        found[actor] = sum(shares) / len(shares) if shares else None
    return found


def _foretold(board: Board) -> list[dict[str, Any]]:
    rows = []
    for name in names():
        told = board.foretold(name)
        right = told if HIGHER[name] else Interval(-told.mean, -told.high, -told.low)
        rows.append({"measure": name, "foretold": _known(right)})
    known = [row for row in rows if row["foretold"] is not None]
    return sorted(known, key=lambda row: -float(row["foretold"]["mean"]))


def _played(name: str) -> dict[str, Any]:
    task = find_task(name)
    episodes = shipped(task)
    counted = Counter(episodes.outcomes(task))
    kinds = {kind.replace(" ", "_"): counted[kind] for kind in ("success", "near miss", "failure")}
    return {"task": name, "episodes": len(episodes), "held_out": int(episodes.held_out.sum()), **kinds}


def _known(interval: Interval) -> dict[str, float | None] | None:
    return None if math.isnan(interval.mean) or math.isinf(interval.mean) else plain(interval)


if __name__ == "__main__":
    sys.exit(gather(sys.argv[1:], "leaderboard", found_in))
