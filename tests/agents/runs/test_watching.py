"""Alarms while an agent learns: what they say and keep, and that they change nothing."""

import importlib
import json
import zipfile

import numpy as np
import pytest

from tests.agents import hacks, plugin
from vlmrl.agents.runs.checkpoint import Checkpoints
from vlmrl.agents.runs.watching import MOST_FILMS
from vlmrl.agents.train import train
from vlmrl.config.run_dir import RunDir
from vlmrl.errors import RunError
from vlmrl.metrics import alarms
from vlmrl.report.html import write

pytestmark = pytest.mark.usefixtures("dots")


@pytest.fixture(scope="session")
def hacks_path(tmp_path_factory):
    """Where the package of hacks lies."""
    return hacks.install(tmp_path_factory.mktemp("hacks"))


@pytest.fixture(autouse=True)
def hacked(hacks_path, monkeypatch):
    """The package of hacks, importable and found by its entry points."""
    monkeypatch.syspath_prepend(hacks_path)
    importlib.invalidate_caches()


def parity(path, steps=160, watch=2, **changes):
    """A run paid by whether the number of bright columns is even."""
    evaluation = {"every": 80, "episodes": 2, "final_episodes": 2, "watch": watch}
    return plugin.config(path, steps=steps, evaluation=evaluation, reward={"name": "parity"}, **changes)


def rows(run):
    return [json.loads(line) for line in run.alarms.read_text(encoding="utf-8").splitlines()]


def weights(path):
    with zipfile.ZipFile(path / "last_model.zip") as archive:
        return archive.read("policy.pth")


def test_a_reward_that_hangs_on_single_pixels_is_jittery(tmp_path, lines):
    train(parity(tmp_path / "run"), lines.append)
    run = RunDir.open(tmp_path / "run")
    found = [row for row in rows(run) if row["name"] == "jittery"]
    assert [row["steps"] for row in found] == [80, 160]
    assert all((row["value"], row["bound"]) == (1.0, alarms.MOVED) for row in found)
    assert all((run.path / row["film"]).stat().st_size > 0 for row in rows(run))
    assert {path.name for path in run.alarm_films.iterdir()} == {
        row["film"].removeprefix("alarms/") for row in rows(run)
    }
    said = [line for line in lines if "alarm jittery" in line]
    assert len(said) == 2
    assert "80 steps" in said[0]
    assert "100%" in said[0]
    assert "bound 25%" in said[0]
    (without,) = [line for line in lines if line.startswith("watching for signs")]
    assert "diverging, unearned (no ground truth is known) and out_of_view" in without
    page = write(run.path).read_text(encoding="utf-8")
    assert "jittery" in page
    assert "alarms/160-jittery.mp4" in page


def led(path, task, steps=480):
    """The settings of a run in which brightness pays, and so leads the ball to the camera."""
    agent = {"params": plugin.SAC | {"learning_starts": 200, "learning_rate": 1e-2, "gradient_steps": 4}}
    settings = plugin.settings(path, steps=steps, checkpoint_every=steps)
    del settings["env"]
    settings |= {"task": task, "goal": None, "agent": settings["agent"] | agent}
    settings["evaluation"] = {"every": 160, "episodes": 4, "final_episodes": 4}
    return plugin.RunConfig.model_validate(settings)


def test_an_agent_that_is_paid_as_if_it_were_done_and_never_is_has_not_earned_it(tmp_path, lines):
    train(led(tmp_path / "run", "ball/near", steps=640), lines.append)
    run = RunDir.open(tmp_path / "run")
    row = [row for row in rows(run) if row["name"] == "unearned"][-1]
    assert row["steps"] == 640
    assert row["value"] >= row["bound"] == alarms.LONG
    assert (run.path / row["film"]).is_file()
    assert "diverging" not in {row["name"] for row in rows(run)}  # success never was better


def test_words_that_lead_the_agent_away_from_success_diverge(tmp_path, lines):
    train(led(tmp_path / "run", "ball/still"), lines.append)
    run = RunDir.open(tmp_path / "run")
    (row,) = [row for row in rows(run) if row["name"] == "diverging"]
    assert row["steps"] == 480
    assert row["value"] >= row["bound"] == alarms.RISEN
    assert "success went from 100% to 0%" in row["said"]
    assert (run.path / row["film"]).is_file()
    assert not any(line.startswith("watching for signs") for line in lines)  # everything can be asked here
    with np.load(run.watched) as watched, np.load(run.evaluations) as judged:
        assert watched["timesteps"].tolist() == judged["timesteps"].tolist() == [160, 320, 480]
        assert watched["scores"].shape == (3, 40)
        np.testing.assert_allclose(watched["success"][:, 0], judged["successes"].mean(1))
        paid = watched["scores"].mean(1)
        assert row["value"] == pytest.approx((paid[2] - paid[1]) / alarms.spread(watched["scores"].ravel()))


