"""The wrappers around an environment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import gymnasium as gym

W = TypeVar("W", bound=gym.Wrapper[Any, Any, Any, Any])


def layers_of(env: gym.Env[Any, Any]) -> Iterator[gym.Wrapper[Any, Any, Any, Any]]:
    """The wrappers of an environment, outermost first."""
    while isinstance(env, gym.Wrapper):
        yield env
        env = env.env


def layer_of(env: gym.Env[Any, Any], kind: type[W]) -> W | None:
    """The outermost wrapper of that kind, or None."""
    return next((layer for layer in layers_of(env) if isinstance(layer, kind)), None)
