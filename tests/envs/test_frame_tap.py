"""The tap: the terminal frame is the terminal state's, and the environment's reward reaches nobody."""

import gymnasium as gym
import numpy as np
import pytest
from stable_baselines3.common.vec_env import DummyVecEnv

from vlmrl.envs import FrameTap, find_task, make_env
from vlmrl.envs.frame_tap import default_camera
from vlmrl.envs.render import Renderer
from vlmrl.envs.simulator import refresh, simulator
from vlmrl.errors import RenderError


class Painted(gym.Env):
    """No simulator behind it: its render paints half of the picture."""

    observation_space = action_space = gym.spaces.Box(-1, 1, (1,), np.float32)

    def __init__(self, render_mode=None):
        self.render_mode, self.metadata = render_mode, {"render_modes": ["rgb_array"]}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(1, np.float32), {}

    def render(self):
        frame = np.zeros((80, 90, 3), np.uint8)
        frame[:, 45:] = 200
        return frame


def test_the_terminal_frame_is_the_terminal_states_and_not_the_next_episodes():
    task = find_task("cartpole/upright").but(horizon=20, hold=1)
    venv = DummyVecEnv([lambda: make_env(task)])
    venv.seed(0)
    venv.reset()
    bare = make_env(task)
    bare.reset(seed=0)
    for step in range(20):
        action = np.array([np.sin(step)], np.float32)
        _, _, dones, infos = venv.step(action[None])
        expected = bare.step(action)[4]["frame"]
        np.testing.assert_array_equal(infos[0]["frame"], expected)
    assert dones[0]
    np.testing.assert_array_equal(venv.reset_infos[0]["frame"].shape, (64, 64, 3))
    assert (infos[0]["frame"] != venv.reset_infos[0]["frame"]).any()
    venv.close()
    bare.close()


def test_the_reward_moves_into_info():
    env = make_env("cartpole/left", seed=0)
    _, reward, _, _, info = env.step(env.action_space.sample())
    assert reward == 0.0
    assert info["task_reward"] == info["oracle"] > 0
    env.close()


def test_the_frame_shows_the_state_reached_and_not_a_substep_before():
    env = FrameTap(gym.make("Hopper-v5"), (64, 64))
    env.reset(seed=0)
    for _ in range(4):
        info = env.step(env.action_space.sample())[4]
    model, data = simulator(env)
    refresh(model, data)
    with Renderer(model, (64, 64), default_camera(env)) as renderer:
        np.testing.assert_array_equal(renderer.frame(data), info["frame"])
    env.close()


def test_tapping_changes_no_trajectory():
    tapped, bare = make_env("Hopper-v5", seed=1), make_env("Hopper-v5", frames=False, seed=1)
    actions = np.random.default_rng(0).uniform(-1, 1, (60, 3)).astype(np.float32)
    first, second = tapped.reset(seed=2)[0], bare.reset(seed=2)[0]
    for action in actions:
        np.testing.assert_array_equal(first, second)
        first, second = tapped.step(action)[0], bare.step(action)[0]
    tapped.close()
    bare.close()


@pytest.mark.parametrize("name", ["Humanoid-v5", "Ant-v5"])
def test_tapping_changes_no_reward(name):
    tapped, bare = make_env(name, seed=1), make_env(name, frames=False, seed=1)
    action = np.full(bare.action_space.shape or (), 0.2, np.float32)
    for _ in range(5):
        assert tapped.step(action)[4]["task_reward"] == bare.step(action)[1]
    tapped.close()
    bare.close()


def test_an_environment_without_mujoco_is_tapped_through_its_own_render():
    env = FrameTap(Painted(render_mode="rgb_array"), size=(40, 60))
    _, info = env.reset(seed=0)
    assert info["frame"].shape == (40, 60, 3)
    assert info["frame"].dtype == np.uint8
    assert "success" not in info
    env.close()


def test_an_environment_that_draws_nothing_is_refused():
    with pytest.raises(RenderError, match="rgb_array"):
        FrameTap(Painted())


def test_a_camera_that_sees_nothing_is_refused():
    from vlmrl.envs.task import Camera

    env = make_env(
        find_task("inverted_pendulum/balance").but(camera=Camera(lookat=(0, 0, 500), distance=1, elevation=80))
    )
    with pytest.raises(RenderError, match="one colour"):
        env.reset(seed=0)
    env.close()


@pytest.mark.parametrize("obs", ["pixels", "both"])
def test_policies_may_see_the_frame(obs):
    env = make_env("pendulum/upright", obs=obs, seed=0)
    observation, info = env.reset(seed=0)
    seen = observation if obs == "pixels" else observation["pixels"]
    np.testing.assert_array_equal(seen, info["frame"])
    assert env.observation_space.contains(observation)
    env.close()


def test_pixels_without_frames_for_scoring_keep_the_reward():
    env = make_env("pendulum/upright", obs="pixels", frames=False, seed=0)
    _, reward, *_, info = env.step(env.action_space.sample())
    assert reward == info["oracle"]
    assert "task_reward" not in info
    env.close()
