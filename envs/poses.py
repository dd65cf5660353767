"""Generators of states: poses drawn evenly between bounds, put on the floor, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from vlmrl.envs.task import Pose, State
from vlmrl.types import Array


@dataclass(frozen=True)
class UniformPose:
    """Joint positions drawn evenly between ``low`` and ``high``; a callable that pickles, for workers.

    Attributes:
        low, high: one bound a joint position, in the model's order [m, rad].
        speed: joint velocities are drawn evenly within plus and minus this.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    speed: float = 0.0

    def __call__(self, rng: np.random.Generator, n: int) -> Pose:
        """Draw ``n`` poses."""
        shape = (n, len(self.low))
        return Pose(rng.uniform(self.low, self.high, shape), rng.uniform(-self.speed, self.speed, shape))


def on_the_floor(model: mujoco.MjModel, qpos: Array, height: int) -> Array:
    """Shift poses so that their lowest point touches the floor.

    Args:
        model: a robot of capsules and spheres over a floor, which is its first geom.
        qpos: ``(n, nq)``, changed in place.
        height: the entry that is the root's height.

    Returns:
        ``qpos``.
    """
    data = mujoco.MjData(model)
    for row in qpos:
        row[height] = 0.0
        data.qpos[:] = row
        mujoco.mj_kinematics(model, data)
        row[height] = -lowest(model, data)
    return qpos


def lowest(model: mujoco.MjModel, data: mujoco.MjData) -> float:
    """Height of a robot's lowest point [m]; every geom but the floor, the first, is a capsule or a sphere."""
    radius = model.geom_size[1:, 0]
    half = np.where(model.geom_type[1:] == int(mujoco.mjtGeom.mjGEOM_CAPSULE), model.geom_size[1:, 1], 0.0)
    axis = np.abs(data.geom_xmat[1:, 8])  # the z component of each capsule's axis
    return float((data.geom_xpos[1:, 2] - half * axis - radius).min())


def states(model: mujoco.MjModel, qpos: Array) -> State:
    """What follows from joint positions ``(n, nq)`` at rest: a state ``(n,)``."""
    data = mujoco.MjData(model)
    found = []
    for row in qpos:
        data.qpos[:] = row
        mujoco.mj_kinematics(model, data)
        found.append(State.of(model, data))
    return State.stack(found)
