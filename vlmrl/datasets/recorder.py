"""Keeps whole episodes while somebody plays: each action, each state as the simulator has it, and what was true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym
import mujoco
import numpy as np
from numpy.typing import NDArray

from vlmrl.datasets.episode import STATES, Episode, Tree
from vlmrl.datasets.model_fields import ModelFields
from vlmrl.datasets.pushes import NO_PUSH
from vlmrl.envs.simulator import simulator
from vlmrl.errors import ConfigError
from vlmrl.types import Array

INTEGRATION = mujoco.mjtState.mjSTATE_INTEGRATION
"""All that the simulator's next step depends on."""


class Recorder(gym.Wrapper[Any, Any, Any, Any]):
    """Keeps every episode that ends in the environment that it wraps.

    Args:
        env: a task's environment with its time limit, not reset yet, seeded at each reset; ``info["push"]`` is kept
            where an environment tells it.
        instruction: the sentence that says what to do.

    Attributes:
        episodes: those that ended, in order; ``actor`` and ``about`` are empty.
    """

    def __init__(self, env: gym.Env[Any, Any], instruction: str) -> None:
        super().__init__(env)
        self.episodes: list[Episode] = []
        self._instruction = instruction
        self._fields = ModelFields(simulator(env)[0])
        self._begin(0)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Reset, and begin an episode.

        Raises:
            ConfigError: no seed is given, by which it could be played again.
        """
        if seed is None:
            raise ConfigError("seed=None: an episode is kept with its seed; give one to each reset")
        observation, info = self.env.reset(seed=seed, options=options)
        self._begin(seed)
        self._start = integration_state(*simulator(self.env))
        self._note(observation, info)
        return observation, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step, and keep what was done and where it led."""
        found = self.env.step(action)
        observation, _, terminated, truncated, info = found
        self._actions.append(np.array(action))
        self._push.append(np.array(info.get("push", NO_PUSH)))
        self._note(observation, info)
        if terminated or truncated:
            self.episodes.append(self._episode(bool(terminated)))
        return found

    def _begin(self, seed: int) -> None:
        self._seed = seed
        self._actions: list[Array] = []
        self._push: list[Array] = []
        self._seen: list[Any] = []
        self._truth: list[tuple[float, bool]] = []
        self._states: list[dict[str, Array]] = []
        self._model: list[dict[str, Array]] = []
        self._start = np.zeros(0)

    def _note(self, observation: Any, info: dict[str, Any]) -> None:
        self._seen.append(observation)
        self._truth.append((info["oracle"], info["success"]))
        self._states.append(state_of(simulator(self.env)[1]))
        self._model.append(self._fields.changed())

    def _episode(self, terminated: bool) -> Episode:
        model, model_states = self._fields.split(self._model)
        return Episode(
            self._seed,
            "",
            "",
            self._instruction,
            np.stack(self._actions),
            _stacked(self._seen),
            np.array([oracle for oracle, _ in self._truth], dtype=np.float64),
            np.array([success for _, success in self._truth], dtype=np.bool_),
            {name: np.stack([state[name] for state in self._states]) for name in self._states[0]},
            self._start,
            np.stack(self._push),
            model,
            model_states,
            terminated,
        )


def state_of(data: mujoco.MjData) -> dict[str, Array]:
    """A copy of what steps change in the simulator's data, what it does not have left out."""
    found = {name: np.array(getattr(data, name)) for name in STATES}
    return {name: value for name, value in found.items() if value.size}


def integration_state(model: mujoco.MjModel, data: mujoco.MjData) -> NDArray[np.float64]:
    """All that the simulator's next step depends on, float64 ``(n,)``."""
    state = np.empty(mujoco.mj_stateSize(model, INTEGRATION))
    mujoco.mj_getState(model, data, state, INTEGRATION)
    return state


def _stacked(seen: Sequence[Any]) -> Tree:
    first = seen[0]
    if not isinstance(first, Mapping):
        return np.stack([np.asarray(one) for one in seen])
    return {name: np.stack([np.asarray(one[name]) for one in seen]) for name in first}
