"""dm_control's suite as Gymnasium environments, stepped at the control rate that a task asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import mujoco
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from vlmrl.envs import gl  # chooses the GL library before dm_control looks for a display
from vlmrl.envs.mjcf import whole_steps
from vlmrl.errors import ConfigError

Observation = NDArray[np.float32]


class SuiteEnv(gym.Env[Observation, NDArray[np.float32]]):
    """One dm_control environment with a flat float32 observation, actions in [-1, 1] or the model's range, and no end.

    Args:
        load: builds the dm_control environment.
        control_dt: seconds between actions; a whole number of the model's timesteps.

    Attributes:
        substeps: timesteps of the model between actions.
        origin: the class of dm_control's task behind it, as ``module:Class``.

    Raises:
        ConfigError: ``control_dt`` is no whole number of timesteps.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012  # Gymnasium's own annotation

    def __init__(self, load: Callable[[], Any], control_dt: float) -> None:
        inner = load()
        gl.free_first_at_exit()  # dm_control has been imported by now
        self._physics, self._task = inner.physics, inner.task
        self.model: mujoco.MjModel = self._physics.model.ptr
        self.data: mujoco.MjData = self._physics.data.ptr
        self.substeps = whole_steps(control_dt, self.model)
        self.dt = control_dt
        self.origin = f"{type(self._task).__module__}:{type(self._task).__qualname__}"
        spec = self._task.action_spec(self._physics)
        self.action_space = spaces.Box(spec.minimum.astype(np.float32), spec.maximum.astype(np.float32))
        length = sum(np.size(part) for part in self._task.get_observation(self._physics).values())
        self.observation_space = spaces.Box(-np.inf, np.inf, (length,), np.float32)

    def observe(self) -> Observation:
        """The present state as the learner sees it: float32 ``(n,)``."""
        parts = self._task.get_observation(self._physics).values()
        return np.concatenate([np.ravel(part) for part in parts]).astype(np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode; the same seed gives the same start."""
        super().reset(seed=seed)
        # dm_control's tasks draw from a RandomState of their own; a new one would first ask the system for entropy.
        self._task.random.seed(self.np_random.integers(2**31))
        with self._physics.reset_context():
            self._task.initialize_episode(self._physics)
        return self.observe(), {}

    def step(self, action: NDArray[np.float32]) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Apply ``action`` for ``control_dt`` seconds. The reward is dm_control's own."""
        self._task.before_step(action, self._physics)
        self._physics.step(self.substeps)
        self._task.after_step(self._physics)
        return self.observe(), float(self._task.get_reward(self._physics)), False, False, {}


def suite(domain: str, task: str, control_dt: float) -> gym.Env[Any, Any]:
    """The environment ``domain``/``task`` of dm_control's suite, acting every ``control_dt`` seconds.

    Raises:
        ConfigError: dm_control has no such environment.
    """
    from dm_control import suite as dm_suite  # costs a second, and not every task needs it

    if (domain, task) not in dm_suite.ALL_TASKS:
        raise ConfigError(f"suite={domain}/{task}: dm_control's suite has no such environment")
    return SuiteEnv(lambda: dm_suite.load(domain, task), control_dt)
