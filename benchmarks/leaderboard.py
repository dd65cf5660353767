"""Gather the folders of benchmarks into JSON files of docs/data, for the pages.

    vlmrl bench rewards=all out=runs/bench
    vlmrl bench tasks=… prompts=shipped,benchmarks/prompts.yaml seeds=1 steps=30000 out=runs/study
    vlmrl bench episodes=… rewards=progress:weights=… out=runs/bench-taught
    python benchmarks/leaderboard.py runs/bench runs/study runs/bench-taught
    make docs

Of one without trainings: ``leaderboard.json`` with a row a reward, ``hacked.json`` likewise with a column an actor,
``confusion.json`` with a row a task's words, and ``episodes.json`` with one a task of those that ship. Of one with
trainings: ``learned.json`` with a row a training, and ``foretold.json`` with one a measure. Of one with rewards that
were taught: ``taught_board.json`` alone, with a row for each reward and each set of tasks that one was taught for.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.gather import DATA
from vlmrl.config.atomic import write_json
from vlmrl.config.parts import part
from vlmrl.envs.make import find_task
from vlmrl.errors import VlmrlError
from vlmrl.find import names as reward_names
from vlmrl.judge.recorded import shipped, shipped_tasks
from vlmrl.metrics.board import Board, Contender, shown
from vlmrl.metrics.intervals import Interval
from vlmrl.metrics.plain import plain
from vlmrl.metrics.sheet import names


def gather(folder: Path) -> None:
    """Write what a folder holds."""
    board = Board.load(folder / "bench.json")
    ranked = board.ranked("auroc_trained")
    label = dict(zip(ranked, shown(ranked), strict=True))
    made = {"command": board.notes["command"], "on": f"{board.notes['processors']} cores"}
    if board.trained:
        _write("learned", made, _learned(board, label))
        _write("foretold", made, _foretold(board))
        return
    families = dict.fromkeys(tuple(sorted({cell.task for cell in board.of(one)})) for one in ranked if _taught(one))
    if families:
        _write("taught_board", made, [row for tasks in families for row in _family(board, tasks)])
        return
    _write("leaderboard", made, [_row(board, one, label[one]) for one in ranked])
    _write("hacked", made, [_hacked(board, one, label[one]) for one in ranked])
    _write("episodes", {"command": "python benchmarks/episodes.py"}, [_played(name) for name in shipped_tasks()])
    for one in board.confusions[:1]:
        rows = zip(one.tasks, one.auroc, strict=True)
        _write("confusion", made, [{"words": name, **dict(zip(one.tasks, row, strict=True))} for name, row in rows])


def _write(name: str, made: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    write_json(DATA / f"{name}.json", {**made, "rows": rows})


def _row(board: Board, one: Contender, label: str) -> dict[str, Any]:
    cost = board.milliseconds(one)
    known = {name: _known(board.mean(one, name)) for name in names()}
    return {"reward": label, **known, "milliseconds": None if math.isnan(cost) else cost}


def _taught(one: Contender) -> bool:
    name = one.reward.partition(":")[0]
    return name in reward_names("reward") and part("reward", name).needs_training


def _family(board: Board, tasks: tuple[str, ...]) -> list[dict[str, Any]]:
    """A row a reward that can see all of these tasks, the best first; of the weights' files their rewards' names."""
    some = Board(tuple(cell for cell in board.cells if cell.task in tasks))
    rows = []
    for one in some.ranked("auroc_trained"):
        if {cell.task for cell in some.of(one)} == set(tasks):
            name = one.reward.partition(":")[0] if _taught(one) else shown([one])[0]
            rows.append({**_row(some, one, name), "tasks": list(tasks)})
    return rows


def _learned(board: Board, label: Mapping[Contender, str]) -> list[dict[str, Any]]:
    """A row a training, with what was known of its reward in that task before."""
    cells = {(cell.contender, cell.task): cell for cell in board.cells}
    rows = []
    for run in board.trained:
        measures = cells[run.contender, run.task].measures
        known = {name: _known(measures[name]) for name in names() if name in measures}
        told = {"success": run.success, "oracle_return": run.oracle_return, "steps": run.steps, "seed": run.seed}
        rows.append({"reward": label[run.contender], "task": run.task, **told, **known})
    return rows


def _hacked(board: Board, one: Contender, label: str) -> dict[str, Any]:
    actors = dict.fromkeys(actor for cell in board.cells for actor in cell.overpaid)
    found: dict[str, Any] = {"reward": label}
    for actor in actors:
        shares = [cell.overpaid[actor] for cell in board.of(one) if actor in cell.overpaid]
        found[actor] = sum(shares) / len(shares) if shares else None
    return found


def _foretold(board: Board) -> list[dict[str, Any]]:
    rows = [{"measure": name, "foretold": _known(board.foretold(name))} for name in names()]
    known = [row for row in rows if row["foretold"] is not None]
    return sorted(known, key=lambda row: -float(row["foretold"]["mean"]))


def _played(name: str) -> dict[str, Any]:
    task = find_task(name)
    episodes = shipped(task)
    counted = Counter(episodes.outcomes(task))
    kinds = {kind.replace(" ", "_"): counted[kind] for kind in ("success", "near miss", "failure")}
    return {"task": name, "episodes": len(episodes), "held_out": int(episodes.held_out.sum()), **kinds}


def _known(interval: Interval) -> dict[str, float | None] | None:
    return plain(interval) if math.isfinite(interval.mean) else None


def main(arguments: list[str]) -> int:
    """Gather every folder named."""
    try:
        for folder in arguments:
            gather(Path(folder))
    except VlmrlError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
