"""Pushes: an episode in which somebody is shoved and recovers teaches more than one that goes smoothly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import gymnasium as gym
import mujoco
import numpy as np
from numpy.typing import NDArray

from vlmrl.envs.simulator import simulator
from vlmrl.errors import ConfigError

Plan: TypeAlias = Callable[[int, mujoco.MjModel], NDArray[np.float64]]
"""From an episode's seed and the model to float64 ``(T, 4)``: for each step a body and the force on it [N]."""

NO_PUSH = np.zeros(4)
_WEIGHT = 9.81
_LASTS = 0.1
"""Seconds."""


class Pushed(gym.Wrapper[Any, Any, Any, Any]):
    """Pushes bodies as a plan says, and tells in ``info["push"]`` what it did.

    Args:
        env: a MuJoCo environment.
        plan: asked at each reset, whose seed must be given; steps after its last row are not pushed.
    """

    def __init__(self, env: gym.Env[Any, Any], plan: Plan) -> None:
        super().__init__(env)
        self._plan, self._step = plan, 0
        self._rows = np.zeros((0, 4))

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Reset, and plan the pushes of this episode.

        Raises:
            ConfigError: no seed is given, by which the same pushes come again.
        """
        if seed is None:
            raise ConfigError("seed=None: pushes are drawn by it; give one to each reset")
        found = self.env.reset(seed=seed, options=options)
        self._rows, self._step = self._plan(seed, simulator(self.env)[0]), 0
        return found

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step, with the push of this step if there is one."""
        row = self._rows[self._step] if self._step < len(self._rows) else NO_PUSH
        self._step += 1
        _, data = simulator(self.env)
        force = data.xfrc_applied[int(row[0]), :3]
        force += row[1:]
        observation, reward, terminated, truncated, info = self.env.step(action)
        force -= row[1:]
        return observation, reward, terminated, truncated, {**info, "push": row}


class RandomPushes:
    """A few pushes an episode, early enough to recover from: each on a moving body, for a tenth of a second.

    Args:
        steps: of an episode.
        seconds: that a step takes.
        count: pushes an episode.
        strength: of a push in weights of what hangs on the body that it meets: 1 gives it about 1 m/s.

    Raises:
        ConfigError: a negative strength.
    """

    def __init__(self, steps: int, seconds: float, count: int = 3, strength: float = 0.5) -> None:
        if strength < 0:
            raise ConfigError(f"push={strength}: must be 0 or more, in weights of what is pushed")
        self._steps, self._count, self._strength = steps, count, strength
        self._lasts = max(1, round(_LASTS / seconds))

    def __call__(self, seed: int, model: mujoco.MjModel) -> NDArray[np.float64]:
        """The pushes of the episode of this seed, float64 ``(T, 4)``."""
        rows = np.zeros((self._steps, 4))
        bodies = np.flatnonzero(model.body_weldid > 0)
        if not len(bodies) or not self._strength:
            return rows
        rng = np.random.default_rng([seed, 0x9054])  # apart from the draws of whoever else is seeded with it
        part = 0.7 * self._steps / self._count
        for first in range(self._count):  # one in each part of the episode's first seven tenths
            at = int(rng.uniform(first * part, (first + 1) * part))
            body = int(rng.choice(bodies))
            way = rng.normal(size=3)
            newton = self._strength * _WEIGHT * model.body_subtreemass[body]
            rows[at : at + self._lasts] = [body, *(newton * way / np.linalg.norm(way))]
        return rows


def as_recorded(push: NDArray[np.float64]) -> Plan:
    """The plan of an episode that was recorded, to play it again."""
    return lambda seed, model: push
