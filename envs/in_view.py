"""What of the robot a picture shows: the bodies that its motors move, and whether the camera has them in its frame."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray


def robot_bodies(model: mujoco.MjModel) -> NDArray[np.intp]:
    """The bodies that motors move: of every kinematic tree with an actuator in it, less what is fixed to the world.

    Blocks and balls, which only the robot moves, are not among them. In a model without actuators all bodies that can
    move count.

    Returns:
        indices ``(n,)``, rising; none in a model where nothing moves.
    """
    data = mujoco.MjData(model)
    mujoco.mj_fwdPosition(model, data)  # fills in which joints each actuator pulls at, also through tendons and sites
    driven = [data.moment_colind[first : first + count] for first, count in zip(*_rows(data), strict=True)]
    moves = model.body_weldid > 0
    if driven and (trees := np.unique(model.dof_treeid[np.concatenate(driven)])).size:
        moves &= np.isin(model.body_treeid, trees)
    return np.flatnonzero(moves)


def _rows(data: mujoco.MjData) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Where each actuator's row of the moments begins, and how many entries it has."""
    return data.moment_rowadr, data.moment_rownnz


def in_frame(scene: mujoco.MjvScene, size: tuple[int, int], points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points lie inside the picture that was last drawn of a scene, whether or not something stands before them.

    Args:
        scene: updated by the drawing.
        size: ``(height, width)`` of the picture in pixels.
        points: float64 ``(n, 3)``, places in the world [m].

    Returns:
        bool ``(n,)``.
    """
    eyes = scene.camera
    eye = eyes[0]
    # A scene has a left and a right eye for stereo; a picture for one eye is drawn from between them.
    relative = points - np.mean([one.pos for one in eyes], axis=0)
    forward, up = np.array(eye.forward, np.float64), np.array(eye.up, np.float64)
    depth = relative @ forward
    across, along = relative @ np.cross(forward, up), relative @ up
    # The frustum's sides are told where it begins; in an orthographic picture they stay as far apart everywhere.
    scale = np.ones(len(points)) if eye.orthographic else np.maximum(depth, 0.0) / eye.frustum_near
    half = eye.frustum_width or (eye.frustum_top - eye.frustum_bottom) / 2 * size[1] / size[0]
    beside = np.abs(across - scale * eye.frustum_center) <= scale * half
    between = (scale * eye.frustum_bottom <= along) & (along <= scale * eye.frustum_top)
    seen: NDArray[np.bool_] = (depth >= eye.frustum_near) & (depth <= eye.frustum_far) & beside & between
    return seen
