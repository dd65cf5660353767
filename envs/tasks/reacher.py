"""Reacher of dm_control: a two-link arm and a ball on a table. Truth: the fingertip's distance from the ball [m].

The ball is a mocap body here, so that its place is part of the state and a pose can set it; dm_control moves a geom of
the model instead.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np

from vlmrl.envs.suite import SuiteEnv
from vlmrl.envs.task import Camera, Points, Pose, State, Task
from vlmrl.types import Array

LINK = 0.12
"""Length of each link [m]."""
REACH = 0.06
"""Finger and ball touch when their centres are nearer than this, the sum of their radii [m]."""
BALL = ".6 .3 .3 .4"
"""The ball's colour: see-through, or it would hide the fingertip just where it touches."""
HEIGHT = 0.01
"""Of arm and ball above the table [m]."""
FAR = 0.44
"""The largest distance between fingertip and ball [m]."""


def load() -> Any:
    """dm_control's reacher/easy with the ball as a mocap body that one can see through."""
    from dm_control.suite import reacher

    class MocapReacher(reacher.Reacher):  # type: ignore[misc]  # dm_control is untyped
        def initialize_episode(self, physics: Any) -> None:
            super().initialize_episode(physics)
            physics.data.mocap_pos[0, :2] = physics.named.model.geom_pos["target", :2]
            physics.named.model.geom_pos["target", :2] = 0.0

    xml, assets = reacher.get_model_and_assets()
    text = xml.decode() if isinstance(xml, bytes) else xml
    ball = rf'<body name="target" mocap="true">\1 rgba="{BALL}"/></body>'
    moved = re.sub(r'(<geom name="target"[^>]*)/>', ball, text)
    physics = reacher.Physics.from_xml_string(moved, assets)
    return reacher.control.Environment(physics, MocapReacher(reacher._BIG_TARGET), time_limit=1e9)


def make(control_dt: float) -> gym.Env[Any, Any]:
    """The environment, acting every ``control_dt`` seconds."""
    return SuiteEnv(load, control_dt)


def fingertip(state: State) -> Array:
    """The finger's middle: ``(..., 3)`` [m]."""
    shoulder, wrist = state.qpos[..., 0], state.qpos[..., 0] + state.qpos[..., 1]
    right, away = np.cos(shoulder) + np.cos(wrist), np.sin(shoulder) + np.sin(wrist)
    return np.stack([LINK * right, LINK * away, np.full_like(right, HEIGHT)], axis=-1)


def ball(state: State) -> Array:
    """The ball's middle: ``(..., 3)`` [m]."""
    middle: Array = state.mocap_pos[..., 0, :] + np.array([0.0, 0.0, HEIGHT])
    return middle


def way(state: State) -> Array:
    """Straight to the ball: ``(..., 1, 3)`` [m]."""
    return ball(state)[..., None, :]


def distance(state: State) -> Array:
    """From the fingertip to the ball's centre: ``(...)`` [m]."""
    gap: Array = np.linalg.norm(fingertip(state)[..., :2] - ball(state)[..., :2], axis=-1)
    return gap


def nearness_touch(state: State) -> Array:
    """``(...)`` in [0, 1], 1 is touching, 0 is as far as can be."""
    return 1 - np.clip((distance(state) - REACH) / (FAR - REACH), 0, 1)


def touching(state: State) -> Array:
    """True while finger and ball touch."""
    return distance(state) < REACH


def poses(rng: np.random.Generator, n: int, near: float, far: float) -> Pose:
    """Draw ``n`` poses whose fingertip is between ``near`` and ``far`` from the ball [m]."""
    qpos, balls = np.empty((0, 2)), np.empty((0, 2))
    while len(qpos) < n:
        drawn = rng.uniform((-np.pi, -2.7), (np.pi, 2.7), (8 * n, 2))
        angle, radius = rng.uniform(0, 2 * np.pi, 8 * n), rng.uniform(0.05, 0.20, 8 * n)
        ball = radius[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=-1)
        total = drawn[:, 0] + drawn[:, 1]
        tip = LINK * np.stack([np.cos(drawn[:, 0]) + np.cos(total), np.sin(drawn[:, 0]) + np.sin(total)], axis=-1)
        gap = np.linalg.norm(tip - ball, axis=-1)
        keep = (near <= gap) & (gap <= far)
        qpos, balls = np.concatenate([qpos, drawn[keep]]), np.concatenate([balls, ball[keep]])
    mocap = np.concatenate([balls[:n], np.zeros((n, 1))], axis=-1)[:, None]
    return Pose(qpos[:n], None, mocap)


TOUCH = Task(
    name="reacher/touch",
    make=partial(make, control_dt=0.04),
    horizon=100,
    goal=("the finger touches the ball",),
    baseline=("an arm and a ball",),
    negative=("the finger is far from the ball",),
    camera=Camera(lookat=(0, 0, 0), distance=0.66, elevation=-90),  # from above, just as far as the arm reaches
    oracle=nearness_touch,
    success=touching,
    goal_states=partial(poses, near=0.0, far=0.05),
    bad_states=partial(poses, near=0.2, far=0.44),
    points=Points({"fingertip": fingertip, "ball": ball}, own="fingertip", target="ball", way=way),
)
