"""A benchmark of real rewards on real frames of episodes that nobody had to learn."""

import csv
import io
import json
import math
from dataclasses import asdict

import numpy as np
import pytest

from tests.contracts.test_every_history_reward import untaught
from tests.judge.synthetic import episodes
from vlmrl import encoders, rewards
from vlmrl.envs.make import find_task
from vlmrl.envs.task import Camera
from vlmrl.errors import Abstained, ConfigError, RunError
from vlmrl.judge.bench.change import compared
from vlmrl.judge.bench.entry import of_function, of_model
from vlmrl.judge.bench.run import Plan, bench
from vlmrl.judge.bench.second_stage import second_stage
from vlmrl.metrics.board import CONTROL, Board, Contender, Trained, shown
from vlmrl.scoring.remembered import Remembered

PLAN = Plan(moments=10, resamples=20, processes=1)
TASK = find_task("pendulum/upright")
OWN = Contender("mine.py:height")


def height(frames):
    """Mean row of what is redder than it is blue: the rod, in a bluish world."""
    warm = np.clip(frames[..., 0].astype(float) - frames[..., 2], 0, None)
    return -(warm.sum(axis=2) @ np.arange(frames.shape[1])) / (warm.sum(axis=(1, 2)) + 1e-9)


class Counts:
    """A time counter: every frame that it is shown is worth more than the one before."""

    def __init__(self):
        self.shown = 0

    def __call__(self, frames):
        self.shown += len(frames)
        return np.arange(self.shown - len(frames), self.shown)


@pytest.fixture(scope="module")
def recorded():
    return {TASK.name: (TASK, episodes(count=8))}


@pytest.fixture(scope="module")
def encoder():
    return encoders.load("sim_clip", device="cpu", precision="fp32")


def entry_of(encoder, reward="goal_baseline", **settings):
    def make(one):
        return rewards.load(reward, one, **settings)

    return of_model(
        Contender(reward, "sim_clip", "shipped"), make, encoder, Remembered(encoder), lambda task: task.words
    )


