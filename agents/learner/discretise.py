"""Continuous actions as a choice among a few, for learners that choose (DQN)."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper
from stable_baselines3.common.vec_env.base_vec_env import VecEnvObs, VecEnvStepReturn

from vlmrl.errors import ConfigError

MOST = 10_000


class Choices:
    """Every combination of ``bins`` evenly spaced values of each action dimension, bounds included.

    Choice ``k`` stands for the digits of ``k`` in base ``bins``, the first dimension's digit first.

    Args:
        space: of continuous actions, a bounded Box.
        bins: values a dimension, at least 2.

    Attributes:
        space: of the choices.

    Raises:
        ConfigError: ``space`` is no bounded Box, ``bins`` is below 2, or there are more than 10,000 combinations.
    """

    def __init__(self, space: gym.Space[Any], bins: int) -> None:
        if not isinstance(space, gym.spaces.Box) or not space.is_bounded():
            raise ConfigError(
                f"action_space={space}: must be a Box with finite bounds; learners of choices need no Discretise"
            )
        if bins < 2:
            raise ConfigError(f"bins={bins}: must be at least 2, the two bounds of each dimension")
        self._shape = space.shape
        size = int(np.prod(space.shape))
        if bins**size > MOST:
            raise ConfigError(
                f"bins={bins}: gives {bins}^{size} choices for {size} action dimensions, more than {MOST}; "
                "take fewer bins, or a learner of continuous actions (sac)"
            )
        self._levels: NDArray[Any] = np.linspace(space.low.ravel(), space.high.ravel(), bins, dtype=space.dtype)
        self.space = gym.spaces.Discrete(bins**size)

    def action(self, choice: Any) -> NDArray[Any]:
        """The continuous action, of the space's shape and dtype, that ``choice`` stands for.

        Raises:
            ConfigError: no such choice.
        """
        bins, size = self._levels.shape
        number = int(choice)
        if not 0 <= number < bins**size:
            raise ConfigError(f"action={choice}: must lie in 0..{bins**size - 1}")
        digits = np.array(np.unravel_index(number, (bins,) * size))
        return self._levels[digits, np.arange(size)].reshape(self._shape)


class Discretise(gym.ActionWrapper[Any, Any, Any], gym.utils.RecordConstructorArgs):
    """Offers :class:`Choices` of an environment's continuous actions.

    Usable as a ``wrapper_class`` of ``make_vec_env`` and inside spawned workers.

    Args:
        env: an environment whose actions are a bounded Box.
        bins: values a dimension, at least 2.

    Raises:
        ConfigError: the actions are no bounded Box, ``bins`` is below 2, or there are more than 10,000 combinations.
    """

    def __init__(self, env: gym.Env[Any, Any], bins: int = 3) -> None:
        gym.utils.RecordConstructorArgs.__init__(self, bins=bins)
        super().__init__(env)
        self._choices = Choices(env.action_space, bins)
        self.action_space = self._choices.space

    def action(self, action: Any) -> NDArray[Any]:
        """The continuous action that choice ``action`` stands for.

        Raises:
            ConfigError: no such choice.
        """
        return self._choices.action(action)


class DiscretiseEnvs(VecEnvWrapper):
    """The same for environments that are stepped together.

    Args:
        venv: environments whose actions are a bounded Box.
        bins: values a dimension, at least 2.

    Raises:
        ConfigError: as :class:`Discretise`.
    """

    def __init__(self, venv: VecEnv, bins: int = 3) -> None:
        self._choices = Choices(venv.action_space, bins)
        super().__init__(venv, action_space=self._choices.space)

    def step_async(self, actions: NDArray[Any]) -> None:
        """Take the choices of the next step.

        Raises:
            ConfigError: no such choice.
        """
        self.venv.step_async(np.stack([self._choices.action(one) for one in actions]))

    def reset(self) -> VecEnvObs:
        """Reset all environments."""
        return self.venv.reset()

    def step_wait(self) -> VecEnvStepReturn:
        """Step all environments."""
        return self.venv.step_wait()
