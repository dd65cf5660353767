"""The table of rewards that were taught: a row for each, beside those that can see the same tasks."""

import json

from benchmarks import leaderboard
from vlmrl.metrics.board import CONTROL, Board, Cell, Contender
from vlmrl.metrics.intervals import Interval
from vlmrl.metrics.sheet import names


def cell(reward, task, value, prompts="shipped"):
    measures = {name: Interval(value, value, value) for name in names()}
    who = Contender(reward, "sim_clip_wide", prompts)
    return Cell(who, task, ("goal",), (), (), measures, {}, 10, 2 * value, "print", f"{reward} {task}")


def test_each_is_read_beside_those_that_see_the_same_tasks(tmp_path, monkeypatch):
    monkeypatch.setattr(leaderboard, "DATA", tmp_path)
    tasks = {"point_mass/target": "p", "point_mass/top_left": "p", "tabletop/open_drawer": "d"}
    taught = [cell(f"progress:weights=runs/{file}.safetensors", task, 0.5) for task, file in tasks.items()]
    others = [cell("oracle", task, 1.0, CONTROL) for task in tasks]
    others += [cell("cosine", task, value) for task, value in zip(tasks, (0.1, 0.3, 0.8), strict=True)]
    (tmp_path / "runs").mkdir()
    Board((*taught, *others), notes={"command": "vlmrl bench", "processors": 2}).save(tmp_path / "runs")
    leaderboard.gather(tmp_path / "runs")
    body = json.loads((tmp_path / "taught_board.json").read_text())
    assert (body["command"], body["on"]) == ("vlmrl bench", "2 cores")
    found: dict[tuple[str, ...], list[tuple[str, float, float]]] = {tuple(row["tasks"]): [] for row in body["rows"]}
    for row in body["rows"]:
        found[tuple(row["tasks"])].append((row["reward"], row["spearman"]["mean"], row["milliseconds"]))
    assert found == {
        ("tabletop/open_drawer",): [("oracle (control)", 1, 2), ("cosine", 0.8, 1.6), ("progress", 0.5, 1)],
        ("point_mass/target", "point_mass/top_left"): [
            ("oracle (control)", 1, 2),
            ("progress", 0.5, 1),
            ("cosine", 0.2, 0.6),
        ],
    }
    assert not (tmp_path / "leaderboard.json").exists()
