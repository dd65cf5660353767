"""Policies that see frames of batched environments see what they see of single ones."""

from functools import partial

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from tests.envs.batch.stock import assert_same, assert_same_infos
from vlmrl.envs import FrameTap, find_task, make_env, make_vec_env
from vlmrl.envs.batch.pixels import PixelBatchEnv
from vlmrl.errors import ConfigError

TASK = find_task("pendulum/upright").but(horizon=4, hold=1)


def assert_seen(ours, stock):
    """The same pictures, and the same states beside them."""
    parts = ours if isinstance(ours, dict) else {"pixels": ours}
    for name, values in parts.items():
        assert_same(values, stock[name] if isinstance(ours, dict) else stock, name)


@pytest.mark.parametrize("obs", ["pixels", "both"])
@pytest.mark.parametrize("frames", [False, True])
def test_shows_what_single_environments_show(obs, frames):
    settings = {"obs": obs, "frames": frames, "size": (16, 24)}
    ours = make_vec_env(TASK, 3, **settings)
    stock = SyncVectorEnv([partial(make_env, TASK, **settings)] * 3, autoreset_mode=AutoresetMode.SAME_STEP)
    assert isinstance(ours, PixelBatchEnv)
    assert FrameTap in ours.layers
    assert ours.observation_space == stock.observation_space
    assert_seen(ours.reset(seed=2)[0], stock.reset(seed=2)[0])
    ours.step(np.ones((3, 1), np.float32)), stock.step(np.ones((3, 1), np.float32))
    some = np.array([True, False, False])
    assert_seen(*(env.reset(seed=8, options={"reset_mask": some.copy()})[0] for env in (ours, stock)))
    ends = 0
    for _ in range(9):
        actions = stock.action_space.sample()
        (seen, rewards, _, truncated, infos), expected = ours.step(actions), stock.step(actions)
        assert_seen(seen, expected[0])
        assert_same(rewards, expected[1], "reward")
        assert rewards.any() != frames
        for env in np.flatnonzero(truncated):
            assert_seen(infos["final_obs"][env], expected[4]["final_obs"][env])
        assert_same_infos({key: value for key, value in infos.items() if key != "final_obs"}, expected[4])
        ends += int(truncated.sum())
    assert ends > 4
    ours.close()
    stock.close()


def test_an_id_without_a_task_is_seen_too():
    ours = make_vec_env("Reacher-v5", 2, obs="both", frames=False)
    alone = gym.make("Reacher-v5")
    seen, _ = ours.reset(seed=1)
    np.testing.assert_array_equal(seen["state"][0], alone.reset(seed=1)[0])
    action = np.array([0.1, -0.2], np.float32)
    assert ours.step(np.stack([action, action]))[1][0] == alone.step(action)[1]
    ours.close()


def test_all_must_be_watched():
    ours = make_vec_env(TASK, 2, obs="pixels")
    ours.reset(seed=0)
    ours.watched = [1]
    with pytest.raises(ConfigError, match="watched"):
        ours.step(np.zeros((2, 1), np.float32))
    ours.close()
