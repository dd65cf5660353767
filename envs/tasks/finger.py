"""Finger of dm_control, which turns a spinner by its tip. Truth: how far the spinner's tip is from the target [m].

The target is a mocap body here, so that its place is part of the state; dm_control moves a site of the model instead.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np

from vlmrl.envs.suite import SuiteEnv, placed
from vlmrl.envs.task import Camera, Pose, State, Task
from vlmrl.types import Array

HINGE = np.array([0.2, 0.4])
"""The spinner's axis, x and z [m]."""
RADIUS = 0.13
"""From it to the spinner's tip, and to the target [m]."""
NEAR = 0.07
"""The tip is in the target when it is nearer than this, dm_control's radius of the easy target [m]."""
CLEAR = 1.2
"""Between tip and target at the start, and in states that are clearly bad [rad]."""


def load() -> Any:
    """dm_control's finger/turn_easy with its target as a mocap body."""
    from dm_control.suite import finger

    return placed(finger.turn_easy(), *finger.get_model_and_assets(), "target")


def far_target(physics: Any, random: np.random.RandomState) -> None:
    """Put the target at an angle that the spinner's tip is far from."""
    physics.named.model.site_pos["target"] = 0.0
    turn = physics.named.data.qpos["hinge"]
    physics.data.mocap_pos[0] = at(np.asarray(turn + random.uniform(CLEAR, 2 * np.pi - CLEAR)))


def make(control_dt: float) -> gym.Env[Any, Any]:
    """The environment, acting every ``control_dt`` seconds."""
    return SuiteEnv(load, control_dt, start=far_target)


def at(turn: Array) -> Array:
    """Where the tip is when the hinge is at ``turn`` ``(...)`` [rad]: ``(..., 3)`` [m]."""
    x, z = HINGE[0] - RADIUS * np.sin(turn), HINGE[1] + RADIUS * np.cos(turn)
    return np.stack([x, np.zeros_like(x), z], axis=-1)


def distance(state: State) -> Array:
    """From the spinner's tip to the target's centre: ``(...)`` [m]."""
    gap: Array = np.linalg.norm(at(state.qpos[..., 2]) - state.mocap_pos[..., 0, :], axis=-1)
    return gap


def nearness_turned(state: State) -> Array:
    """``(...)`` in [0, 1], 1 is the tip in the middle of the target, 0 is on the other side."""
    return 1 - np.clip(distance(state) / (2 * RADIUS), 0, 1)


def turned(state: State) -> Array:
    """True with the spinner's tip within 7 cm of the target's centre."""
    return distance(state) < NEAR


def poses(rng: np.random.Generator, n: int, low: float, high: float) -> Pose:
    """Draw ``n`` poses whose tip is between two angles from the target [rad], the finger bent away from the spinner."""
    turn = rng.uniform(-np.pi, np.pi, n)
    apart = rng.choice([-1, 1], n) * rng.uniform(low, high, n)
    finger = rng.uniform((-1.9, -1.0), (-1.5, 0.5), (n, 2))
    return Pose(np.concatenate([finger, turn[:, None]], axis=1), None, at(turn + apart)[:, None])


TURN = Task(
    name="finger/turn",
    make=partial(make, control_dt=0.04),
    horizon=150,
    goal=("the red tip of the spinner is in the red ball", "the spinner points at the red ball"),
    baseline=("a finger, a spinner and a red ball",),
    negative=("the spinner points away from the red ball", "the spinner lies across from the red ball"),
    camera=Camera(lookat=(0.02, 0, 0.4), distance=0.95, elevation=0),
    oracle=nearness_turned,
    success=turned,
    goal_states=partial(poses, low=0.0, high=0.3),
    bad_states=partial(poses, low=CLEAR, high=np.pi),
)
