"""Rewards that read episodes, on the board: what they say of recorded states is what they pay for living ones."""

import json

import numpy as np
import pytest

from vlmrl.cli import bench as verb
from vlmrl.envs.make import find_task, make_env
from vlmrl.errors import ConfigError
from vlmrl.judge.bench.run import Plan, bench
from vlmrl.judge.bench.tracks import PLANNED, follow, of_tracks
from vlmrl.judge.recorded import shipped
from vlmrl.keypoints.build import gauge_of
from vlmrl.metrics.board import Contender
from vlmrl.metrics.order import cycle_order
from vlmrl.rewards.keypoints import Keypoints
from vlmrl.scoring.tracks import TrackScorer


@pytest.fixture(scope="module")
def entry(toy_encoder):
    return of_tracks(Contender("keypoints", "toy", PLANNED), Keypoints(toy_encoder), "keypoints", {})


@pytest.fixture(scope="module")
def task():
    return find_task("reacher/touch")


@pytest.fixture(scope="module")
def recorded(task):
    return shipped(task).part("held_out")


def slowly(task, recorded, row, order):
    """One episode in one environment, posed state by state in an order, and scored one by one."""
    env = make_env(task, frames=False)
    env.reset(seed=0)
    model, data = env.unwrapped.model, env.unwrapped.data
    readings, scorer = gauge_of("keypoints", {}, task, task.words).readings(1), TrackScorer(Keypoints(None))
    scores = []
    for place, at in enumerate(order):
        data.qpos[:], data.qvel[:] = recorded.qpos[row, at], recorded.qvel[row, at]
        data.mocap_pos[:] = recorded.mocap_pos[row, at]
        state = env.get_wrapper_attr("state")()[None]
        if place == 0:
            readings.begin([0], state, None)
        scores.append(float(scorer.frames(readings.read([0], state), task.words)[0]))
    env.close()
    assert model.nq == recorded.qpos.shape[-1]
    return np.array(scores)


def test_recorded_states_are_scored_as_living_ones_forwards_and_back(task, recorded, entry):
    moments = recorded.moments(11)
    row = int(np.flatnonzero(recorded.succeeded(task))[0])
    there = np.array([0, 2, 4, 6])
    ways = {row: (np.concatenate([there, there[-2::-1]]), 3)}
    found = follow(task, recorded, entry, task.words, moments, ways)
    forward = slowly(task, recorded, row, range(recorded.horizon + 1))
    np.testing.assert_allclose(found.score[row], forward[moments], atol=1e-6)
    last = moments[6]
    both = slowly(task, recorded, row, [*range(last + 1), *range(last - 1, -1, -1)])
    shown = [moments[at] for at in there] + [2 * last - moments[at] for at in there[-2::-1]]
    assert found.cycle == {row: pytest.approx(cycle_order(both[shown], 3))}
    assert found.milliseconds > 0


def test_it_takes_part_beside_controls_and_is_kept(task, recorded, entry, tmp_path):
    told: list[str] = []
    others = {"cartpole/upright": (find_task("cartpole/upright"), shipped(find_task("cartpole/upright")))}
    episodes = {task.name: (task, recorded), **others}
    plan = Plan(moments=8, resamples=5, processes=1)
    board = bench(episodes, [entry], tmp_path, plan, told.append)
    (cell,) = [cell for cell in board.cells if cell.contender == entry.contender]
    assert cell.task == task.name  # the cart-pole names no points
    assert cell.measures["spearman"].mean > 0.8
    assert any("cartpole/upright" in line and "is left out" in line for line in told)
    told.clear()
    bench(episodes, [entry], tmp_path, plan, told.append)
    assert not any("ms a state" in line for line in told)
    with pytest.raises(ConfigError, match="reads episodes, not frames"):
        entry.score(np.zeros((1, 8, 8, 3), np.uint8), task.words)


def test_the_verb_ranks_it(tmp_path):
    asked = ["rewards=keypoints:stray=0.5", "tasks=reacher", "moments=6", "resamples=5", f"out={tmp_path}"]
    assert verb.run(asked) == 0
    rows = json.loads((tmp_path / "bench.json").read_text())["cells"]
    assert [row["contender"] for row in rows if "keypoints" in str(row["contender"])]
