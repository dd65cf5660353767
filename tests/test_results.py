"""The results table says what its runs say: all of them, grouped by everything but the seed."""

import json
import shutil

import numpy as np
import pytest

from benchmarks import fewer_frames, hacking, results
from vlmrl.config import atomic
from vlmrl.config.compose import configure
from vlmrl.config.run_dir import RunDir
from vlmrl.metrics.evaluation import Comparison, Episode, Evaluation


def judged(agent: str, successes: list[bool]) -> Evaluation:
    episodes = tuple(
        Episode(seed=n, length=10, success=success, oracle_return=float(success)) for n, success in enumerate(successes)
    )
    return Evaluation(agent, "cartpole/upright", episodes, "last checkpoint" if agent == "agent" else "")


def alarm(name: str, steps: int) -> str:
    return json.dumps({"steps": steps, "name": name, "said": "", "film": None}) + "\n"


@pytest.fixture
def runs(tmp_path):
    """Two seeds from words, one from ground truth."""
    outcomes = {("goal_baseline", 1): [True, False], ("goal_baseline", 0): [True, True], ("oracle", 0): [True, True]}
    for (reward, seed), successes in outcomes.items():
        config = configure(task="cartpole/upright", reward=reward, seed=seed, run_dir=tmp_path / f"{reward}-{seed}")
        with RunDir.start(config, ["vlmrl", "train"]) as run:
            goal = ("a pole standing upright on a cart",) if reward != "oracle" else ()
            comparison = Comparison((judged("agent", successes), judged("random", [False, False])), goal=goal)
            comparison.save(run.evaluation)
    return tmp_path


def test_seeds_share_a_row_and_pay_does_not(runs):
    words, truth = results.results(runs)["rows"]
    assert words["paid_by"] == "goal_baseline, sim_clip"
    assert words["goal"] == ["a pole standing upright on a cart"]
    assert (words["seeds"], words["success_by_seed"], words["episodes"]) == ([0, 1], [1.0, 0.5], 4)
    assert words["success"]["mean"] == 0.75
    assert words["success"]["low"] < 0.75 < words["success"]["high"]
    assert words["random_success"]["mean"] == 0.0
    assert words["chosen"] == ["last checkpoint"]
    assert (truth["paid_by"], truth["goal"], truth["success"]["mean"]) == ("ground truth", [], 1.0)


def test_another_shaping_is_another_row_and_alarms_are_counted_over_seeds(runs):
    shaped = configure(task="cartpole/upright", seed=0, shaping=["preference", "clip"], run_dir=runs / "shaped-0")
    with RunDir.start(shaped, ["vlmrl", "train"]) as run:
        Comparison((judged("agent", [True]), judged("random", [False])), goal=("a pole up",)).save(run.evaluation)
        run.alarms.write_text(alarm("diverging", 2) + alarm("jittery", 2) + alarm("diverging", 4))
        atomic.write_arrays(run.watched, {"timesteps": np.array([2, 4])})
    (runs / "goal_baseline-1" / "alarms.jsonl").write_text(alarm("diverging", 2))
    found = {row["paid_by"]: row for row in hacking.hacking(runs)["rows"]}
    assert found["goal_baseline, sim_clip, preference, clip"]["alarms"] == [
        "diverging 1 of 1, 1 at the end",
        "jittery 1 of 1, 0 at the end",
    ]
    assert found["goal_baseline, sim_clip"]["alarms"] == ["diverging 1 of 2, 0 at the end"]
    assert found["ground truth"]["alarms"] == []
    assert {row["length"] for row in found.values()} == {10}


def test_another_setting_of_a_reward_is_another_row_and_says_which(runs):
    for weights, success in (("first", False), ("second", True)):
        settings = {"name": "vlac", "weights": f"some/where/{weights}.safetensors"}
        taught = configure(task="cartpole/upright", reward=settings, seed=0, run_dir=runs / weights)
        with RunDir.start(taught, ["vlmrl", "train"]) as run:
            Comparison((judged("agent", [success]), judged("random", [False])), goal=("a pole up",)).save(
                run.evaluation
            )
    found = {row["paid_by"]: row["success"]["mean"] for row in results.results(runs)["rows"]}
    assert found["vlac, sim_clip, weights=first"] == 0.0
    assert found["vlac, sim_clip, weights=second"] == 1.0


def test_agreement_of_all_episodes_is_no_certainty(runs):
    _, truth = results.results(runs)["rows"]
    assert truth["success"]["low"] < 1.0
    assert truth["random_success"]["high"] > 0.0


def test_what_it_gathers_is_json(runs):
    found = results.results(runs)
    assert results.results(runs, "families")["command"] == found["command"] + " families"
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["command"].startswith("python benchmarks/results.py ")


def test_a_folder_without_runs_is_named(tmp_path, capsys):
    assert results.main([str(tmp_path)]) == 2
    assert f"{tmp_path}: holds no judged run" in capsys.readouterr().err


@pytest.fixture
def both(tmp_path):
    """Three agents paid by every frame, and two paid by every eighth."""
    outcomes = {
        (1, 0): [True] * 20,
        (1, 1): [True] * 20,
        (1, 2): [True] * 20,
        (8, 0): [True] * 20,
        (8, 1): [False] * 20,
    }
    for (every, seed), successes in outcomes.items():
        where = tmp_path / f"{every}-{seed}"
        config = configure(task="cartpole/upright", scoring={"every": every}, seed=seed, run_dir=where)
        with RunDir.start(config, ["vlmrl", "train"]) as run:
            comparison = Comparison((judged("agent", successes), judged("random", [False, False])), goal=("a pole",))
            comparison.save(run.evaluation)
    return tmp_path


def test_scoring_makes_a_row_of_its_own(both):
    every, fewer = sorted(results.results(both)["rows"], key=lambda row: row["scored"], reverse=True)
    assert (every["scored"], every["seeds"]) == ("every frame", [0, 1, 2])
    assert (fewer["scored"], fewer["seeds"]) == ("every 8th, line", [0, 1])


def test_fewer_frames_are_compared_with_every_frame(both):
    (row,) = fewer_frames.fewer_frames(both)["rows"]
    assert (row["scored"], row["success_by_seed"], row["every_frame"]) == ("every 8th, line", [1.0, 0.0], [1.0] * 3)
    assert row["difference"]["mean"] == -0.5
    assert row["difference"]["low"] < -0.9  # two agents of which one fails say little
    assert 0 <= row["difference"]["high"] < 0.1


def test_fewer_frames_without_company_are_named(both, capsys):
    for path in both.glob("1-*"):
        shutil.rmtree(path)
    assert fewer_frames.main([str(both)]) == 2
    assert "holds no run of cartpole/upright that scored every frame" in capsys.readouterr().err
