"""Cheetah of dm_control, a planar runner. Truth: how its torso is turned."""

from __future__ import annotations

from functools import partial

import numpy as np

from vlmrl.envs.poses import on_the_floor
from vlmrl.envs.suite import suite, suite_model
from vlmrl.envs.task import Camera, Pose, State, Task
from vlmrl.types import Array

TORSO = 1
"""The torso's body."""
PITCH = 2
"""The joint that turns it, positive is nose down [rad]; then follow three of the hind leg, three of the front."""
LOW = (-0.5, -0.8, -1.0, -0.9, -1.1, -0.4)
HIGH = (1.0, 0.8, 0.8, 0.0, 0.8, 0.4)
"""Bounds of the legs' joints in a posed state [rad]."""


def uprightness(state: State) -> Array:
    """Cosine of the torso's angle from its own stand: ``(...)`` in [-1, 1], 1 is on its feet, -1 on its back."""
    return state.xmat[..., TORSO, 2, 2]


def nearness_flipped(state: State) -> Array:
    """``(...)`` in [0, 1], 1 is on its back, 0 on its feet."""
    return (1 - uprightness(state)) / 2


def flipped(state: State) -> Array:
    """True with the torso upside down, within 26 degrees."""
    return uprightness(state) < -0.9


def poses(rng: np.random.Generator, n: int, turns: tuple[tuple[float, float], ...]) -> Pose:
    """Draw ``n`` poses on the floor, the torso turned within one of some ranges [rad], the legs anyhow."""
    ranges = np.array(turns)[rng.integers(len(turns), size=n)]
    pitch = rng.uniform(ranges[:, 0], ranges[:, 1])
    legs = rng.uniform(LOW, HIGH, (n, len(LOW)))
    qpos = np.concatenate([np.zeros((n, PITCH)), pitch[:, None], legs], axis=1)
    return Pose(on_the_floor(suite_model("cheetah", "run"), qpos, height=1))


FLIPPED = Task(
    name="cheetah/flipped",
    make=partial(suite, "cheetah", "run", control_dt=0.04),
    horizon=150,
    goal=("a robot dog lying on its back with its legs in the air", "a cheetah upside down, its feet pointing up"),
    baseline=("a robot dog with two legs",),
    negative=("a robot dog standing on its feet", "a robot dog standing on its nose", "a robot dog sitting up"),
    camera=Camera(lookat=(0, 0, 0.5), distance=2.9, elevation=-8, follow="torso"),
    oracle=nearness_flipped,
    success=flipped,
    goal_states=partial(poses, turns=((np.pi - 0.35, np.pi + 0.35),)),
    bad_states=partial(poses, turns=((-0.4, 0.4), (1.0, 1.8), (-1.8, -1.0))),
)
