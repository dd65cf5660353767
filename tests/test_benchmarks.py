"""The command that measures speed: what it counts, what it keeps, and what it does when a part fails."""

import json
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import pytest
import torch

from benchmarks import __main__ as bench
from benchmarks import gpu, grammar, reached
from benchmarks.speed import Budget, alternated, call_by_call, figure, figures
from vlmrl.envs import find_task
from vlmrl.judge import reached as told

BUDGET = Budget(0.05, 3)
ROOT = Path(__file__).parent.parent


def test_a_figure_is_a_ratio_with_names_for_both_sides():
    found = figure("steps/toy/peer", 3000.4, 1500.2, "steps/s")
    assert (found.ours, found.peer, found.ratio) == (3000, 1500, 2)
    assert (found.name, found.unit) == ("steps/toy/peer", "steps/s")
    assert "cores" in found.machine
    assert found.date.count("-") == 2


def test_every_peer_is_a_figure_and_ours_is_none():
    names = [one.name for one in figures("steps/toy", "steps/s", {"a": 1, "ours": 4, "b": 2})]
    assert names == ["steps/toy/a", "steps/toy/b"]


@pytest.mark.parametrize("rated", [alternated, call_by_call])
def test_what_takes_twice_as_long_is_half_as_fast(rated):
    ways = {"slow": lambda: time.sleep(0.008), "fast": lambda: time.sleep(0.004)}
    rates = rated(ways, BUDGET, each=10)
    assert rates["fast"] == pytest.approx(2 * rates["slow"], rel=0.4)
    assert rates["slow"] == pytest.approx(10 / 0.008, rel=0.4)


FIGURE = """
from benchmarks.speed import figure

def measure(budget):
    yield figure("{}/peer", budget.seconds, 1, "x/s")
"""
PARTS = {
    "fine": FIGURE.format("a"),
    "broken": FIGURE.format("b") + "    raise OSError('no such machine')\n",
    "crashing": FIGURE.format("c") + "    import os, signal\n    os.kill(os.getpid(), signal.SIGSEGV)\n",
    "elsewhere": "def measure(budget):\n    return iter(())\n",
}


@pytest.fixture
def parts(monkeypatch, tmp_path):
    """Parts of which one can be measured; the processes that measure look where this one does."""
    package = tmp_path / "toy_parts"
    package.mkdir()
    for name, source in {"__init__": "", **PARTS}.items():
        (package / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(bench, "PACKAGE", "toy_parts")
    monkeypatch.setattr(bench, "PARTS", ("fine",))
    monkeypatch.setattr(bench, "LATEST", tmp_path / "results" / "latest.json")
    return bench.LATEST


def test_all_parts_are_measured_and_kept(parts, capsys):
    assert bench.main(["quick=true"]) == 0
    (kept,) = json.loads(parts.read_text())
    assert kept.keys() == {"name", "ours", "peer", "ratio", "unit", "machine", "date"}
    assert (kept["name"], kept["ours"]) == ("a/peer", bench.QUICK.seconds)
    assert "a/peer" in capsys.readouterr().out


def test_some_parts_are_kept_only_where_asked(parts, tmp_path):
    assert bench.main(["only=fine"]) == 0
    assert not parts.exists()
    assert bench.main(["only=fine", f"json={tmp_path / 'mine.json'}"]) == 0
    assert len(json.loads((tmp_path / "mine.json").read_text())) == 1


@pytest.mark.parametrize(("part", "said"), [("broken", "OSError: no such machine"), ("crashing", "BrokenProcessPool")])
def test_a_part_that_fails_says_why_and_leaves_what_was_kept(parts, capfd, monkeypatch, part, said):
    parts.parent.mkdir()
    parts.write_text("kept")
    monkeypatch.setattr(bench, "PARTS", (part, "fine"))
    assert bench.main(["quick=true"]) == 1
    told = capfd.readouterr().out
    assert f"{part}: {said}" in told
    assert told.index(f"{part[0]}/peer") < told.rindex("a/peer")
    assert parts.read_text() == "kept"


def test_a_part_without_its_machine_says_so_and_is_no_failure(parts, capsys, monkeypatch):
    monkeypatch.setattr(bench, "PARTS", ("elsewhere",))
    assert bench.main([]) == 0
    assert "elsewhere: nothing to measure on this machine" in capsys.readouterr().out


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is there to be measured, which takes minutes")
def test_the_command_reaches_its_parts():
    asked = [sys.executable, "-m", "benchmarks", "only=gpu", "quick=true"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert "gpu: nothing to measure on this machine" in done.stdout


def test_the_rate_of_matrices_and_the_work_of_an_image_are_counted(toy_encoder):
    rate = gpu.matrix_rate(torch.device("cpu"), 64, BUDGET)
    assert 1e6 < rate < 1e14
    # Each of the 2 x 2 patches costs at least its embedding and the blocks' matrices; a product counts twice.
    vision = toy_encoder._towers.visual
    weights = sum(part.weight.numel() for part in vision.modules() if isinstance(part, torch.nn.Linear))
    assert gpu.operations(toy_encoder) >= 2 * weights


@pytest.mark.parametrize("part", bench.PARTS)
def test_every_part_can_be_measured(part):
    assert callable(import_module(f"benchmarks.{part}").measure)


@pytest.mark.parametrize("argument", ["fast", "only=speeding", "rounds=3"])
def test_arguments_that_mean_nothing_are_refused(argument):
    with pytest.raises(SystemExit, match=argument.partition("=")[2] or argument):
        bench.main([argument])


def test_scripts_and_chance_are_told_apart():
    task = find_task("tabletop/press_button")
    assert grammar.successes(task, range(1, 3), script=True) == [1.0, 1.0]
    assert grammar.successes(task, range(1, 3), script=False) == [0.0, 0.0]


def test_what_chance_and_scripts_reach_is_kept_task_by_task(tmp_path, monkeypatch):
    monkeypatch.setattr(told, "FILE", tmp_path / "reached.json")
    assert reached.main(["task=humanoid/sitting", "episodes=2"]) == 0
    monkeypatch.setattr(told, "_measured", told.read)
    known = told.bounds(find_task("humanoid/sitting"))
    assert (known.random.who, known.random.episodes, known.random.succeeded) == ("random", 2, 0)
    assert (known.knowing.who, known.knowing.episodes, known.knowing.succeeded) == ("script", 2, 2)


def test_a_name_that_no_task_has_writes_nothing(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(told, "FILE", tmp_path / "reached.json")
    assert reached.main(["task=tabletop/fly"]) == 2
    assert "task=tabletop/fly: no task has such a name" in capfd.readouterr().out
    assert not list(tmp_path.iterdir())
