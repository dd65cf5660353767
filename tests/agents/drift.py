"""A small world whose frames show its state bit by bit, and a score that changes with each bit of a frame."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv

PLANTED = 1e6
"""The task's own reward: where it turns up, ground truth has leaked."""

OFF = {
    "learning_starts": 20,
    "buffer_size": 90,
    "batch_size": 16,
    "policy_kwargs": {"net_arch": [8]},
    "seed": 3,
    "device": "cpu",
}
ON = {"policy_kwargs": {"net_arch": [8]}, "seed": 3, "device": "cpu"}


def off(**changes: Any) -> dict[str, Any]:
    """Settings of a small off-policy learner; a copy, since the algorithms write into what they are given."""
    return deepcopy({**OFF, **changes})


def on(**changes: Any) -> dict[str, Any]:
    """Settings of a small on-policy learner."""
    return deepcopy({**ON, **changes})


def picture(state: NDArray[Any]) -> NDArray[np.uint8]:
    """uint8 (6, 8, 3): the bytes of the state, then black."""
    frame = np.zeros((6, 8, 3), dtype=np.uint8)
    raw = np.frombuffer(state.astype(np.float64).tobytes(), dtype=np.uint8)
    frame.reshape(-1)[: raw.size] = raw
    return frame


class Drift(gym.Env[Any, Any]):
    """A point pushed about in a box; episodes end outside it, or by the time limit. Shows frames and pays 0 itself."""

    def __init__(self, horizon: int = 9, wall: float = 1.2, dict_obs: bool = False) -> None:
        self.horizon, self.wall, self.dict_obs = horizon, wall, dict_obs
        box = gym.spaces.Box(-np.inf, np.inf, (3,), np.float32)
        self.observation_space = gym.spaces.Dict({"state": box}) if dict_obs else box
        self.action_space = gym.spaces.Box(-1, 1, (2,), np.float32)

    def _seen(self) -> Any:
        obs = np.append(self.state, self.t / self.horizon).astype(np.float32)
        return {"state": obs} if self.dict_obs else obs

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.t, self.state = 0, self.np_random.normal(size=2) / 2
        return self._seen(), {"frame": picture(self.state)}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.t += 1
        self.state = self.state + 0.3 * np.asarray(action, dtype=float) + 0.1 * self.np_random.normal(size=2)
        info = {
            "frame": picture(self.state),
            "task_reward": PLANTED,
            "success": bool(self.state[0] > 0),
            "oracle": float(np.tanh(self.state[0])),
        }
        ended = bool(np.abs(self.state).max() > self.wall)
        return self._seen(), 0.0, ended, self.t >= self.horizon and not ended, info


def hashed(frames: Iterable[NDArray[np.uint8]], words: Any = None) -> NDArray[np.float32]:
    """One number in [0, 1) a frame that no other frame shares."""
    return np.array([zlib.crc32(frame.tobytes()) / 2**32 for frame in frames], dtype=np.float32)


class HashScorer:
    """The same as a scorer, which counts what it is asked; ``ahead`` frames come while others are drawn."""

    def __init__(self, ahead: int = 0) -> None:
        self.ahead = ahead
        self.batches: list[int] = []

    def frames(self, frames: NDArray[np.uint8], words: Any) -> NDArray[np.float32]:
        self.batches.append(len(frames))
        return hashed(frames)


class PaidInside(gym.Wrapper[Any, Any, Any, Any]):
    """The same reward, computed where the step is taken."""

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        obs, _, terminated, truncated, info = self.env.step(action)
        return obs, float(hashed([info.pop("frame")])[0]), terminated, truncated, info


def envs(
    n: int = 1,
    inside: bool = False,
    wrap: Callable[[gym.Env[Any, Any]], gym.Env[Any, Any]] | None = None,
    **settings: Any,
) -> DummyVecEnv:
    """N worlds that differ by their seed: paid inside, or not at all."""

    def builder(seed: int) -> Callable[[], gym.Env[Any, Any]]:
        def build() -> gym.Env[Any, Any]:
            env: gym.Env[Any, Any] = Drift(**settings)
            env = PaidInside(env) if inside else env
            env = wrap(env) if wrap else env
            env.reset(seed=seed)
            return Monitor(env)

        return build

    return DummyVecEnv([builder(seed) for seed in range(n)])


def same_weights(one: BaseAlgorithm, other: BaseAlgorithm) -> bool:
    """Whether two policies are equal bit by bit, target networks and optimised temperatures included."""
    mine, yours = one.get_parameters(), other.get_parameters()
    mine_flat, yours_flat = list(_tensors(mine)), list(_tensors(yours))
    return len(mine_flat) == len(yours_flat) > 4 and all(
        torch.equal(a, b) for a, b in zip(mine_flat, yours_flat, strict=True)
    )


def _tensors(tree: Any) -> Iterable[torch.Tensor]:
    if isinstance(tree, torch.Tensor):
        yield tree
    elif isinstance(tree, dict):
        for key in sorted(tree, key=str):
            yield from _tensors(tree[key])
