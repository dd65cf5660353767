"""What is alike of robots with a torso: how it leans, how high it is, and that some of them are off the floor."""

from __future__ import annotations

import numpy as np

from vlmrl.envs.task import State
from vlmrl.envs.tasks.walker import height, uprightness  # the torso is the first body of all of these robots
from vlmrl.sim_clip.grammar import near
from vlmrl.sim_clip.language._rods import DEGREE, StateFn
from vlmrl.types import Array

LOW = 0.1
"""Height of the torso's centre when it lies on the floor [m]."""
FORWARD = 0
"""The axis that the planar robots look along; it points to the right of the picture."""


def leaning(degrees: float) -> StateFn:
    """Near where the torso is ``degrees`` off vertical, to whichever side."""

    def near_lean(state: State) -> Array:
        lean = np.arccos(np.clip(uprightness(state), -1, 1))
        return near(lean, degrees * DEGREE, 0, np.pi)

    return near_lean


def posture(metres: float | None, degrees: float | None, high: float) -> StateFn:
    """Near where the torso is ``metres`` high, of ``high``, and ``degrees`` off vertical; None says nothing of it."""

    def near_posture(state: State) -> Array:
        close = np.ones(state.qpos.shape[:-1])
        if metres is not None:
            close = close * near(np.clip(height(state), LOW, high), metres, LOW, high)
        if degrees is not None:
            close = close * leaning(degrees)(state)
        return close

    return near_posture


def pointing(axis: int, along: int, sign: float) -> StateFn:
    """Near where an axis of the torso points one way along an axis of the world: (1 + cosine) / 2."""
    return lambda state: (1 + sign * state.xmat[..., 1, along, axis]) / 2


def lifted(rng: np.random.Generator, qpos: Array, height: int) -> Array:
    """One pose in eight raised by up to 0.25 m, in place: a robot that jumps or falls. ``height`` is that entry."""
    raised = rng.random(len(qpos)) < 0.12
    qpos[raised, height] += rng.uniform(0, 0.25, raised.sum())
    return qpos
