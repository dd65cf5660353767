"""The planner: it does what the oracle pays for, alike each time, and leaves the environment as it found it."""

import gymnasium as gym
import numpy as np
import pytest

from vlmrl.envs import find_task, make_env
from vlmrl.envs.planner import Planned
from vlmrl.envs.simulator import simulator
from vlmrl.errors import ConfigError

QUICK = Planned(ahead=15, knots=3, samples=16, rounds=2)


def test_it_does_a_task_that_it_was_told_nothing_of():
    task = find_task("point_mass/target")
    env = make_env(task, frames=False)
    observation, info = env.reset(seed=0)
    began = task.oracle(env.get_wrapper_attr("state")())
    policy, done = QUICK(env), []
    for _ in range(task.horizon):
        observation, _, _, _, info = env.step(policy(observation, info))
        done.append(info["success"])
    assert began < 0.8
    assert task.succeeded(np.array(done))
    env.close()


def test_planning_changes_nothing_and_answers_alike():
    env = make_env("pendulum/upright", frames=False)
    observation, info = env.reset(seed=2)
    _, data = simulator(env)
    before = data.qpos.copy(), data.qvel.copy(), data.time
    first, second = (QUICK(env)(observation, info) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert env.action_space.contains(first)
    np.testing.assert_array_equal(before[0], data.qpos)
    np.testing.assert_array_equal(before[1], data.qvel)
    assert before[2] == data.time
    env.close()


def test_an_environment_without_a_task_is_refused():
    env = gym.make("dm_control/pendulum-swingup-v0")
    with pytest.raises(ConfigError, match="a planner needs a MuJoCo environment of a task"):
        Planned()(env)
    env.close()


@pytest.mark.slow
def test_the_fish_turns_upright():
    task = find_task("fish/upright")
    env = make_env(task, frames=False)
    observation, info = env.reset(seed=500)
    assert task.expert is not None
    policy, done = task.expert(env), []
    for _ in range(task.horizon):
        observation, _, _, _, info = env.step(policy(observation, info))
        done.append(info["success"])
    assert not done[0]
    assert task.succeeded(np.array(done))
    env.close()
