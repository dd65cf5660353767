"""A robot from a file: whatever MuJoCo compiles as a Gymnasium environment, thousands of it without a line more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import gymnasium as gym
import mujoco
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from vlmrl.envs.task import State, StateFn
from vlmrl.errors import ConfigError

Observation = NDArray[np.float32]
Begin: TypeAlias = Callable[[np.random.Generator, mujoco.MjModel, mujoco.MjData], None]
"""Changes the state in which an episode starts, before anything that depends on it is computed."""


class MjcfEnv(gym.Env[Observation, NDArray[np.float32]]):
    """A robot of MJCF or URDF. It pays nothing and never ends: a task's ground truth and horizon do.

    The observation is float32: joint positions, joint velocities, and what ``sees`` adds. An action is one number an
    actuator, in the actuator's own range.

    Args:
        model: the file, or a function that gives the model (``lambda: spec.compile()`` of an ``mujoco.MjSpec``).
        control_dt: seconds between actions; a whole number of the model's timesteps.
        start: the keyframe in which episodes start; None is the model's default state.
        noise: joint positions and velocities start within this of it, evenly [rad, m; rad/s, m/s].
        begin: changes the start further, such as the place of a target.
        sees: ``State (...) -> (..., k)``, what the learner sees beside its joints.

    Attributes:
        model, data: MuJoCo's own.
        substeps: timesteps of the model between actions.

    Raises:
        ConfigError: the file is not there or does not compile, an actuator has no range, the keyframe does not exist,
            or ``control_dt`` is no whole number of timesteps.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012  # Gymnasium's own annotation

    def __init__(
        self,
        model: Path | str | Callable[[], mujoco.MjModel],
        control_dt: float,
        *,
        start: str | None = None,
        noise: float = 0.01,
        begin: Begin | None = None,
        sees: StateFn | None = None,
    ) -> None:
        self.model = model() if callable(model) else compiled(Path(model))
        self.data = mujoco.MjData(self.model)
        self.substeps = whole_steps(control_dt, self.model)
        self.dt = control_dt
        self.action_space: spaces.Space[NDArray[np.float32]] = _actions(self.model)
        self._start = None if start is None else _keyframe(self.model, start)
        self._noise, self._begin, self._sees = noise, begin, sees
        self.observation_space = spaces.Box(-np.inf, np.inf, self.observe().shape, np.float32)

    @property
    def sees(self) -> StateFn | None:
        """What the learner sees beside its joints."""
        return self._sees

    def observe(self) -> Observation:
        """The present state as the learner sees it, what depends on it computed anew: float32 ``(n,)``."""
        mujoco.mj_fwdPosition(self.model, self.data)
        parts = [self.data.qpos, self.data.qvel]
        if self._sees is not None:
            parts.append(np.ravel(self._sees(State.of(self.model, self.data))))
        return np.concatenate(parts, dtype=np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode; the same seed gives the same start."""
        super().reset(seed=seed)
        mujoco.mj_resetData(self.model, self.data)
        if self._start is not None:
            mujoco.mj_resetDataKeyframe(self.model, self.data, self._start)
        shift, speed = self.np_random.uniform(-self._noise, self._noise, (2, self.model.nv))
        mujoco.mj_integratePos(self.model, self.data.qpos, shift, 1.0)  # a quaternion stays one
        self.data.qvel += speed
        if self._begin is not None:
            self._begin(self.np_random, self.model, self.data)
        return self.observe(), {}

    def step(self, action: NDArray[np.float32]) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Apply ``action`` for ``control_dt`` seconds."""
        self.data.ctrl[:] = action
        mujoco.mj_step(self.model, self.data, self.substeps)
        return self.observe(), 0.0, False, False, {}


def compiled(path: Path) -> mujoco.MjModel:
    """The model in a file of MJCF or URDF.

    Raises:
        ConfigError: it is not there, or MuJoCo cannot compile it; the message says which line it stumbled over.
    """
    if not path.is_file():
        raise ConfigError(f"model={path}: there is no such file; give the path of an MJCF or URDF file")
    try:
        return mujoco.MjModel.from_xml_path(str(path))
    except ValueError as cause:
        reason = " ".join(str(cause).split())
        raise ConfigError(f"model={path}: MuJoCo cannot compile it: {reason}") from cause


def whole_steps(control_dt: float, model: mujoco.MjModel) -> int:
    """How many timesteps of the model ``control_dt`` seconds are.

    Raises:
        ConfigError: no whole number.
    """
    steps: int = round(control_dt / model.opt.timestep)
    if steps < 1 or abs(steps * model.opt.timestep - control_dt) > 1e-9:
        raise ConfigError(f"control_dt={control_dt}: must be a whole number of the timestep {model.opt.timestep} s")
    return steps


def _actions(model: mujoco.MjModel) -> spaces.Space[NDArray[np.float32]]:
    if not model.nu:
        raise ConfigError("model: has no actuator; a robot that cannot act learns nothing. Add <actuator> to its file")
    free = [model.actuator(i).name or f"number {i}" for i in range(model.nu) if not model.actuator_ctrllimited[i]]
    if free:
        raise ConfigError(f"actuator {free[0]}: has no range; give it ctrlrange, for actions are drawn from it")
    low, high = model.actuator_ctrlrange.T.astype(np.float32)
    return spaces.Box(low, high, dtype=np.float32)


def _keyframe(model: mujoco.MjModel, name: str) -> int:
    index = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_KEY, name)
    if index < 0:
        known = ", ".join(model.key(i).name for i in range(model.nkey)) or "none"
        raise ConfigError(f"start={name}: the model has no keyframe of that name; it has {known}")
    return int(index)
