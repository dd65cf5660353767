"""Gymnasium's vector environments as Stable-Baselines3 sees them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvObs, VecEnvStepReturn

from vlmrl.envs.batch import BatchEnv, Workers
from vlmrl.envs.frame_tap import FrameTap
from vlmrl.errors import ConfigError

APART = ("final_obs", "final_info")
"""Entries of infos that belong to the episodes that ended."""


class VectorView(VecEnv):
    """Steps a vector environment for Stable-Baselines3; what it learns from is what ``DummyVecEnv`` would show it.

    Rewards are float32. An episode's end brings ``terminal_observation`` and ``TimeLimit.truncated`` in its info; what
    the next episode's reset told is in ``reset_infos``.

    Args:
        venv: made by :func:`~vlmrl.envs.batch.make_vec_env`.

    Raises:
        ConfigError: it does not reset in the step that ends an episode.
    """

    def __init__(self, venv: BatchEnv | Workers) -> None:
        mode = venv.metadata.get("autoreset_mode")
        if mode is not AutoresetMode.SAME_STEP:
            raise ConfigError(
                f"venv={venv}: its autoreset_mode is {mode}; must be AutoresetMode.SAME_STEP, as of what "
                "vlmrl.envs.make_vec_env makes"
            )
        self.venv = venv
        self._actions: Any = None
        super().__init__(venv.num_envs, venv.single_observation_space, venv.single_action_space)

    def reset(self) -> VecEnvObs:
        """Reset all environments, with the seeds and options set before.

        Raises:
            ConfigError: the options of the environments differ.
        """
        options = self._options[0]
        if any(other != options for other in self._options):
            raise ConfigError("set_options: the environments of a batch are reset with the same options; give one dict")
        seeds = self._seeds if any(seed is not None for seed in self._seeds) else None
        observations, infos = self.venv.reset(seed=seeds, options=dict(options) or None)
        self.reset_infos = rows(infos, range(self.num_envs))
        self._reset_seeds()
        self._reset_options()
        return observations

    def step_async(self, actions: np.ndarray) -> None:
        """Take the actions of the next step."""
        self._actions = actions

    def step_wait(self) -> VecEnvStepReturn:
        """Step all environments."""
        observations, rewards, terminated, truncated, infos = self.venv.step(self._actions)
        done = np.logical_or(terminated, truncated)
        told = rows(infos, range(self.num_envs))
        if done.any():
            ended = np.flatnonzero(done).tolist()
            last = rows(infos.get("final_info", {}), ended)
            for env, info in zip(ended, last, strict=True):
                self.reset_infos[env] = {name: _own(value) for name, value in told[env].items()}
                info["terminal_observation"] = infos["final_obs"][env]
                info["TimeLimit.truncated"] = bool(truncated[env] and not terminated[env])
                told[env] = info
        return observations, rewards.astype(np.float32), done, told

    def close(self) -> None:
        """Close the environments."""
        self.venv.close()

    def get_images(self) -> Sequence[np.ndarray | None]:
        """A film's frame of each environment; None each without a render mode."""
        frames: Any = self.venv.render() if self.render_mode is not None else None
        return [None] * self.num_envs if frames is None else list(frames)

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """An attribute of environments: any of those in processes; ``np_random`` and ``render_mode`` of a batch.

        Raises:
            AttributeError: a batch has one environment for all, whose other attributes would say nothing of each.
        """
        chosen = list(self._get_indices(indices))
        if attr_name == "render_mode":
            return [self.venv.render_mode] * len(chosen)
        if isinstance(self.venv, Workers):
            values: Sequence[Any] = self.venv.get_attr(attr_name)
        elif attr_name == "np_random":
            values = self.venv.np_random
        else:
            raise AttributeError(f"{attr_name}: is not kept for each environment of a batch; np_random is")
        return [values[env] for env in chosen]

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Set an attribute of environments, of those that :meth:`get_attr` gives.

        Raises:
            AttributeError: a batch does not keep it for each environment.
        """
        values = self.get_attr(attr_name)
        for env in self._get_indices(indices):
            values[env] = value
        if isinstance(self.venv, Workers):
            self.venv.set_attr(attr_name, values)
        elif attr_name == "np_random":
            self.venv.np_random = tuple(values)
        else:
            raise AttributeError(f"{attr_name}: cannot be set for each environment of a batch; np_random can")

    def env_method(
        self, method_name: str, *method_args: Any, indices: VecEnvIndices = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call a method of environments: any of those in processes; ``frame`` of a batch.

        Raises:
            AttributeError: a batch has one environment for all, whose methods would do nothing to each.
        """
        chosen = list(self._get_indices(indices))
        if isinstance(self.venv, Workers):
            results = self.venv.call(method_name, *method_args, **method_kwargs)
            return [results[env] for env in chosen]
        if method_name != "frame":
            raise AttributeError(f"{method_name}: environments of a batch have no methods of their own but frame")
        return list(self.venv.frames(chosen))

    def env_is_wrapped(self, wrapper_class: type[gym.Wrapper], indices: VecEnvIndices = None) -> list[bool]:
        """Whether a wrapper is around each environment, or what it does is done for it."""
        tapped = self.venv.tapped and issubclass(FrameTap, wrapper_class)
        wrapped = tapped or any(issubclass(layer, wrapper_class) for layer in self.venv.layers)
        return [wrapped] * len(list(self._get_indices(indices)))


def rows(infos: dict[str, Any], envs: Iterable[int]) -> list[dict[str, Any]]:
    """What Gymnasium's infos tell of each of some environments, as Stable-Baselines3 wants it: a dict each.

    Args:
        infos: an array a name, and beside it (``_name``) a mask of the environments that it tells something of.
        envs: which environments.
    """
    chosen = list(envs)
    told: list[dict[str, Any]] = [{} for _ in chosen]
    for name, values in infos.items():
        if name.startswith("_") or name in APART:
            continue
        mask = infos[f"_{name}"].tolist()
        if isinstance(values, dict):
            cells = dict(zip(chosen, rows(values, chosen), strict=True))
        else:
            # One array in one go: thousands of NumPy scalars would take longer than the step.
            cells = values.tolist() if values.ndim == 1 else values
        for info, env in zip(told, chosen, strict=True):
            if mask[env]:
                info[name] = cells[env]
    return told


def _own(value: Any) -> Any:
    """A copy of an array: a first frame is kept for a whole episode, and must not keep those of all others."""
    return value.copy() if isinstance(value, np.ndarray) else value