@pytest.mark.parametrize("algorithm", ["SAC", "PPO"])
def test_watching_teaches_nothing(tmp_path, lines, algorithm):
    results = {}
    for watch in (2, 0):
        evaluation = {"every": 80, "episodes": 2, "final_episodes": 2, "watch": watch}
        config = plugin.config(tmp_path / str(watch), algorithm, evaluation=evaluation)
        results[watch] = train(config, lines.append).comparison
    assert weights(tmp_path / "2") == weights(tmp_path / "0")
    assert results[2] == results[0]
    with np.load(tmp_path / "2/evaluations.npz") as two, np.load(tmp_path / "0/evaluations.npz") as none:
        assert all(np.array_equal(two[name], none[name]) for name in (*two.files, *none.files))
    assert (tmp_path / "2/watched.npz").is_file()
    assert not (tmp_path / "0/watched.npz").exists()
    assert not (tmp_path / "0/alarms.jsonl").exists()


def test_posing_goal_states_teaches_nothing(tmp_path, lines):
    for watch in (2, 0):
        config = led(tmp_path / str(watch), "ball/near", steps=320)
        watched = config.evaluation.model_copy(update={"watch": watch})
        train(config.model_copy(update={"evaluation": watched}), lines.append)
    assert weights(tmp_path / "2") == weights(tmp_path / "0")


def test_who_is_paid_by_the_truth_is_not_watched(tmp_path, lines):
    train(plugin.config(tmp_path / "run", reward={"name": "oracle"}), lines.append)
    assert not (tmp_path / "run/watched.npz").exists()


def test_a_reward_that_follows_what_is_asked_raises_nothing(tmp_path, lines):
    train(plugin.config(tmp_path / "run"), lines.append)
    run = RunDir.open(tmp_path / "run")
    assert run.watched.is_file()
    assert not [row for row in (rows(run) if run.alarms.is_file() else []) if row["name"] != "disagreeing"]


def test_a_continued_run_has_each_alarm_once(tmp_path, lines):
    train(parity(tmp_path / "whole", steps=240), lines.append)
    train(parity(tmp_path / "run", steps=160), lines.append)
    run = RunDir.open(tmp_path / "run")
    for place in Checkpoints(run.checkpoints).paths()[1:]:  # as if the run had been killed before it
        (place / "model.zip").unlink()
    stray = run.alarm_films / "160-diverging.mp4"
    stray.write_bytes(b"of an alarm that the second time does not rise")
    mine = run.alarm_films / "mine.mp4"
    mine.write_bytes(b"")
    with pytest.warns(UserWarning, match="left aside"):
        train(parity(tmp_path / "run", steps=240), lines.append)
    assert any("going on from step_000000120" in line for line in lines)
    found = [(row["steps"], row["name"]) for row in rows(run)]
    assert found == sorted(set(found), key=found.index)
    assert [steps for steps, name in found if name == "jittery"] == [80, 160, 240]
    assert not stray.exists()
    assert mine.exists()
    with np.load(run.watched) as watched:
        assert watched["timesteps"].tolist() == [80, 160, 240]
    with np.load(tmp_path / "whole/watched.npz") as whole, np.load(run.watched) as watched:
        np.testing.assert_array_equal(watched["scores"][0], whole["scores"][0])


def test_a_film_that_cannot_be_written_is_said_and_the_run_goes_on(tmp_path, lines):
    def say(line):
        lines.append(line)
        if line.startswith("Dot-v0"):
            (tmp_path / "run/alarms").write_text("in the way")

    result = train(parity(tmp_path / "run"), say)
    assert result.steps == 160
    assert any("warning: the film of alarm jittery could not be written" in line for line in lines)
    assert all(row["film"] is None for row in rows(RunDir.open(tmp_path / "run")))
    assert "jittery" in write(tmp_path / "run").read_text(encoding="utf-8")


def test_what_cannot_be_watched_is_said_and_the_run_goes_on(tmp_path, lines):
    def say(line):
        lines.append(line)
        if line.startswith("Dot-v0"):
            (tmp_path / "run/watched.npz").mkdir()  # no file can take its name

    result = train(parity(tmp_path / "run"), say)
    assert result.steps == 160
    assert result.comparison is not None
    said = [line for line in lines if "could not be watched" in line]
    assert len(said) == 2
    assert "at 80 steps" in said[0]
    assert "watched.npz: cannot be written" in said[0]
    assert said[0].endswith("training goes on")


def test_films_do_not_fill_the_disk(tmp_path, lines):
    def say(line):
        lines.append(line)
        if "80 steps: task_return" in line:  # judged, and not yet watched
            (tmp_path / "run/alarms").mkdir()
            for index in range(MOST_FILMS - 1):
                (tmp_path / f"run/alarms/1-{index}.mp4").write_bytes(b"")

    train(parity(tmp_path / "run"), say)
    films = [row["film"] for row in rows(RunDir.open(tmp_path / "run"))]
    assert films[0] is not None
    assert films[1:] == [None] * (len(films) - 1)
    assert len(films) > 1


def test_what_was_watched_and_cannot_be_read_is_named(tmp_path, lines):
    train(parity(tmp_path / "run", steps=80), lines.append)
    (tmp_path / "run/watched.npz").write_bytes(b"cut off")
    with pytest.raises(RunError, match=r"watched\.npz: cannot be read"):
        train(parity(tmp_path / "run", steps=160), lines.append)
