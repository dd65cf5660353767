"""Environments made once and played in many times: making one can take longer than an episode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym


class Kept:
    """Makes environments like the function that it is given, and takes back those that are closed, for the next time.

    Args:
        make_env: builds one environment, whose ``reset(seed=…)`` leaves nothing of the episodes before.
    """

    def __init__(self, make_env: Callable[[], gym.Env[Any, Any]]) -> None:
        self._make, self._idle = make_env, list[gym.Env[Any, Any]]()

    def __call__(self) -> gym.Env[Any, Any]:
        """One environment, made only where none is idle."""
        return _Lent(self._idle.pop() if self._idle else self._make(), self._idle.append)

    def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop().close()


class _Lent(gym.Wrapper[Any, Any, Any, Any]):
    """Goes back to whoever lent it instead of being closed."""

    def __init__(self, env: gym.Env[Any, Any], give_back: Callable[[gym.Env[Any, Any]], None]) -> None:
        super().__init__(env)
        self._give_back: Callable[[gym.Env[Any, Any]], None] | None = give_back

    def close(self) -> None:
        """Give it back, once."""
        if self._give_back is not None:
            self._give_back(self.env)
            self._give_back = None
