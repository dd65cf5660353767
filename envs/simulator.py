"""The MuJoCo model and data behind an environment, whoever made it."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import mujoco

from vlmrl.errors import ConfigError


def has_simulator(env: gym.Env[Any, Any]) -> bool:
    """Whether MuJoCo is behind ``env``."""
    inner = env.unwrapped
    return isinstance(getattr(inner, "model", None), mujoco.MjModel) and isinstance(
        getattr(inner, "data", None), mujoco.MjData
    )


def simulator(env: gym.Env[Any, Any]) -> tuple[mujoco.MjModel, mujoco.MjData]:
    """The model and data behind ``env``.

    Raises:
        ConfigError: MuJoCo is not behind it.
    """
    if not has_simulator(env):
        raise ConfigError(f"env={env.unwrapped}: has no MuJoCo model and data; a task needs a MuJoCo environment")
    inner: Any = env.unwrapped
    return inner.model, inner.data


def refresh(model: mujoco.MjModel, data: mujoco.MjData) -> None:
    """Bring body, camera, light and string positions up to date with ``qpos``.

    Gymnasium's environments leave them one substep behind, and Humanoid and Ant are paid by that: where
    their own reward counts, hand in a copy.
    """
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    mujoco.mj_camlight(model, data)
    mujoco.mj_tendon(model, data)
