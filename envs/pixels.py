"""Policies that see frames: the tapped frame as observation, alone or beside the state."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, get_args

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from vlmrl.errors import ConfigError

Sight: TypeAlias = Literal["state", "pixels", "both"]
"""What a policy sees: the simulator's state, the frame, or a dict of the two."""


def check_sight(obs: str) -> None:
    """Refuse what is no :data:`Sight`.

    Raises:
        ConfigError: it is another word.
    """
    if obs not in get_args(Sight):
        raise ConfigError(f"obs={obs}: must be state, pixels or both")


def sight_space(state: spaces.Space[Any], size: tuple[int, int], both: bool) -> spaces.Space[Any]:
    """The space of frames of ``(height, width)``, or of a dict of ``state`` and such frames."""
    pixels = spaces.Box(0, 255, (*size, 3), np.uint8)
    return spaces.Dict({"state": state, "pixels": pixels}) if both else pixels


class PixelObservation(gym.Wrapper[Any, Any, Any, Any], gym.utils.RecordConstructorArgs):
    """Replaces the observation by ``info["frame"]``, or by ``{"state": …, "pixels": frame}``.

    Args:
        env: an environment inside which :class:`~vlmrl.envs.frame_tap.FrameTap` taps frames.
        size: ``(height, width)`` of those frames.
        both: keep the state as well.
        reward: False where the tap may keep the reward; True puts ``info["task_reward"]`` back.
    """

    def __init__(self, env: gym.Env[Any, Any], size: tuple[int, int], both: bool = False, reward: bool = False) -> None:
        gym.utils.RecordConstructorArgs.__init__(self, size=size, both=both, reward=reward)
        super().__init__(env)
        self._both, self._reward = both, reward
        self.observation_space = sight_space(env.observation_space, size, both)

    def _seen(self, state: Any, info: dict[str, Any]) -> Any:
        if "frame" not in info:
            raise ConfigError(
                "obs=pixels: no info['frame']; wrap the environment in vlmrl.envs.frame_tap.FrameTap first"
            )
        return {"state": state, "pixels": info["frame"]} if self._both else info["frame"]

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Reset, and show the first frame."""
        state, info = self.env.reset(seed=seed, options=options)
        return self._seen(state, info), info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step, and show the frame of the state reached."""
        state, reward, terminated, truncated, info = self.env.step(action)
        if self._reward:
            reward = info.pop("task_reward")
        return self._seen(state, info), reward, terminated, truncated, info
