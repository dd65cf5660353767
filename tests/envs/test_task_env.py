"""A task's environment where its episodes end by success; what every task's does is in the contracts."""

import numpy as np
import pytest

from vlmrl.envs import find_task, make_env, make_vec_env
from vlmrl.errors import ConfigError

STOP = find_task("point_mass/stop")
assert STOP.expert is not None
EXPERT = STOP.expert


def test_an_episode_ends_the_first_time_that_it_is_done_and_waiting_costs():
    env = make_env(STOP, frames=False)
    seen, info = env.reset(seed=0)
    policy = EXPERT(env)
    terminated = False
    success: list[bool] = []
    rewards: list[float] = []
    while not terminated:
        seen, reward, terminated, truncated, info = env.step(policy(seen, info))
        assert not truncated
        assert reward == info["oracle"] - 1
        success.append(info["success"])
        rewards.append(float(reward))
    env.close()
    assert success == [False] * (len(success) - 1) + [True]
    assert max(rewards) <= 0
    assert STOP.succeeded(np.array(success))


def test_batched_episodes_end_as_single_ones_do():
    single, batched = make_env(STOP, frames=False), make_vec_env("point_mass/stop", 3, frames=False)
    seen, _ = batched.reset(seed=[4, 5, 6])
    alone, told = single.reset(seed=5)
    policy = EXPERT(single)
    for _ in range(STOP.horizon):
        actions = np.stack([policy(row, {}) for row in seen])
        np.testing.assert_array_equal(actions[1], policy(alone, told))
        seen, rewards, terminated, truncated, infos = batched.step(actions)
        alone, reward, ended, _, told = single.step(actions[1])
        assert (rewards[1], terminated[1]) == (reward, ended)
        assert not truncated.any()
        if ended:
            break
    assert ended
    assert infos["final_info"]["success"][1]
    single.close()
    batched.close()


@pytest.mark.parametrize("wrong", [{"hold": 5}, {"held": "last"}, {"hold": None}])
def test_what_ends_at_once_cannot_be_held(wrong):
    with pytest.raises(ConfigError, match="held=any, hold=1"):
        STOP.but(**wrong)
