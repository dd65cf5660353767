"""dm_control's suite through one adapter: every id of the installed version, with its own reward and its own ends."""

import subprocess
import sys

import gymnasium as gym
import mujoco
import numpy as np
import pytest

from vlmrl.envs import make_env, make_vec_env
from vlmrl.envs.make import may_end_early
from vlmrl.envs.patches import mend_dm_control
from vlmrl.envs.simulator import simulator
from vlmrl.envs.suite import HORIZON, suite, suite_names
from vlmrl.errors import ConfigError, RenderError, UnknownName


def test_the_ids_are_those_of_the_installed_suite_and_importing_it_is_left_to_whoever_makes_one():
    code = (
        "import sys, vlmrl.envs, gymnasium\n"
        "print('dm_control' in sys.modules)\n"
        "ours = {i for i in gymnasium.registry if i.startswith('dm_control/')}\n"
        "from dm_control import suite\n"
        "print(ours == {f'dm_control/{d}-{t}-v0' for d, t in suite.ALL_TASKS}, len(ours) > 40)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["False", "True", "True"], done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("domain", "task"), suite_names())
def test_every_environment_is_made_reset_stepped_and_drawn(domain, task):
    env = make_env(f"dm_control/{domain}-{task}-v0", size=(48, 48), seed=0)
    observation, info = env.reset(seed=1)
    assert env.spec.max_episode_steps == HORIZON
    for _ in range(3):
        last = observation
        observation, paid, terminated, truncated, info = env.step(np.full(env.action_space.shape, 0.5, np.float32))
        assert env.observation_space.contains(observation)
        assert info["frame"].std() > 2, "the camera sees nothing"
        assert paid == 0
        assert np.isfinite(info["task_reward"])
        assert not terminated
        assert not truncated
        assert not np.array_equal(last, observation)
    env.close()


@pytest.mark.slow
@pytest.mark.parametrize(("domain", "task"), [("cheetah", "run"), ("acrobot", "swingup"), ("fish", "swim")])
def test_numbers_are_those_of_dm_controls_own_environment(domain, task):
    from dm_control import suite as stock

    ours, theirs = suite(domain, task), stock.load(domain, task)
    ours.reset(seed=4)
    ours.np_random = np.random.default_rng(4)
    theirs.task.random.seed(np.random.default_rng(4).integers(2**31))
    first, step = ours.reset()[0], theirs.reset()
    np.testing.assert_array_equal(first, _flat(step))
    actions = np.random.default_rng(0)
    for _ in range(20):
        action = actions.uniform(-1, 1, ours.action_space.shape).astype(np.float32)
        (seen, reward, *_), step = ours.step(action), theirs.step(action)
        np.testing.assert_array_equal(seen, _flat(step))
        assert reward == step.reward
    assert ours.dt == theirs.control_timestep()


def _flat(step):
    return np.concatenate([np.ravel(part) for part in step.observation.values()]).astype(np.float32)


def test_every_limit_is_dm_controls_own():
    from dm_control import suite as stock

    mend_dm_control()
    for domain in ("acrobot", "fish", "quadruped", "lqr"):
        task = next(task for one, task in suite_names() if one == domain)
        assert stock.load(domain, task)._step_limit in (HORIZON, float("inf"))


def test_only_a_domain_with_an_end_of_its_own_may_end_early():
    assert may_end_early(gym.spec("dm_control/lqr-lqr_2_1-v0"))
    assert not may_end_early(gym.spec("dm_control/hopper-hop-v0"))


def test_lqr_ends_at_rest():
    env = gym.make("dm_control/lqr-lqr_2_1-v0")
    env.reset(seed=0)
    model, data = simulator(env)
    data.qpos[:], data.qvel[:] = 0, 0
    mujoco.mj_forward(model, data)
    assert env.step(np.zeros(env.action_space.shape))[2]
    env.close()


def test_a_film_is_drawn_through_the_models_own_camera():
    env = gym.make("dm_control/reacher-easy-v0", render_mode="rgb_array")
    env.reset(seed=0)
    assert env.render().shape == (480, 480, 3)
    assert env.metadata["render_fps"] == 50
    env.close()
    with pytest.raises(RenderError, match="render_mode=human"):
        suite("reacher", "easy", render_mode="human")


def test_a_target_that_the_reset_moves_in_the_model_moves_in_the_picture():
    env = make_env("dm_control/reacher-easy-v0")
    frames = [env.reset(seed=seed)[1]["frame"] for seed in (0, 1)]
    red = [np.argwhere(frame[..., 0] > frame[..., 2].astype(int) + 40).mean(axis=0) for frame in frames]
    assert np.linalg.norm(red[0] - red[1]) > 2
    env.close()


def test_ground_that_the_reset_shapes_anew_is_drawn_anew():
    env = make_env("dm_control/quadruped-escape-v0")
    model, _ = simulator(env)
    before = env.reset(seed=0)[1]["frame"]
    model.hfield_data[:] = 0
    assert np.abs(env.get_wrapper_attr("frame")().astype(int) - before).mean() > 1
    env.close()


def test_a_simulation_that_diverged_is_cut_with_a_warning():
    env = make_env("dm_control/hopper-stand-v0", frames=False, seed=0)
    _, data = simulator(env)
    data.qvel[:] = np.nan
    with pytest.warns(UserWarning, match="became unstable; the episode is cut here"):
        assert env.step(env.action_space.sample())[3]
    env.close()


def test_many_at_once_give_what_single_ones_give():
    envs = make_vec_env("dm_control/pendulum-swingup-v0", 2, frames=False)
    one = make_env("dm_control/pendulum-swingup-v0", frames=False)
    np.testing.assert_array_equal(envs.reset(seed=3)[0][1], one.reset(seed=4)[0])
    actions = np.full((2, 1), 0.5, np.float32)
    np.testing.assert_array_equal(envs.step(actions)[1][1], one.step(actions[1])[1])
    envs.close()
    one.close()


def test_a_misspelled_environment_names_the_nearest():
    with pytest.raises(UnknownName, match="did you mean dm_control/cheetah-run-v0"):
        make_env("dm_control/cheeta-run-v0")
    with pytest.raises(ConfigError, match="suite=cheetah/fly: dm_control's suite has no such environment"):
        suite("cheetah", "fly")
    with pytest.raises(ConfigError, match="must be a whole number of the timestep"):
        suite("cheetah", "run", control_dt=0.015)


def test_a_start_of_ones_own_names_the_environment_and_is_part_of_its_first_observation():
    env = make_env("acrobot/balance", frames=False)
    observation, _ = env.reset(seed=0)
    assert env.unwrapped.origin == "vlmrl.envs.tasks.acrobot:nearly_up"
    np.testing.assert_allclose(observation[2:4], 1, atol=0.01)
    env.close()


@pytest.mark.parametrize("name", ["finger/touch", "swimmer/ring", "manipulator/reach"])
def test_a_target_that_is_placed_is_part_of_the_state(name):
    env = make_env(name)
    frame = env.reset(seed=3)[1]["frame"]
    model, data = simulator(env)
    state = np.empty(mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_INTEGRATION))
    mujoco.mj_getState(model, data, state, mujoco.mjtState.mjSTATE_INTEGRATION)
    before = data.mocap_pos.copy()
    assert not np.array_equal(env.reset(seed=4)[1]["frame"], frame)
    assert not np.array_equal(data.mocap_pos, before)
    mujoco.mj_setState(model, data, state, mujoco.mjtState.mjSTATE_INTEGRATION)
    np.testing.assert_array_equal(env.get_wrapper_attr("frame")(), frame)
    env.close()
