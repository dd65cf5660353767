"""The view for Stable-Baselines3 shows what DummyVecEnv shows of single environments, bit for bit."""

from functools import partial

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import SyncVectorEnv
from stable_baselines3 import PPO
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecMonitor

from tests.agents.drift import HashScorer
from tests.envs.batch.stock import batched
from vlmrl.agents.deferred import DeferredReward
from vlmrl.agents.vec_env import VectorView, rows
from vlmrl.envs import FrameTap, find_task, make_env, make_vec_env
from vlmrl.envs.task_env import TaskEnv
from vlmrl.errors import ConfigError

TASK = find_task("cartpole/upright").but(horizon=7, hold=1)


def views(count=3, **settings):
    one = partial(make_env, TASK, **settings)
    return VectorView(make_vec_env(TASK, count, **settings)), DummyVecEnv([one] * count)


def assert_told(ours, theirs):
    """Ours tell what theirs tell; SB3's own say of every step whether it was cut, ours of those that ended."""
    assert set(ours) == {key for key in theirs if key != "TimeLimit.truncated" or "terminal_observation" in theirs}
    for name, value in ours.items():
        np.testing.assert_array_equal(value, theirs[name], err_msg=name)


@pytest.mark.parametrize("frames", [False, True])
def test_shows_what_dummy_environments_show(frames):
    ours, theirs = views(frames=frames)
    for venv in (ours, theirs):
        venv.seed(3)
        venv.action_space.seed(0)
    first, second = ours.reset(), theirs.reset()
    np.testing.assert_array_equal(first, second)
    ended = 0
    for _ in range(16):
        actions = np.stack([ours.action_space.sample() for _ in range(3)])
        (o, r, d, infos), (o2, r2, d2, infos2) = ours.step(actions), theirs.step(actions)
        for got, want in ((o, o2), (r, r2), (d, d2)):
            assert got.dtype == want.dtype
            np.testing.assert_array_equal(got, want)
        for got, want in zip([*infos, *ours.reset_infos], [*infos2, *theirs.reset_infos], strict=True):
            assert_told(got, want)
        ended += int(d.sum())
    assert ended == 6
    ours.close()
    theirs.close()


def test_a_true_end_is_told_from_a_cut():
    venv = VectorView(batched(partial(gym.make, "InvertedPendulum-v5", max_episode_steps=30), 4))
    venv.seed(0)
    venv.reset()
    seen = set()
    for step in range(60):
        force = np.array([[3], [3], [0], [0]], np.float32) * (step % 3)
        for info in venv.step(force)[3]:
            if "terminal_observation" in info:
                fallen = abs(info["terminal_observation"][1]) > 0.2
                assert info["TimeLimit.truncated"] == (not fallen)
                seen.add(fallen)
    assert seen == {True, False}


def test_learns_what_it_learns_from_single_environments():
    rewards = []
    for venv in views(2):
        model = PPO("MlpPolicy", VecMonitor(venv), n_steps=12, batch_size=8, n_epochs=1, seed=1, device="cpu")
        model.learn(24, callback=DeferredReward(scorer=HashScorer()))
        rewards.append((model.rollout_buffer.rewards.copy(), model.rollout_buffer.observations.copy()))
        venv.close()
    np.testing.assert_array_equal(rewards[0][0], rewards[1][0])
    np.testing.assert_array_equal(rewards[0][1], rewards[1][1])
    assert rewards[0][0].any()


def test_answers_what_our_callbacks_ask():
    venv = VectorView(make_vec_env(TASK, 3))
    venv.seed(1)
    venv.reset()
    assert venv.env_is_wrapped(FrameTap) == venv.env_is_wrapped(TaskEnv) == [True] * 3
    assert venv.env_is_wrapped(Monitor, indices=[1]) == [False]
    frames = venv.env_method("frame")
    np.testing.assert_array_equal(frames[2], venv.reset_infos[2]["frame"])
    np.testing.assert_array_equal(venv.env_method("frame", indices=1)[0], frames[1])
    venv.set_attr("np_random", np.random.default_rng(9), indices=1)
    draws = [generator.random() for generator in venv.get_attr("np_random")]
    assert draws[1] == np.random.default_rng(9).random()
    assert venv.get_images() == [None] * 3
    for name in ("data", "no_such_thing"):
        assert not venv.has_attr(name)
        with pytest.raises(AttributeError, match=name):
            venv.set_attr(name, 1)
        with pytest.raises(AttributeError, match=name):
            venv.env_method(name)
    venv.close()


def test_options_reach_the_reset():
    venv = VectorView(make_vec_env(TASK, 2, frames=False))
    venv.set_options({"pose": "goal"})
    venv.reset()
    assert all(info["success"] for info in venv.reset_infos)
    venv.set_options([{"pose": "goal"}, {}])
    with pytest.raises(ConfigError, match="the same options"):
        venv.reset()


def test_processes_are_seen_in_the_same_way():
    venv = VectorView(make_vec_env("CartPole-v1", 2, frames=False))
    venv.seed(0)
    venv.reset()
    infos = [info for _ in range(40) for info in venv.step(np.zeros(2, int))[3] if info]
    assert infos
    assert all(info["terminal_observation"].shape == (4,) and not info["TimeLimit.truncated"] for info in infos)
    assert venv.env_is_wrapped(gym.wrappers.TimeLimit) == [True, True]
    venv.set_attr("np_random", np.random.default_rng(4), indices=0)
    assert venv.get_attr("np_random")[0].random() == np.random.default_rng(4).random()
    venv.close()


def test_another_kind_of_reset_is_refused():
    with pytest.raises(ConfigError, match=r"must be AutoresetMode\.SAME_STEP"):
        VectorView(SyncVectorEnv([partial(gym.make, "CartPole-v1")]))


def test_infos_in_infos_are_told_of_those_they_tell_of():
    mask = np.array([True, False])
    infos = {"a": np.array([1.5, 0]), "_a": mask, "b": {"c": np.array([0, 2]), "_c": ~mask}, "_b": ~mask}
    assert rows(infos, range(2)) == [{"a": 1.5}, {"b": {"c": 2}}]
