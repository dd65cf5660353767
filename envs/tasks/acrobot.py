"""Acrobot of dm_control: two poles in a row, pushed at the elbow alone. Truth: their angles from upright [rad].

The poles stand at the start and are to be kept so. dm_control asks to swing them up, which SAC did not learn in 40,000
steps, even with the elbow of here. That is ten times as strong as dm_control's, with which a regulator keeps up two
starts of ten within three degrees.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np

from vlmrl.envs.lqr import regulator
from vlmrl.envs.poses import UniformPose
from vlmrl.envs.suite import SuiteEnv
from vlmrl.envs.task import Camera, Policy, Pose, State, Task
from vlmrl.types import Array

GEAR = 'gear="2"', 'gear="20"'
"""How hard the elbow pulls there, and here [Nm]."""


def load() -> Any:
    """dm_control's acrobot with a stronger elbow."""
    from dm_control.suite import acrobot

    inner = acrobot.swingup()
    xml, assets = acrobot.get_model_and_assets()
    inner.physics.reload_from_xml_string((xml if isinstance(xml, str) else xml.decode()).replace(*GEAR), assets)
    return inner


def make(control_dt: float) -> gym.Env[Any, Any]:
    """The environment, acting every ``control_dt`` seconds."""
    return SuiteEnv(load, control_dt, start=nearly_up)


def nearly_up(physics: Any, random: np.random.RandomState) -> None:
    """Start with both poles upright, within 0.02 rad."""
    physics.data.qpos[:] = random.uniform(-0.02, 0.02, 2)


def uprightness(state: State) -> tuple[Array, Array]:
    """Cosine of each pole's angle from vertical: two ``(...)`` in [-1, 1], 1 is upright."""
    upper = state.qpos[..., 0]
    return np.cos(upper), np.cos(upper + state.qpos[..., 1])


def nearness_upright(state: State) -> Array:
    """``(...)`` in [0, 1]: how upright the upper pole is, times how upright the lower: one alone is not half of it."""
    upper, lower = uprightness(state)
    nearness: Array = (1 + upper) / 2 * (1 + lower) / 2
    return nearness


def upright(state: State) -> Array:
    """True with both poles within 26 degrees of vertical."""
    upper, lower = uprightness(state)
    return (upper > 0.9) & (lower > 0.9)


def fallen(rng: np.random.Generator, n: int) -> Pose:
    """Draw ``n`` poses with one pole at least more than 60 degrees off; in a third the first alone stands upright."""
    drawn = rng.uniform(-np.pi, np.pi, (8 * n + 32, 2))
    drawn[::3, 0] = rng.uniform(-0.2, 0.2, len(drawn[::3]))
    cosines = np.cos(np.stack([drawn[:, 0], drawn.sum(axis=1)], axis=1))
    return Pose(drawn[cosines.min(axis=1) < 0.5][:n])


def steadied(env: gym.Env[Any, Any]) -> Policy:
    """Balance on the elbow by a linear-quadratic regulator."""
    inner: Any = env.unwrapped
    gain = regulator(inner.model, np.zeros(2), inner.substeps)

    def act(seen: Array, info: dict[str, Any]) -> Array:
        way = np.concatenate([(inner.data.qpos + np.pi) % (2 * np.pi) - np.pi, inner.data.qvel])
        action: Array = np.clip(-gain @ way, -1, 1).astype(np.float32)
        return action

    return act


BALANCE = Task(
    name="acrobot/balance",
    make=partial(make, control_dt=0.02),
    horizon=150,
    goal=("two poles standing straight up, one on the other", "a double pole pointing at the sky"),
    baseline=("two poles hinged to each other",),
    negative=(
        "two poles hanging down",
        "the upper pole hangs down from the tip of the lower one",
        "two poles folded onto each other",
    ),
    camera=Camera(lookat=(0, 0, 2), distance=5.6, elevation=0),
    oracle=nearness_upright,
    success=upright,
    goal_states=UniformPose((-0.15, -0.2), (0.15, 0.2)),
    bad_states=fallen,
    expert=steadied,
)
