import json
from dataclasses import replace

import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete

from tests.judge.synthetic import episodes
from tests.worlds import sample
from vlmrl.envs.make import find_task, task_names
from vlmrl.envs.task_env import TaskEnv
from vlmrl.errors import ConfigError, RunError, ShapeError
from vlmrl.judge.collect import FIRST_SEED, Actor, collect, episodes_of, habitual, recorded, truth_of
from vlmrl.judge.habits import Push, Still
from vlmrl.judge.recorded import Recorded, checked, shipped, shipped_tasks
from vlmrl.sim_clip.familiarity import taught

TASK = find_task("pendulum/upright")


@pytest.fixture(scope="module")
def kept() -> Recorded:
    return episodes()


def test_what_is_kept_is_what_was_played():
    """The states, replayed by hand from the same seed with the same actions."""
    found = collect(TASK, [Actor("up", lambda seen: np.full((len(seen), 1), 0.7, np.float32), 2)])
    env = TaskEnv(TASK)
    for row, seed in enumerate((FIRST_SEED, FIRST_SEED + 1)):
        env.reset(seed=seed)
        for step in range(TASK.horizon + 1):
            data = env.unwrapped.data
            assert np.array_equal(found.qpos[row, step], data.qpos.astype(np.float32))
            assert np.array_equal(found.qvel[row, step], data.qvel.astype(np.float32))
            truth = env.truth()
            assert found.oracle[row, step] == pytest.approx(truth["oracle"], abs=1e-5)
            env.step(np.array([0.7], np.float32))
    assert list(found.held_out) == [False, True]
    assert list(found.seed) == [FIRST_SEED, FIRST_SEED + 1]


def test_an_episode_is_known_again_however_it_was_kept():
    short = TASK.but(horizon=5)
    played = episodes_of(short, [Actor("up", lambda seen: np.full((len(seen), 1), 0.7, np.float32), 3)])
    traces = recorded(short, played).traces
    assert traces == tuple(one.trace(TASK.name) for one in played)
    assert len(set(traces)) == 3
    assert played[0].trace("pendulum/other") != traces[0]
    assert len(replace(played[0], states={}).trace(TASK.name)) == 16


def test_outcomes_are_the_tasks_own_judgement(kept):
    outcomes = np.array(kept.outcomes(TASK))
    actors = np.array(kept.actor)
    assert set(outcomes[actors == "trained"]) == {"success"}
    assert set(outcomes[actors == "hacker"]) == {"failure"}
    touched = kept.success[:, 1:].any(axis=1)
    assert ((outcomes == "near miss") == (touched & ~kept.succeeded(TASK))).all()


def test_a_file_holds_all_of_it_and_nothing_that_runs(kept, tmp_path):
    path = tmp_path / "one.npz"
    kept.save(path)
    again = Recorded.load(path)
    assert again.fingerprint == kept.fingerprint
    assert (again.actor, again.about, again.task, again.version) == (kept.actor, kept.about, kept.task, kept.version)
    with np.load(path, allow_pickle=False) as file:  # refuses pickled objects
        assert json.loads(str(file["told"]))["task"] == TASK.name


def test_a_part_is_held_out(kept):
    judged, chosen = kept.part("held_out"), kept.part("open")
    assert len(judged) + len(chosen) == len(kept.part("all")) == len(kept)
    assert judged.held_out.all()
    assert not chosen.held_out.any()
    with pytest.raises(ConfigError, match="part=open"):
        judged.part("open")


def test_moments_are_spread_from_first_to_last(kept):
    found = kept.moments(9)
    assert (found[0], found[-1], len(found)) == (0, TASK.horizon, 9)
    assert len(kept.moments(10_000)) == TASK.horizon + 1
    poses = kept.poses(found)
    assert len(poses) == len(kept) * 9
    assert np.allclose(poses.qpos[9], kept.qpos[1, 0])


@pytest.mark.parametrize("name", ["gone.npz", "text.npz", "pickle.npz"])
def test_a_file_that_is_none_is_a_clear_error(name, tmp_path):
    (tmp_path / "text.npz").write_text("no numbers")
    np.savez(tmp_path / "pickle.npz", told=np.array([{"an": "object"}], dtype=object))
    with pytest.raises(RunError, match=f"episodes=.*{name}"):
        Recorded.load(tmp_path / name)


def test_episodes_of_another_version_are_refused(kept):
    with pytest.raises(ConfigError, match="version"):
        checked(kept, TASK.but(version=TASK.version + 1))
    with pytest.raises(ConfigError, match=r"walker/stand.*vlmrl collect"):
        checked(kept, find_task("walker/stand"))
    with pytest.raises(ConfigError, match="join"):
        Recorded.join([kept, replace(kept, task="other/task")])
    with pytest.raises(ShapeError, match="seed"):
        replace(kept, seed=kept.seed[:-1])


def test_habits_push_and_shake_within_bounds():
    space = Box(np.array([-1.0, 0.5], np.float32), np.array([1.0, 2.0], np.float32))
    seen = np.zeros((3, 4))
    assert np.array_equal(Still(space)(seen), np.tile(np.array([0, 1.25], np.float32), (3, 1)))
    push, shake = Push(space), Push(space, turns=True)
    for one in (push, shake):
        one.start([7, 8, 9])
    pushed = np.stack([push(seen) for _ in range(60)])
    shaken = np.stack([shake(seen) for _ in range(60)])
    assert (pushed == pushed[0]).all()
    assert np.isin(pushed, [-1, 1, 0.5, 2]).all()
    assert all(len(np.unique(shaken[:, row, 0])) == 2 for row in range(3))
    again = Push(space)
    again.start([8])
    assert np.array_equal(again(seen[:1])[0], pushed[0, 1]), "an episode's habit is its seed's, whoever plays beside it"
    with pytest.raises(ConfigError, match="box with bounds"):
        Still(Discrete(3))


@pytest.mark.parametrize("name", sample())
def test_every_habit_acts_in_every_task(name):
    with TaskEnv(find_task(name)) as env:
        for actor in habitual(find_task(name)):
            if hasattr(actor.policy, "start"):
                actor.policy.start([0, 1])
            actions = actor.policy(np.zeros((2, 3)))
            assert all(env.action_space.contains(action) for action in actions), (name, actor.name)


@pytest.mark.parametrize("name", shipped_tasks())
def test_shipped_episodes_are_true_of_their_task_as_it_is_now(name):
    task = find_task(name)
    found = shipped(task)
    rows = np.linspace(0, len(found) - 1, 5).astype(int)
    some = found[rows]
    oracle, success = truth_of(task, some.qpos, some.qvel, some.mocap_pos)
    assert np.allclose(oracle, some.oracle, atol=1e-5)
    assert (success == some.success).mean() > 0.999  # another processor may round a state at the very edge
    for part in ("held_out", "open"):
        outcomes = set(found.part(part).outcomes(task))
        assert "success" in outcomes, f"{name}, {part}: has {outcomes}"
        assert outcomes - {"success"}, f"{name}, {part}: has successes alone"


def test_episodes_are_shipped_of_worlds_that_sim_clip_knows():
    known = {name for name in task_names() if find_task(name).world in taught()}
    assert len(shipped_tasks()) == 9
    assert set(shipped_tasks()) <= known
