"""Every combination of a few values of each action dimension, and nothing else."""

import pickle
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from numpy.typing import NDArray
from stable_baselines3 import DQN
from stable_baselines3.common.env_util import make_vec_env

from vlmrl.agents.learner.discretise import Discretise, DiscretiseEnvs
from vlmrl.errors import ConfigError


class Push(gym.Env[Any, Any]):
    """Remembers what it was told to do."""

    def __init__(self, low: Any = (-1, 0), high: Any = (1, 4), dtype: Any = np.float32) -> None:
        self.action_space = gym.spaces.Box(np.array(low, dtype=dtype), np.array(high, dtype=dtype), dtype=dtype)
        self.observation_space = gym.spaces.Box(-1, 1, (1,), np.float32)
        self.render_mode = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        return np.zeros(1, dtype=np.float32), {}

    def step(self, action: Any) -> tuple[NDArray[Any], float, bool, bool, dict[str, Any]]:
        assert self.action_space.contains(action)
        return np.zeros(1, dtype=np.float32), 0.0, False, False, {"action": action}


def done(env: gym.Env[Any, Any], choice: Any) -> list[float]:
    env.reset()
    action: list[float] = env.step(choice)[4]["action"].tolist()
    return action


def test_choices_are_all_combinations_bounds_included() -> None:
    env = Discretise(Push(), bins=3)
    assert env.action_space == gym.spaces.Discrete(9)
    assert [done(env, choice) for choice in range(9)] == [[x, y] for x in (-1, 0, 1) for y in (0, 2, 4)]


@pytest.mark.parametrize("choice", [np.int64(8), np.array(8), np.array([8])[0]])
def test_a_choice_may_come_as_any_integer(choice: Any) -> None:
    assert done(Discretise(Push()), choice) == [1, 4]


def test_the_action_has_the_shape_and_dtype_of_the_wrapped_space() -> None:
    low, high = -np.ones((2, 1)), np.ones((2, 1))
    env = Discretise(Push(low, high, np.float64), bins=2)
    action = env.action(3)
    assert action.shape == (2, 1)
    assert action.dtype == np.float64
    assert env.unwrapped.action_space.contains(action)


def test_it_passes_gymnasiums_checker_and_survives_pickling() -> None:
    env = Discretise(Push(), bins=4)
    check_env(env, skip_render_check=True)
    again = pickle.loads(pickle.dumps(env))
    assert done(again, 7) == done(env, 7)


def test_dqn_learns_through_it_as_a_wrapper_class() -> None:
    venv = make_vec_env(Push, n_envs=2, wrapper_class=Discretise, wrapper_kwargs={"bins": 2})
    DQN("MlpPolicy", venv, learning_starts=4, buffer_size=50, device="cpu").learn(12)


@pytest.mark.parametrize(
    ("space", "bins", "message"),
    [
        (gym.spaces.Discrete(3), 3, "must be a Box"),
        (gym.spaces.Box(-np.inf, np.inf, (1,)), 3, "finite bounds"),
        (gym.spaces.Box(-1, 1, (1,)), 1, "bins=1.*at least 2"),
        (gym.spaces.Box(-1, 1, (17,)), 3, r"3\^17 choices.*fewer bins"),
    ],
)
def test_spaces_without_a_few_choices_are_refused(space: gym.Space[Any], bins: int, message: str) -> None:
    env = Push()
    env.action_space = space
    with pytest.raises(ConfigError, match=message):
        Discretise(env, bins)


@pytest.mark.parametrize("choice", [-1, 9])
def test_a_choice_that_does_not_exist_is_refused(choice: int) -> None:
    with pytest.raises(ConfigError, match=r"must lie in 0\.\.8"):
        Discretise(Push()).action(choice)


def test_environments_stepped_together_get_the_same_actions() -> None:
    venv = DiscretiseEnvs(make_vec_env(Push, 3), bins=3)
    assert venv.action_space == Discretise(Push(), bins=3).action_space
    venv.reset()
    told = venv.step(np.array([0, 5, 8]))[3]
    assert [info["action"].tolist() for info in told] == [done(Discretise(Push()), choice) for choice in (0, 5, 8)]
