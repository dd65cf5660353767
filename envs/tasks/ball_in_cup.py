"""Ball in cup of dm_control: a cup that moves in the plane, a ball on a string. Truth: where the ball is [m]."""

from __future__ import annotations

from functools import partial

import numpy as np

from vlmrl.envs.suite import suite
from vlmrl.envs.task import Camera, Pose, State, Task
from vlmrl.types import Array

CUP, BALL = 1, 2
"""The bodies."""
MIDDLE = np.array([0.0, -0.06])
"""Of the cup's inside, from the cup's rim [m]."""
INSIDE = 0.03
"""How far the ball's centre may be from it, across and along, inside the cup [m]; at rest there it is 1 cm."""
FURTHEST = 0.45
"""From the cup's middle to a ball on its string [m]."""


def offset(state: State) -> Array:
    """From the middle of the cup's inside to the ball: ``(..., 2)``, across and up [m]."""
    gap: Array = (state.xpos[..., BALL, :] - state.xpos[..., CUP, :])[..., [0, 2]] - MIDDLE
    return gap


def nearness_caught(state: State) -> Array:
    """``(...)`` in [0, 1], 1 is inside the cup; below the cup it counts half, as the way in is from above."""
    gap = offset(state)
    near = 1 - np.clip(np.linalg.norm(gap, axis=-1) / FURTHEST, 0, 1)
    above: Array = 0.5 + 0.5 * np.clip(2 + gap[..., 1] / INSIDE, 0, 1)
    nearness: Array = near * above
    return nearness


def caught(state: State) -> Array:
    """True with the ball inside the cup."""
    done: Array = np.asarray((np.abs(offset(state)) < INSIDE).all(axis=-1))
    return done


def cups(rng: np.random.Generator, n: int) -> Array:
    """Draw ``n`` places of the cup, ``(n, 2)`` from where it starts [m]."""
    return rng.uniform((-0.15, -0.1), (0.15, 0.15), (n, 2))


def inside(rng: np.random.Generator, n: int) -> Pose:
    """Draw ``n`` poses with the ball in the cup."""
    cup = cups(rng, n)
    return Pose(np.concatenate([cup, cup + BASE + MIDDLE + rng.uniform(-0.02, 0.02, (n, 2)) * (1, 0.5)], axis=1))


def outside(rng: np.random.Generator, n: int) -> Pose:
    """Draw ``n`` poses with the ball hanging from the cup, beside it or over its rim."""
    cup = cups(rng, n)
    places = np.stack([rng.uniform(-0.2, 0.2, n), rng.uniform(-0.38, -0.24, n)], axis=1)
    beside = np.stack([rng.choice([-1, 1], n) * rng.uniform(0.1, 0.2, n), rng.uniform(-0.15, 0.1, n)], axis=1)
    return Pose(np.concatenate([cup, cup + BASE + np.where(rng.random((n, 1)) < 0.6, places, beside)], axis=1))


BASE = np.array([0.0, 0.4])
"""From where the ball starts to where the cup does [m]."""
CATCH = Task(
    name="ball_in_cup/catch",
    make=partial(suite, "ball_in_cup", "catch", control_dt=0.04),
    horizon=120,
    goal=("the ball is in the cup", "a cup with a ball inside"),
    baseline=("a cup and a ball on a string",),
    negative=("the ball hangs below the cup", "the ball is beside the cup", "an empty cup"),
    # Wide enough for a cup pushed to the end of its springs: an agent hid the ball below the edge of a nearer picture.
    camera=Camera(lookat=(0, 0, 0.46), distance=1.3, elevation=-5),
    version=1,
    oracle=nearness_caught,
    success=caught,
    goal_states=inside,
    bad_states=outside,
)
