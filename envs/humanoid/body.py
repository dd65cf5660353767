"""Where the limbs of Gymnasium's humanoid are, for any number of states at once.

Everything is measured from positions alone. The trunk's axis is the way from the seat to the head, not the torso's own
frame: the same body is authored lying on its back in Gymnasium's HumanoidStandup, where that frame stands upright.
"""

from __future__ import annotations

import numpy as np

from vlmrl.envs.task import State
from vlmrl.types import Array

BODIES = (
    "world", "torso", "lwaist", "pelvis", "right_thigh", "right_shin", "right_foot", "left_thigh", "left_shin",
    "left_foot", "right_upper_arm", "right_lower_arm", "left_upper_arm", "left_lower_arm",
)  # fmt: skip
"""Bodies in the model's order."""
GEOMS = (
    "floor", "torso1", "head", "uwaist", "lwaist", "butt", "right_thigh1", "right_shin1", "right_foot", "left_thigh1",
    "left_shin1", "left_foot", "right_uarm1", "right_larm", "right_hand", "left_uarm1", "left_larm", "left_hand",
)  # fmt: skip
"""Geoms in the model's order."""
SIDES = ("right", "left")
FOOT, SEAT = 0.075, 0.09
"""Radii of a foot and of the seat [m]."""
KNEE = np.array([0.0, 0.0, 0.02])
"""The knee in the shin's frame [m]."""


def geom(state: State, name: str) -> Array:
    """Centre of a geom: ``(..., 3)`` [m]."""
    return state.geom_xpos[..., GEOMS.index(name), :]


def body(state: State, name: str) -> Array:
    """Origin of a body, which of limbs is the joint they hang from: ``(..., 3)`` [m]."""
    return state.xpos[..., BODIES.index(name), :]


def both(state: State, what: str) -> Array:
    """A geom that there is right and left of: ``(..., 2, 3)`` [m], right first."""
    return np.stack([geom(state, f"{side}_{what}") for side in SIDES], axis=-2)


def knees(state: State) -> Array:
    """``(..., 2, 3)`` [m], right first."""
    at = [body(state, f"{side}_shin") + state.xmat[..., BODIES.index(f"{side}_shin"), :, :] @ KNEE for side in SIDES]
    return np.stack(at, axis=-2)


def joints(state: State, what: str) -> Array:
    """Where limbs hang, ``thigh``: hips, ``upper_arm``: shoulders, ``lower_arm``: elbows. ``(..., 2, 3)`` [m]."""
    return np.stack([body(state, f"{side}_{what}") for side in SIDES], axis=-2)


def unit(vectors: Array) -> Array:
    """``(..., 3)`` at length 1."""
    long: Array = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return long


def angle(a: Array, b: Array) -> Array:
    """Between unit vectors ``(..., 3)``: ``(...)`` [degrees], 0 is the same way."""
    wide: Array = np.degrees(np.arccos(np.clip((a * b).sum(axis=-1), -1.0, 1.0)))
    return wide


def trunk(state: State) -> Array:
    """From seat to head, ``(..., 3)`` at length 1."""
    return unit(geom(state, "head") - geom(state, "butt"))


def frame(state: State) -> Array:
    """The trunk's axes as rows, ``(..., 3, 3)``: forward, left, up. Left is the way from the right hip to the left."""
    up, hips = trunk(state), joints(state, "thigh")
    across = unit(hips[..., 1, :] - hips[..., 0, :])
    forward = unit(np.cross(across, up))
    return np.stack([forward, np.cross(up, forward), up], axis=-2)


def within(state: State, points: Array) -> Array:
    """Points ``(..., k, 3)`` in the trunk's frame, from the seat: forward, left, up ``(..., k, 3)`` [m]."""
    away = points - geom(state, "butt")[..., None, :]
    inside: Array = np.einsum("...ij,...kj->...ki", frame(state), away)
    return inside


def thighs(state: State) -> Array:
    """From hip to knee, ``(..., 2, 3)`` at length 1, right first."""
    return unit(knees(state) - joints(state, "thigh"))


def shins(state: State) -> Array:
    """From knee to foot, ``(..., 2, 3)`` at length 1, right first."""
    return unit(both(state, "foot") - knees(state))


def head_height(state: State) -> Array:
    """Of the head's centre over the floor: ``(...)`` [m], 1.49 standing straight."""
    return geom(state, "head")[..., 2]


def seat_height(state: State) -> Array:
    """Of the seat's lowest point over the floor: ``(...)`` [m]."""
    return geom(state, "butt")[..., 2] - SEAT


def uprightness(state: State) -> Array:
    """Cosine of the trunk's angle from vertical: ``(...)`` in [-1, 1]."""
    return trunk(state)[..., 2]


def foot_heights(state: State) -> Array:
    """Of each foot's lowest point over the floor: ``(..., 2)`` [m], right first."""
    return both(state, "foot")[..., 2] - FOOT


def knee_bend(state: State) -> Array:
    """Of each knee: ``(..., 2)`` [degrees], 0 is a straight leg."""
    return angle(thighs(state), shins(state))


def spread(state: State) -> Array:
    """Between the thighs: ``(...)`` [degrees]."""
    both_thighs = thighs(state)
    return angle(both_thighs[..., 0, :], both_thighs[..., 1, :])


def speed(state: State) -> Array:
    """Root mean square of all joint velocities: ``(...)`` [rad/s, m/s]."""
    fast: Array = np.sqrt(np.mean(state.qvel**2, axis=-1))
    return fast