@pytest.fixture(scope="module")
def board(recorded, encoder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    entries = [entry_of(encoder), of_function(OWN, height, b"1"), of_function(Contender("counts"), Counts(), b"2")]
    found = bench(recorded, entries, folder, PLAN)
    found.save(folder)
    return found, folder


def test_a_reward_that_knows_the_task_leads_and_a_counter_is_found_out(board):
    found, _ = board
    cells = {cell.contender.reward: cell for cell in found.cells}
    assert set(cells) == {"oracle", "clock", "chance", "goal_baseline", "mine.py:height", "counts"}
    assert cells["goal_baseline"].measures["auroc_trained"].mean > 0.95
    assert cells["mine.py:height"].measures["spearman"].mean > 0.8
    assert cells["goal_baseline"].measures["cycle_order"].mean > 0.8
    # Shown in a shuffled order, time is nothing to go by; played to and fro, it rises on the way back too.
    assert abs(cells["counts"].measures["value_order"].mean) < 0.5
    assert cells["counts"].measures["cycle_order"].mean == pytest.approx(0)
    assert cells["counts"].measures["reversed_order"].mean == 1
    assert cells["clock"].measures["reversed_order"].mean == 1
    for name in ("oracle", "goal_baseline"):
        assert cells[name].measures["reversed_order"].mean == pytest.approx(-cells[name].measures["value_order"].mean)
    assert cells["clock"].measures["value_order"].mean == 1
    assert cells["clock"].measures["cycle_order"].mean == pytest.approx(0)
    assert cells["oracle"].measures["auroc_trained"].mean == 1
    assert found.ranked("auroc_trained")[0].reward == "oracle"
    assert cells["goal_baseline"].milliseconds > 0
    assert cells["goal_baseline"].goal == TASK.goal


def test_scores_are_the_rewards_own_whatever_the_order_that_frames_are_shown_in(board, recorded, encoder):
    from vlmrl.judge.bench.cells import Kept
    from vlmrl.judge.stage import Stage

    found, folder = board
    cell = next(cell for cell in found.cells if cell.contender.reward == "goal_baseline")
    kept = Kept(folder / "cells").sheet(cell.key)
    assert kept is not None
    sheet = kept[0]
    _, some = recorded[TASK.name]
    with Stage(TASK, encoder.image_size) as stage:
        shots = stage.posed(some.poses(some.moments(PLAN.moments)))
    plain = rewards.load("goal_baseline", encoder).score_frames(shots.frames, TASK.words).numpy()
    assert np.allclose(sheet.score.ravel(), plain, atol=1e-5)
    assert np.allclose(sheet.oracle.ravel(), shots.oracle, atol=1e-5)


@pytest.fixture
def learned(encoder, tmp_path):
    """An entry of a reward whose card says by which episodes it was taught, and through which camera."""

    def entry(traces, camera=None):
        about = {"views": [json.loads(json.dumps(asdict(camera or TASK.camera)))], "size": [*encoder.image_size]}
        data = {} if traces is None else {"data": {"traces": list(traces)}}
        weights = untaught("progress", encoder, tmp_path / "w.safetensors", **about, **data)
        return entry_of(encoder, "progress", weights=weights)

    return entry


def test_a_reward_is_not_judged_by_the_episodes_that_it_was_taught_by(recorded, learned, tmp_path):
    some = recorded[TASK.name][1]
    with pytest.raises(ConfigError, match=r"progress sim_clip shipped was taught by number 3 of pendulum/upright \("):
        bench(recorded, [learned([some.traces[3]])], tmp_path, PLAN)
    said: list[str] = []
    found = bench(recorded, [learned(["other"])], tmp_path, PLAN, said.append)
    cell = next(cell for cell in found.cells if cell.contender.reward == "progress")
    assert math.isfinite(cell.measures["reversed_order"].mean)
    assert not any("nobody knows" in line for line in said)
    bench(recorded, [learned(None)], tmp_path, PLAN, said.append)
    assert any("nobody knows which episodes it was taught by" in line for line in said)


def test_who_can_see_one_task_and_not_another_is_left_out_there_alone(recorded, learned, tmp_path):
    other = find_task("pendulum/upright").but(name="pendulum/other", camera=Camera(distance=9.0))
    two = {**recorded, other.name: (other, recorded[TASK.name][1])}
    said: list[str] = []
    found = bench(two, [learned(["none"])], tmp_path, PLAN, said.append)
    assert [cell.task for cell in found.cells if cell.contender.reward == "progress"] == [TASK.name]
    assert any(
        "pendulum/other: progress sim_clip shipped is left out; reward.weights: was taught" in one for one in said
    )
    with pytest.raises(ConfigError, match=r"rewards=progress: can see none of the tasks; .* another camera"):
        bench(recorded, [learned(["none"], Camera(distance=9.0))], tmp_path, PLAN)


def no_stage(*args):
    raise AssertionError("a frame was about to be drawn")


def test_what_was_scored_is_not_scored_again_and_a_damaged_file_is(board, recorded, monkeypatch):
    _, folder = board
    said: list[str] = []
    with monkeypatch.context() as patched:
        patched.setattr("vlmrl.judge.bench.run.Stage", no_stage)
        again = bench(recorded, [of_function(OWN, lambda frames: 1 / 0, b"1")], folder, PLAN, said.append)
    assert again.of(OWN)[0].measures["spearman"].mean > 0.8
    assert not said
    key = again.of(OWN)[0].key
    (folder / "cells" / f"{key}.npz").write_bytes(b"half a file")
    bench(recorded, [of_function(OWN, height, b"1")], folder, PLAN, said.append)
    assert any("mine.py:height" in line for line in said)


def test_another_text_of_the_same_function_is_another_reward(board, recorded):
    _, folder = board
    with pytest.raises(ZeroDivisionError):
        bench(recorded, [of_function(OWN, lambda frames: 1 / 0, b"changed")], folder, PLAN)


def test_a_reward_that_stops_in_the_middle_loses_nothing_that_was_scored(recorded, tmp_path):
    def silent(frames):
        return np.full(len(frames), np.nan)

    good, bad = of_function(OWN, height, b"1"), of_function(Contender("silent"), silent, b"3")
    with pytest.raises(Abstained):
        bench(recorded, [good, bad], tmp_path, PLAN)
    said: list[str] = []
    bench(recorded, [of_function(OWN, lambda frames: 1 / 0, b"1")], tmp_path, PLAN, said.append)
    assert not any("ms a frame" in line for line in said)


@pytest.mark.slow
def test_words_of_two_tasks_are_tried_on_both_and_once(encoder, tmp_path, monkeypatch):
    names = ("cartpole/left", "cartpole/right")
    two = {name: (find_task(name), episodes(name, 3)) for name in names}
    found = bench(two, [entry_of(encoder)], tmp_path, PLAN)
    confusion = found.confusions[0]
    assert confusion.tasks == names
    own = [confusion.auroc[place][place] or 0.0 for place in range(2)]
    other = [confusion.auroc[place][1 - place] or 0.0 for place in range(2)]
    assert min(own) > 0.9
    assert max(other) < 0.5
    cell = next(cell for cell in found.cells if cell.contender.reward == "goal_baseline")
    assert cell.measures["grounding"].mean > 0.5
    with monkeypatch.context() as patched:
        patched.setattr("vlmrl.judge.bench.run.Stage", no_stage)
        assert bench(two, [entry_of(encoder)], tmp_path, PLAN).confusions == found.confusions
    next((tmp_path / "cells").glob("*.confusion.json")).write_text("half a fi")
    assert bench(two, [entry_of(encoder)], tmp_path, PLAN).confusions == found.confusions


def test_it_is_written_and_read_again(board):
    found, folder = board
    again = Board.load(folder / "bench.json")
    assert again.contenders == found.contenders
    first, second = found.cells[-1], again.cells[-1]
    assert second.key == first.key
    for name, one in first.measures.items():
        assert [one.mean, one.low] == pytest.approx(
            [second.measures[name].mean, second.measures[name].low], nan_ok=True
        )
    rows = list(csv.DictReader(io.StringIO((folder / "bench.csv").read_text())))
    assert {row["reward"] for row in rows} == {one.reward for one in found.contenders}
    number = next(row for row in rows if row["reward"] == "oracle" and row["measure"] == "spearman")
    assert float(number["mean"]) == pytest.approx(1)


@pytest.mark.parametrize("content", ["", "{}", '{"format": 0, "cells": []}', "[1]"])
def test_what_is_no_leaderboard_is_a_clear_error(content, tmp_path):
    (tmp_path / "bench.json").write_text(content)
    with pytest.raises(RunError, match="no leaderboard"):
        Board.load(tmp_path / "bench.json")


@pytest.mark.slow
def test_a_comparison_says_what_got_worse(recorded, tmp_path):
    rng = np.random.default_rng(0)
    before, after, same = (tmp_path / name for name in ("before", "after", "same"))

    def noisy(frames):
        return height(frames) + 8 * rng.normal(size=len(frames))

    for folder, function in ((before, height), (after, noisy), (same, height)):
        bench(recorded, [of_function(OWN, function, folder.name.encode())], folder, PLAN).save(folder)
    sides = {one.measure: one.side for one in compared(before, after)}
    assert sides["spearman"] == "worse"
    assert sides["auroc_trained"] == "worse"
    assert "better" not in sides.values()
    assert {one.side for one in compared(before, same)} == {"unclear"}
    assert {one.side for one in compared(after, before)} >= {"better"}


def test_comparing_what_has_nothing_in_common_is_refused(board, recorded, tmp_path):
    _, folder = board
    bench(recorded, [of_function(Contender("else"), height, b"9")], tmp_path, PLAN).save(tmp_path)
    with pytest.raises(ConfigError, match="share no reward"):
        compared(folder, tmp_path)


def test_the_second_stage_trains_each_seed_of_all_before_the_next(encoder, board):
    one, other = entry_of(encoder), entry_of(encoder, "cosine")
    asked = []

    def train(entry, task, seed):
        asked.append((seed, entry.contender.reward))
        success = 1.0 if entry.contender.reward == "goal_baseline" else 0.1 * seed
        return Trained(entry.contender, task.name, seed, 100, success, success, 8)

    trained = tuple(second_stage([TASK], [one, other], range(2), train))
    assert asked == [(0, "goal_baseline"), (0, "cosine"), (1, "goal_baseline"), (1, "cosine")]
    found = Board(board[0].cells, (), trained)
    assert found.reached(other.contender) == {TASK.name: [0.0, 0.1]}


def test_what_foretold_training_is_told_by_rank(board):
    found, _ = board
    for measure in ("spearman", "starc"):  # of which the higher, and the lower, is the better
        rank = {one: place for place, one in enumerate(reversed(found.ranked(measure)))}
        trained = [Trained(one, TASK.name, 0, 1, rank[one] / 10, 0.0, 8) for one in found.contenders]
        assert found.ranked(measure)[0].reward == "oracle"
        assert Board(found.cells, (), tuple(trained)).foretold(measure).mean == pytest.approx(1)
    assert math.isnan(Board(found.cells).foretold("spearman").mean)


def test_names_tell_apart_what_differs_alone():
    one, other = Contender("cosine", "sim_clip", "shipped"), Contender("cosine", "vit_b_32", "shipped")
    assert shown([one]) == ["cosine"]
    assert [str(one), str(OWN)] == ["cosine sim_clip shipped", "mine.py:height"]
    assert shown([one, other]) == ["cosine sim_clip", "cosine vit_b_32"]
    assert shown([one, Contender("clock", "", CONTROL)]) == ["cosine", "clock (control)"]


def test_nothing_to_judge_is_refused(recorded, tmp_path):
    with pytest.raises(ConfigError, match="no task or no reward"):
        bench(recorded, [], tmp_path)
    with pytest.raises(ConfigError, match="moments=2"):
        Plan(moments=2)


def test_a_reward_that_reads_clips_is_asked_what_an_episode_was_worth_so_far(recorded, encoder, tmp_path):
    from vlmrl.judge.bench.cells import Kept
    from vlmrl.judge.stage import Stage

    entry = entry_of(encoder, "roboclip", frames=6)
    found = bench(recorded, [entry, entry_of(encoder)], tmp_path, PLAN)
    cell = next(cell for cell in found.cells if cell.contender.reward == "roboclip")
    kept = Kept(tmp_path / "cells").sheet(cell.key)
    assert kept is not None
    _, some = recorded[TASK.name]
    with Stage(TASK, encoder.image_size) as stage:
        frames = stage.posed(some.poses(some.moments(PLAN.moments))).frames
    clips = frames.reshape(len(some), -1, *frames.shape[1:])
    model = rewards.load("roboclip", encoder, frames=6)
    for row in (0, len(some) - 1):
        so_far = [model.score_clip(clips[row, : end + 1], TASK.words).item() for end in range(clips.shape[1])]
        np.testing.assert_allclose(kept[0].score[row], so_far, atol=1e-5)
    assert cell.measures["episode_auroc"].mean > 0.9
    assert cell.milliseconds > 0
    assert set(map(str, found.contenders)) >= {str(entry.contender)}
    assert not found.confusions
