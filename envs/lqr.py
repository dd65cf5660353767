"""A linear-quadratic regulator around a state of rest: what balances a robot in the script of an expert."""

from __future__ import annotations

import mujoco
import numpy as np

from vlmrl.types import Array

NUDGE = 1e-5
"""By how much each number is changed to see what follows from it."""
ROUNDS = 2000
"""Of the Riccati recursion; the gain has long settled by then."""


def regulator(model: mujoco.MjModel, qpos: Array, substeps: int, effort: float = 1.0) -> Array:
    """The gain that brings a robot back to rest in a pose that needs no force to hold.

    Args:
        model: of joints with one number each.
        qpos: ``(nq,)`` the pose [m, rad].
        substeps: timesteps between actions.
        effort: what an action squared costs, beside 1 for the position and 0.1 for the speed squared of each joint.

    Returns:
        ``(nu, 2 * nv)``: the action is minus this times the way from the pose, positions first.
    """
    base = np.concatenate([qpos, np.zeros(model.nv + model.nu)])
    after = np.stack([_stepped(model, base + side, substeps) for side in NUDGE * np.eye(len(base))])
    before = np.stack([_stepped(model, base - side, substeps) for side in NUDGE * np.eye(len(base))])
    linear = ((after - before) / (2 * NUDGE)).T
    moves, pushes = linear[:, : 2 * model.nv], linear[:, 2 * model.nv :]
    cost = np.diag(np.repeat([1.0, 0.1], model.nv))
    worth, gain = cost, np.zeros((model.nu, 2 * model.nv))
    for _ in range(ROUNDS):
        gain = np.linalg.solve(effort * np.eye(model.nu) + pushes.T @ worth @ pushes, pushes.T @ worth @ moves)
        worth = cost + moves.T @ worth @ (moves - pushes @ gain)
    return gain


def _stepped(model: mujoco.MjModel, start: Array, substeps: int) -> Array:
    """Position and velocity some timesteps after position, velocity and action of ``start``."""
    data = mujoco.MjData(model)
    data.qpos[:], data.qvel[:], data.ctrl[:] = np.split(start, [model.nq, model.nq + model.nv])
    mujoco.mj_step(model, data, substeps)
    return np.concatenate([data.qpos, data.qvel])
