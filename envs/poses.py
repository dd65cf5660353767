"""Generators of states: poses drawn evenly between bounds, put on the floor, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from vlmrl.envs.task import Pose, State
from vlmrl.types import Array

ROUND = int(mujoco.mjtGeom.mjGEOM_CAPSULE), int(mujoco.mjtGeom.mjGEOM_CYLINDER)
FLAT = int(mujoco.mjtGeom.mjGEOM_PLANE), int(mujoco.mjtGeom.mjGEOM_HFIELD)


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


def on_the_floor(model: mujoco.MjModel, qpos: Array, height: int = 0) -> Array:
    """Shift poses so that their lowest point touches the floor.

    Args:
        model: of one robot and a floor.
        qpos: ``(n, nq)``, changed in place.
        height: which entry is the root's height.

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
    """Height of the robot's lowest point [m]; its geoms are capsules, spheres, ellipsoids and cylinders."""
    solid = ~np.isin(model.geom_type, FLAT)
    kind, size, up = model.geom_type[solid], model.geom_size[solid], np.abs(data.geom_xmat[solid, 6:])
    bottom = data.geom_xpos[solid, 2] - np.where(np.isin(kind, ROUND), size[:, 1] * up[:, 2], 0.0)
    across = np.where(kind == ROUND[1], size[:, 0] * np.sqrt(np.clip(1 - up[:, 2] ** 2, 0, None)), size[:, 0])
    oval = np.sqrt(((up * size) ** 2).sum(axis=1))
    return float((bottom - np.where(kind == int(mujoco.mjtGeom.mjGEOM_ELLIPSOID), oval, across)).min())


def along(direction: Array) -> Array:
    """Unit vectors: ``(..., n)`` over their lengths."""
    unit: Array = direction / np.linalg.norm(direction, axis=-1, keepdims=True)
    return unit


def states(model: mujoco.MjModel, qpos: Array) -> State:
    """What follows from joint positions ``(n, nq)`` at rest: a state ``(n,)``."""
    data = mujoco.MjData(model)
    found = []
    for row in qpos:
        data.qpos[:] = row
        mujoco.mj_kinematics(model, data)
        found.append(State.of(model, data))
    return State.stack(found)
