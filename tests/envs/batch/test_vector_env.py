"""The batched environment beside stock ones: starts, seeds, masks, ends, settings, and what its arrays promise."""

from functools import partial

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.envs.batch.stock import assert_same, batched, pair, task, walk_together
from vlmrl.errors import ConfigError, ShapeError

PENDULUM = partial(gym.make, "InvertedPendulum-v5")
SETTINGS = {
    "Humanoid-v5": [
        {"include_cinert_in_observation": False, "exclude_current_positions_from_observation": False},
        {"include_cfrc_ext_in_observation": False, "terminate_when_unhealthy": False, "contact_cost_weight": 0.1},
    ],
    "Ant-v5": [{"include_cfrc_ext_in_observation": False, "main_body": "torso"}, {"contact_force_range": (-3, 2)}],
    "Hopper-v5": [{"healthy_state_range": (-0.5, 0.5)}, {"exclude_current_positions_from_observation": False}],
    "Walker2d-v5": [{"healthy_reward": 0.3, "reset_noise_scale": 0.05, "terminate_when_unhealthy": False}],
    "HalfCheetah-v5": [{"frame_skip": 2, "ctrl_cost_weight": 3.0}],
    "Swimmer-v5": [{"forward_reward_weight": 0.1, "exclude_current_positions_from_observation": False}],
}


@pytest.mark.parametrize(("name", "keywords"), [(name, one) for name, many in SETTINGS.items() for one in many])
@pytest.mark.filterwarnings("ignore:.*render_fps")
def test_settings_of_the_stock_environment_are_taken_over(name, keywords):
    ours, stock = pair(partial(gym.make, name, max_episode_steps=20, **keywords), 2)
    walk_together(ours, stock, steps=30)


def test_actions_keep_their_dtype_as_in_the_stock_environment():
    ours, stock = pair(partial(gym.make, "HalfCheetah-v5"), 2)
    ours.reset(seed=0), stock.reset(seed=0)
    for dtype in (np.float32, np.float64):
        actions = np.random.default_rng(0).uniform(-1, 1, (2, 6)).astype(dtype)
        assert_same(ours.step(actions)[1], stock.step(actions)[1], "reward")


@settings(max_examples=15)
@given(mask=st.lists(st.booleans(), min_size=4, max_size=4).filter(any), seed=st.integers(0, 2**31))
def test_a_masked_reset_is_that_of_the_stock_environments(mask, seed):
    ours, stock = pair(PENDULUM, 4)
    for env in (ours, stock):
        env.reset(seed=1)
        env.step(np.full((4, 1), 0.5, np.float32))
    # Gymnasium's own takes the mask out of the options that it was given.
    first, second = (env.reset(seed=seed, options={"reset_mask": np.array(mask)})[0] for env in (ours, stock))
    assert_same(first, second, "reset")
    for _ in range(12):
        actions = np.full((4, 1), -0.3, np.float32)
        assert_same(ours.step(actions)[0], stock.step(actions)[0], "step")


def test_each_environment_may_have_a_seed_of_its_own():
    ours, stock = pair(PENDULUM, 3)
    assert_same(ours.reset(seed=[7, None, 7])[0][::2], stock.reset(seed=[7, None, 7])[0][::2], "reset")
    first, _, last = ours.reset(seed=[7, 8, 7])[0]
    np.testing.assert_array_equal(first, last)
    assert (ours.reset(seed=5)[0] == ours.reset(seed=5)[0]).all()
    assert (ours.reset()[0] != ours.reset()[0]).all()


def test_generators_can_be_read_and_put_back():
    ours = batched(PENDULUM, 2)
    ours.reset(seed=0)
    states = [generator.bit_generator.state for generator in ours.np_random]
    first = ours.reset()[0]
    for generator, state in zip(ours.np_random, states, strict=True):
        generator.bit_generator.state = state
    np.testing.assert_array_equal(ours.reset()[0], first)
    with pytest.raises(ShapeError, match="1 generators for 2"):
        ours.np_random = (np.random.default_rng(0),)


def test_arrays_handed_out_are_never_written_again():
    ours = batched(partial(gym.make, "Hopper-v5", max_episode_steps=3), 3)
    given = [ours.reset(seed=0)[0]]
    kept = [given[0].copy()]
    for _ in range(7):
        observation, reward, terminated, truncated, infos = ours.step(np.ones((3, 3), np.float32))
        for array in (observation, reward, terminated, truncated, *(a for a in infos.get("final_obs", ()))):
            given.append(array)
            kept.append(array.copy())
    ours.reset(options={"reset_mask": np.array([True, False, False])})
    for array, copy in zip(given, kept, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("name", ["reacher/touch", "inverted_pendulum/balance"])
@pytest.mark.parametrize("pose", ["goal", "bad"])
def test_a_posed_start_is_the_stock_ones(name, pose):
    ours, stock = pair(task(name), 3)
    (first, infos), (second, expected) = (env.reset(seed=4, options={"pose": pose}) for env in (ours, stock))
    assert_same(first, second, "observation")
    assert_same(infos["oracle"], expected["oracle"], "oracle")
    assert infos["success"].all() == (pose == "goal")
    for _ in range(5):
        actions = stock.action_space.sample()
        assert_same(ours.step(actions)[0], stock.step(actions)[0], "step")


def test_a_diverged_simulation_is_cut_and_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # MuJoCo writes a log of it where the process stands
    ours = batched(partial(gym.make, "HalfCheetah-v5"), 3)
    ours.reset(seed=0)
    ours.engine.field("qvel")[1, 0] = 1e20
    with pytest.warns(UserWarning, match=r"env \[1\]: the simulation became unstable"):
        _, _, terminated, truncated, infos = ours.step(np.zeros((3, 6), np.float32))
    assert truncated.tolist() == [False, True, False]
    assert not terminated.any()
    assert infos["_final_obs"].tolist() == [False, True, False]
    assert not ours.step(np.zeros((3, 6), np.float32))[3].any()


def test_what_does_not_fit_is_named():
    ours = batched(PENDULUM, 3)
    with pytest.raises(gym.error.ResetNeeded, match="call reset first"):
        ours.step(np.zeros((3, 1), np.float32))
    with pytest.raises(ConfigError, match="all True in the first reset"):
        ours.reset(options={"reset_mask": np.array([True, False, True])})
    ours.reset(seed=0)
    with pytest.raises(ShapeError, match=r"actions \(3,\): must be \(3, 1\)"):
        ours.step(np.zeros(3, np.float32))
    for mask in (np.ones(2, bool), np.ones(3), [True] * 3):
        with pytest.raises(ConfigError, match=r"reset_mask: is .*; must be a bool array \(3,\)"):
            ours.reset(options={"reset_mask": mask})
    with pytest.raises(ConfigError, match="is all False"):
        ours.reset(options={"reset_mask": np.zeros(3, bool)})
    with pytest.raises(ConfigError, match="a list of 2 for 3"):
        ours.reset(seed=[1, 2])
    with pytest.raises(ConfigError, match="frames=True"):
        ours.frames()


def test_it_says_how_it_resets():
    assert batched(PENDULUM, 2).metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
