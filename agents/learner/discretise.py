"""Continuous actions as a choice among a few, for learners that choose (DQN)."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from vlmrl.errors import ConfigError

MOST = 10_000


class Discretise(gym.ActionWrapper[Any, Any, Any], gym.utils.RecordConstructorArgs):
    """Offers every combination of ``bins`` evenly spaced values of each action dimension, bounds included.

    Action ``k`` stands for the digits of ``k`` in base ``bins``, the first dimension's digit first. Usable as a
    ``wrapper_class`` of ``make_vec_env`` and inside spawned workers.

    Args:
        env: an environment whose actions are a bounded Box.
        bins: values a dimension, at least 2.

    Raises:
        ConfigError: the actions are no bounded Box, ``bins`` is below 2, or there are more than 10,000 combinations.
    """

    def __init__(self, env: gym.Env[Any, Any], bins: int = 3) -> None:
        gym.utils.RecordConstructorArgs.__init__(self, bins=bins)
        super().__init__(env)
        space = env.action_space
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
        self.action_space = gym.spaces.Discrete(bins**size)

    def action(self, action: Any) -> NDArray[Any]:
        """The continuous action, of the wrapped space's shape and dtype, that choice ``action`` stands for.

        Raises:
            ConfigError: no such choice.
        """
        bins, size = self._levels.shape
        choice = int(action)
        if not 0 <= choice < bins**size:
            raise ConfigError(f"action={action}: must lie in 0..{bins**size - 1}")
        digits = np.array(np.unravel_index(choice, (bins,) * size))
        return self._levels[digits, np.arange(size)].reshape(self._shape)
