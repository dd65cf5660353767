"""Many environments by name: batched where it can be, processes where not, and nobody need choose."""

import subprocess
import sys

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.mujoco.hopper_v5 import HopperEnv
from gymnasium.vector import AutoresetMode

from tests.worlds import ours
from vlmrl.envs import BatchEnv, FrameTap, find_task, make_env, make_vec_env
from vlmrl.envs.batch.form import form_of
from vlmrl.envs.batch.workers import Workers
from vlmrl.errors import ConfigError, UnknownName


class Heavier(HopperEnv):
    """A hopper that somebody changed."""


@pytest.mark.parametrize("name", ours())
def test_our_ids_are_batched_by_gymnasium_itself(name):
    env = gym.make_vec(find_task(name).env_id, num_envs=3)
    assert isinstance(env, BatchEnv)
    env.reset(seed=0)
    for _ in range(2):
        _, rewards, terminated, _, infos = env.step(env.action_space.sample())
        np.testing.assert_array_equal(rewards, find_task(name).reward(infos["oracle"]))
        assert not terminated.any()
    assert env.spec.id == find_task(name).env_id
    env.close()


def test_gymnasium_may_set_another_time_limit():
    env = gym.make_vec("vlmrl/Pendulum-Upright-v0", num_envs=2, max_episode_steps=4, threads=1)
    env.reset(seed=0)
    assert [env.step(np.zeros((2, 1), np.float32))[3].all() for _ in range(8)] == 2 * [False, False, False, True]
    assert env.unwrapped.engine.threads == 1


def test_the_id_needs_no_import_of_ours():
    code = (
        "import gymnasium; e = gymnasium.make_vec('vlmrl.envs:vlmrl/Cartpole-Upright-v0', num_envs=64); "
        "print(e.reset(seed=0)[0].shape)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    assert done.stdout.strip() == "(64, 5)", done.stderr


@pytest.mark.parametrize("healthy_end", [False, True])
def test_an_early_end_for_being_unhealthy_is_switched_as_for_one(healthy_end):
    env = make_vec_env("Hopper-v5", 4, frames=False, healthy_end=healthy_end)
    env.reset(seed=0)
    env.action_space.seed(0)
    assert any(env.step(env.action_space.sample())[2].any() for _ in range(80)) == healthy_end


def test_a_seed_gives_what_it_gives_to_one():
    env = make_vec_env("Walker2d-v5", 2, frames=False)
    env.reset(seed=9)
    np.testing.assert_array_equal(
        env.engine.field("qpos")[0], make_env("Walker2d-v5", frames=False, seed=9).unwrapped.data.qpos
    )


def test_what_nobody_knows_has_no_batched_form():
    assert form_of(gym.make("Hopper-v5")) is not None
    assert form_of(Heavier()) is None
    assert form_of(gym.wrappers.ClipReward(gym.make("Hopper-v5"), 0, 1)) is None
    assert form_of(FrameTap(gym.make("Hopper-v5"))) is None
    assert form_of(gym.make("CartPole-v1")) is None
    assert form_of(find_task("reacher/touch").make()) is None  # dm_control's own reward


def test_the_shortest_time_limit_counts():
    env = gym.wrappers.TimeLimit(gym.make("Hopper-v5", max_episode_steps=50), 20)
    assert form_of(env).horizon == 20
    assert form_of(env.unwrapped).horizon is None


@pytest.mark.filterwarnings("ignore:.*out of date")
@pytest.mark.parametrize(("name", "obs"), [("CartPole-v1", "state"), ("Hopper-v4", "pixels")])
def test_an_environment_without_a_batched_form_is_stepped_in_processes(name, obs):
    frames = obs == "pixels"
    env = make_vec_env(name, 2, obs=obs, frames=frames, size=(16, 16))
    assert isinstance(env, Workers)
    assert env.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    assert env.tapped == frames
    alone = make_env(name, obs=obs, frames=frames, size=(16, 16), seed=3)
    np.testing.assert_array_equal(env.reset(seed=3)[0][0], alone.reset(seed=3)[0])
    for _ in range(3):
        action = env.action_space.sample()
        np.testing.assert_array_equal(env.step(action)[0][0], alone.step(action[0])[0])
    if frames:
        assert env.frames([1])[0].shape == (16, 16, 3)
    env.close()
    alone.close()


def test_a_wrong_name_or_number_is_named():
    with pytest.raises(UnknownName, match="did you mean Hopper-v5"):
        make_vec_env("Hoper-v5", 2)
    with pytest.raises(ConfigError, match="num_envs=0: must be at least 1"):
        make_vec_env("Hopper-v5", 0)
    with pytest.raises(ConfigError, match="obs=sound"):
        make_vec_env("Hopper-v5", 1, obs="sound")


def test_gymnasium_can_still_be_told_otherwise():
    env = gym.make_vec("vlmrl/Pendulum-Upright-v0", num_envs=2, vectorization_mode="sync")
    assert env.reset(seed=0)[0].shape == (2, 3)
    env.close()
