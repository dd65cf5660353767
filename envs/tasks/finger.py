"""Finger of dm_control: two links beside a spinner. Truth: how far the fingertip is from a ball [m].

The ball is a mocap body here, so that its place is part of the state; dm_control moves a site of the model instead. It
asks the finger to turn the spinner's tip into the ball, which SAC did not learn in 50,000 steps; here the finger itself
is to touch it.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np

from vlmrl.envs.simulator import simulator
from vlmrl.envs.suite import SuiteEnv, placed
from vlmrl.envs.task import Camera, Policy, Pose, State, Task
from vlmrl.types import Array

BASE = np.array([-0.2, 0.4])
"""The finger's axis, x and z [m]."""
LINKS = np.array([0.18, 0.161])
"""Lengths of its links [m]."""
LIMIT = 1.9
"""How far each joint turns to either side [rad]; at 0 the finger points at the spinner."""
NEAR = 0.07
"""Fingertip and ball touch when their centres are nearer than this, the ball's radius [m]."""
FAR = 0.65
"""The furthest that the fingertip can be from a ball [m]."""
SPINNER = 0.6
"""A ball lies further than this from where the spinner is, as the finger's axis sees it [rad]."""


def load() -> Any:
    """dm_control's finger/turn_easy with its target as a mocap body."""
    from dm_control.suite import finger

    return placed(finger.turn_easy(), *finger.get_model_and_assets(), "target")


def free_target(physics: Any, random: np.random.RandomState) -> None:
    """Put the ball where the finger reaches it past the spinner, clear of the fingertip."""
    physics.named.model.site_pos["target"] = 0.0
    tip = fingertip(physics.data.qpos)
    place = tip
    while np.linalg.norm(place - tip) < 2 * NEAR:
        angle = random.choice([-1, 1]) * random.uniform(SPINNER, 1.7)
        place = BASE + random.uniform(0.2, 0.31) * np.array([np.cos(angle), np.sin(angle)])
    physics.data.mocap_pos[0] = place[0], 0.0, place[1]


def make(control_dt: float) -> gym.Env[Any, Any]:
    """The environment, acting every ``control_dt`` seconds."""
    return SuiteEnv(load, control_dt, start=free_target)


def fingertip(qpos: Array) -> Array:
    """Where the fingertip is, x and z: ``(..., 2)`` [m]."""
    turned = np.cumsum(qpos[..., :2], axis=-1)
    links = np.stack([np.cos(turned), np.sin(turned)], axis=-1) * LINKS[:, None]
    place: Array = BASE + links.sum(axis=-2)
    return place


def distance(state: State) -> Array:
    """From the fingertip to the ball's centre: ``(...)`` [m]."""
    gap: Array = np.linalg.norm(fingertip(state.qpos) - state.mocap_pos[..., 0, [0, 2]], axis=-1)
    return gap


def nearness_touch(state: State) -> Array:
    """``(...)`` in [0, 1], 1 is touching, 0 is as far as can be."""
    return 1 - np.clip((distance(state) - NEAR) / (FAR - NEAR), 0, 1)


def touching(state: State) -> Array:
    """True with the fingertip's centre within 7 cm of the ball's."""
    return distance(state) < NEAR


def poses(rng: np.random.Generator, n: int, near: float, far: float) -> Pose:
    """Draw ``n`` poses whose fingertip is between ``near`` and ``far`` from the ball [m], clear of the spinner."""
    kept, balls = np.empty((0, 3)), np.empty((0, 3))
    while len(kept) < n:
        qpos = rng.uniform((-LIMIT, -LIMIT, -np.pi), (LIMIT, LIMIT, np.pi), (64 * n, 3))
        angle = rng.choice([-1, 1], 64 * n) * rng.uniform(SPINNER, 1.7, 64 * n)
        place = BASE + rng.uniform(0.2, 0.31, (64 * n, 1)) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        tip = fingertip(qpos)
        gap = np.linalg.norm(tip - place, axis=1)
        keep = (near <= gap) & (gap <= far) & (tip[:, 0] < 0)
        kept = np.concatenate([kept, qpos[keep]])
        balls = np.concatenate([balls, np.insert(place[keep], 1, 0.0, axis=1)])
    return Pose(kept[:n], None, balls[:n, None])


def pointed(env: gym.Env[Any, Any]) -> Policy:
    """Bend the joints to the angles that bring the fingertip to the ball, by the way that their limits leave."""
    _, data = simulator(env)
    first, second = LINKS
    across, up = data.mocap_pos[0, [0, 2]] - BASE
    bend = (across**2 + up**2 - first**2 - second**2) / (2 * first * second)
    elbow = np.arccos(np.clip(bend, -1, 1)) * np.array([1, -1])
    shoulder = np.arctan2(up, across) - np.arctan2(second * np.sin(elbow), first + second * np.cos(elbow))
    ways = np.stack([shoulder, elbow], axis=1)
    aim = ways[np.abs(ways).max(axis=1).argmin()]

    def act(seen: Array, info: dict[str, Any]) -> Array:
        action: Array = np.clip(3 * (aim - data.qpos[:2]), -1, 1).astype(np.float32)
        return action

    return act


TOUCH = Task(
    name="finger/touch",
    make=partial(make, control_dt=0.04),
    horizon=100,
    goal=("the fingertip touches the red ball", "a finger with its tip in the red ball"),
    baseline=("a finger, a spinner and a red ball",),
    negative=("the finger points away from the red ball", "the fingertip is far from the red ball"),
    camera=Camera(lookat=(0.02, 0, 0.4), distance=1.0, elevation=0),
    oracle=nearness_touch,
    success=touching,
    goal_states=partial(poses, near=0.0, far=0.055),
    bad_states=partial(poses, near=0.2, far=0.65),
    expert=pointed,
)
