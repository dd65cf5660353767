"""Batched environments whose policy sees frames, alone or beside the state."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector.utils import batch_space

from vlmrl.envs.batch.easel import Picture
from vlmrl.envs.batch.form import Form
from vlmrl.envs.batch.vector_env import BatchEnv
from vlmrl.envs.frame_tap import FrameTap
from vlmrl.envs.pixels import PixelObservation, sight_space
from vlmrl.errors import ConfigError


class PixelBatchEnv(BatchEnv):
    """A batch that shows ``infos["frame"]`` as observation, or ``{"state": …, "pixels": frame}``.

    Args:
        env: one stock environment, taken over.
        form: its batched form.
        num_envs: how many.
        threads: that simulate; None is one a physical core.
        picture: what the policy sees.
        both: show the state as well.
        reward: False where the learner is paid by frames; True pays the environments' own reward.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        form: Form,
        num_envs: int,
        threads: int | None,
        picture: Picture,
        *,
        both: bool,
        reward: bool,
    ) -> None:
        super().__init__(env, form, num_envs, threads, picture)
        self._both, self._reward = both, reward
        self.single_observation_space = sight_space(self.single_observation_space, picture.size, both)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.layers = (PixelObservation, FrameTap, *self.layers)
        self._frames = np.zeros((num_envs, *picture.size, 3), np.uint8)

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start episodes, as :meth:`BatchEnv.reset` does, and show their first frames."""
        states, infos = super().reset(seed=seed, options=options)
        told = infos["_frame"][:, None, None, None]
        self._frames = np.where(told, infos["frame"], self._frames)
        return self._shown(states, self._frames), infos

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Act in every environment once, and show the frames that it led to.

        Raises:
            ConfigError: only some environments are watched, so that the others' policy would see nothing.
        """
        if self.watched is not None:
            raise ConfigError("watched: the policy sees frames of all environments here; set it to None")
        states, rewards, terminated, truncated, infos = super().step(actions)
        last = infos.get("final_info", {})
        for env in np.flatnonzero(infos.get("_final_obs", ())):
            infos["final_obs"][env] = self._shown(infos["final_obs"][env], last["frame"][env])
        if self._reward:
            rewards = _taken(infos, rewards)
            if last:
                rewards = np.where(infos["_final_obs"], _taken(last, rewards), rewards)
        self._frames = infos["frame"]
        return self._shown(states, self._frames), rewards, terminated, truncated, infos

    def _shown(self, state: Any, frame: Any) -> Any:
        return {"state": state, "pixels": frame.copy()} if self._both else frame.copy()


def _taken(infos: dict[str, Any], otherwise: Any) -> Any:
    """The environments' own rewards, taken out of ``infos``; ``otherwise`` where it holds none."""
    infos.pop("_task_reward", None)
    return infos.pop("task_reward", otherwise)
