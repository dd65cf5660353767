"""A script does its task from the environment's own start, through its own actions."""

import numpy as np
import pytest

from vlmrl.envs import find_task, make_env, task_names
from vlmrl.judge.episodes import evaluate
from vlmrl.judge.scripted import Scripted

SCRIPTED = [name for name in task_names() if name.startswith("humanoid/") and find_task(name).expert is not None]


@pytest.mark.parametrize("name", SCRIPTED)
def test_it_succeeds_on_starts_that_its_numbers_were_not_tried_on(name):
    task = find_task(name)
    scripted = Scripted(task)
    episodes = evaluate(scripted, scripted.make, task, range(500, 506), batch=6).episodes
    assert sum(bool(episode.success) for episode in episodes) >= 4


def test_a_script_begins_anew_with_each_episode_and_keeps_within_the_motors():
    env = make_env("humanoid/kneeling", frames=False)
    task = find_task("humanoid/kneeling")
    assert task.expert is not None
    runs = []
    for _ in range(2):
        observation, info = env.reset(seed=7)
        policy = task.expert(env)
        actions = []
        for _ in range(30):
            action = policy(observation, info)
            assert env.action_space.contains(action)
            actions.append(action)
            observation, *_, info = env.step(action)
        runs.append(np.array(actions))
    env.close()
    np.testing.assert_array_equal(*runs)
