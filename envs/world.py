"""Worlds of others: a simulator whose own task knows more than MuJoCo's state, and tells it."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from types import ModuleType
from typing import Any

import gymnasium as gym
import mujoco
import numpy as np

from vlmrl.envs.simulator import refresh, simulator
from vlmrl.envs.task import Pose, State
from vlmrl.errors import ConfigError
from vlmrl.types import Array


class World(gym.Env[Array, Array], ABC):
    """A stock environment whose task draws more for an episode than MuJoCo's state holds: targets, places of furniture.

    All of that follows from one number, the seed of the episode: ``reset(seed=7)`` and ``enter(7)`` bring the same
    places and targets, whatever was played before. An episode never ends here.

    Attributes:
        episode: the seed of the present one; -1 before the first.
        model, data: MuJoCo's.
        dt: seconds between actions.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012  # Gymnasium's own annotation
    model: mujoco.MjModel
    data: mujoco.MjData
    dt: float
    episode: int = -1

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        """Start an episode; the same seed gives the same one."""
        super().reset(seed=seed)
        self._enter(int(self.np_random.integers(2**31)) if seed is None else seed)
        return self.observe(), {}

    def enter(self, episode: int) -> None:
        """Have the places and targets of an episode around, for a pose to be set in."""
        if episode != self.episode:
            self._enter(episode)

    def _enter(self, episode: int) -> None:
        self.begin(episode)
        self.episode = episode

    def step(self, action: Array) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        """Act; the reward is how near the suite's task says that the state is, in [0, 1]."""
        self.act(action)
        return self.observe(), float(self.told()[1]), False, False, {}

    def posed(self) -> None:  # most worlds have nothing to do
        """Follow, after ``data`` was set from outside, with what is kept elsewhere: colours, the memory of a robot."""

    @abstractmethod
    def begin(self, episode: int) -> None:
        """Bring the stock environment to the start of an episode."""

    @abstractmethod
    def act(self, action: Array) -> None:
        """Step the stock environment once."""

    @abstractmethod
    def observe(self) -> Array:
        """The present state as the learner sees it, the episode's target included: float32 ``(n,)``."""

    @abstractmethod
    def told(self) -> Array:
        """What the suite's own task says of the present state: done (0 or 1), and how near, in [0, 1]: ``(2,)``.

        A function of MuJoCo's state and :attr:`episode` alone; it changes nothing.
        """


def state_of(env: gym.Env[Any, Any]) -> State:
    """The present state of an environment, its kinematics up to date, with what its own task tells of it."""
    model, data = simulator(env)
    refresh(model, data)
    inner = env.unwrapped
    return State.of(model, data, inner.told() if isinstance(inner, World) else None)


def put(env: gym.Env[Any, Any], poses: Pose, index: int) -> None:
    """Put an environment into pose ``index``, in the world of the episode that the pose is of."""
    inner = env.unwrapped
    if isinstance(inner, World) and poses.episode is not None:
        inner.enter(int(poses.episode[index]))
    poses.apply(index, *simulator(env))
    if isinstance(inner, World):
        inner.posed()


def brought(package: str, extra: str = "robotics") -> ModuleType:
    """Import a package, or a module of one, that an extra of vlmrl brings.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as cause:
        if cause.name is None or cause.name.partition(".")[0] != package.partition(".")[0]:
            raise  # it is there, and lacks something itself
        raise ConfigError(
            f"task: its world comes with {cause.name}, which is not installed; run pip install 'vlmrl[{extra}]'"
        ) from cause


def nearness(state: State) -> Array:
    """``(...)`` in [0, 1]: half is the suite's own measure of how near, and half is being done.

    So every state in which it is done is nearer than any in which it is not, and the way there is told as well.
    """
    near: Array = (state.told[..., 0] + np.clip(state.told[..., 1], 0, 1)) / 2
    return near


def near(*gaps: float, scale: float = 0.1) -> float:
    """The mean of how small gaps are: 1 is none, and each ``scale`` more divides its part by e.

    Args:
        *gaps: not negative [m, or whatever ``scale`` is in].
        scale: of the gaps.
    """
    return float(np.mean(np.exp(-np.array(gaps) / scale)))
