"""What every task promises, ours and those of installed packages; found, not listed."""

import pickle
import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_checker import check_env as check_for_sb3

from tests.worlds import every_task
from vlmrl.envs import State, find_task, make_env
from vlmrl.envs.played import Unknown
from vlmrl.envs.world import put, state_of

pytestmark = pytest.mark.parametrize("name", every_task())


def posed(env, poses):
    """The states of ``poses``, and a frame of each."""
    states, frames = [], []
    for i in range(len(poses)):
        put(env, poses, i)
        states.append(state_of(env))
        frames.append(env.get_wrapper_attr("frame")())
    return State.stack(states), np.stack(frames)


def known(task):
    """Skip, and say why, where nobody knows how to make a goal state."""
    if isinstance(task.goal_states, Unknown):
        pytest.skip(f"{task.name} has no goal states: {task.goal_states.why}")


def test_goal_states_succeed_and_bad_states_do_not(name):
    task, rng = find_task(name), np.random.default_rng(0)
    known(task)
    env = make_env(task, seed=0)
    goal, goal_frames = posed(env, task.goal_states(rng, 16))
    bad, bad_frames = posed(env, task.bad_states(rng, 16))
    env.close()
    assert task.success(goal).all()
    assert not task.success(bad).any()
    assert task.oracle(goal).min() > task.oracle(bad).max()
    for oracle in (task.oracle(goal), task.oracle(bad)):
        assert oracle.shape == (16,)
        assert ((oracle >= 0) & (oracle <= 1)).all()
    assert all(frame.std() > 2 for frame in [*goal_frames, *bad_frames]), "a frame shows nothing"
    assert len({frame.tobytes() for frame in goal_frames}) > 8, "the camera does not see the state change"


def test_the_registered_environment_passes_gymnasium_and_sb3(name):
    env = gym.make(find_task(name).env_id)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # unbounded observations, which MuJoCo's are
        check_env(env.unwrapped if env.unwrapped is env else env, skip_render_check=True)
        check_for_sb3(make_env(name, frames=False), warn=False)
    env.close()


def test_the_time_limit_truncates_and_success_alone_may_terminate(name):
    task = find_task(name)
    env = make_env(task, frames=False, seed=3)
    ends: list[bool] = []
    terminated = False
    while not terminated and len(ends) < task.horizon:
        _, reward, terminated, truncated, info = env.step(env.action_space.sample())
        assert terminated == (task.ends and info["success"])
        assert reward == (info["oracle"] - 1 if task.ends else info["oracle"])
        assert isinstance(info["success"], bool)
        ends.append(truncated)
    env.close()
    assert terminated or ends == [False] * (task.horizon - 1) + [True]


def test_a_seed_gives_the_same_episode_and_the_same_frames(name):
    def run():
        env = make_env(name, seed=11)
        observation, info = env.reset(seed=5)
        seen = [observation, info["frame"]]
        for _ in range(5):
            observation, *_, info = env.step(env.action_space.sample())
            seen += [observation, info["frame"]]
        env.close()
        return seen

    for first, second in zip(run(), run(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_it_travels_to_a_worker(name):
    task = find_task(name)
    assert pickle.loads(pickle.dumps(task)).name == name


def test_a_posed_start_is_what_it_says(name):
    known(find_task(name))
    env = gym.make(find_task(name).env_id)
    _, info = env.reset(seed=0, options={"pose": "goal"})
    assert info["success"]
    _, info = env.reset(seed=0, options={"pose": "bad"})
    assert not info["success"]
    env.close()


def test_the_shipped_words_are_whole(name):
    words = find_task(name).words
    assert words.goal
    assert words.baseline
    assert words.negative


def test_what_is_true_of_a_state_does_not_depend_on_what_came_before(name):
    task = find_task(name)
    env = make_env(task, frames=False, seed=1)
    start = env.get_wrapper_attr("truth")()
    bad = task.bad_states(np.random.default_rng(0), 2)
    put(env, bad, 0)
    first = env.get_wrapper_attr("truth")()
    env.reset(seed=2)
    for _ in range(5):
        env.step(env.action_space.sample())
    put(env, bad, 1)
    put(env, bad, 0)
    assert env.get_wrapper_attr("truth")() == first
    env.reset(seed=1)
    assert env.get_wrapper_attr("truth")() == start
    env.close()


def test_it_says_when_it_is_done(name):
    assert len(find_task(name).truth) > 10, "give the function `success` a docstring that says when it is true"
