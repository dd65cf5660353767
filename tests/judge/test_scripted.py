"""A script plays its task through the same judge as any agent."""

import numpy as np
import pytest

from vlmrl.envs import find_task
from vlmrl.errors import ConfigError
from vlmrl.judge.episodes import evaluate
from vlmrl.judge.scripted import Scripted

BEGUN: list = []


def go_left(env):
    """Push to the left, whatever there is to see; a new one for every episode."""
    BEGUN.append(env)

    def policy(observation, info):
        assert "oracle" in info
        assert observation.shape == env.observation_space.shape
        return np.full(env.action_space.shape, -1.0, np.float32)

    return policy


def test_a_script_is_judged_episode_by_episode():
    task = find_task("cartpole/left").but(expert=go_left)
    BEGUN.clear()
    scripted = Scripted(task)
    found = evaluate(scripted, scripted.make, task, range(5), batch=2)
    assert len(BEGUN) == 5, "one script an episode"
    alone = Scripted(task)
    assert evaluate(alone, alone.make, task, range(5), batch=1).episodes == found.episodes
    assert found.row().oracle_return.mean > 0.5


def test_a_task_without_a_script_says_what_to_do():
    with pytest.raises(ConfigError, match=r"task=cartpole/left: has no script; train an agent with reward=oracle"):
        Scripted(find_task("cartpole/left"))
