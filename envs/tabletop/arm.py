"""The arm's geometry: where its hand is, the joint angles that bring it to a place, and what an action commands.

Everything is elementwise NumPy over leading axes, so that one arm and a thousand get the same numbers.
"""

from __future__ import annotations

import numpy as np

from vlmrl.types import Array

BASE = (0.0, 0.27, 0.14)
"""The shoulder: behind the table, as seen from the front [m]."""
UPPER, FORE, TOOL = 0.31, 0.31, 0.15
"""Lengths of upper arm, forearm, and from the wrist to the point between the fingertips [m]."""
JOINTS = 5
"""Base yaw, shoulder, elbow, wrist pitch, wrist roll [rad]."""
LOW, HIGH = (-0.25, -0.18, 0.018), (0.25, 0.14, 0.23)
"""The box in which the hand can be commanded [m]."""
STEP = 0.04
"""How far an action of 1 moves the command along an axis [m]."""
LEASH = 0.05
"""How far along an axis the command may be from the hand: whoever pushes a wall pushes no harder with time [m]."""
OPENING = 0.086
"""Between the fingers when they are open [m]."""


def hand(joints: Array) -> Array:
    """The point between the fingertips: ``(..., 3)`` [m].

    Args:
        joints: ``(..., 5)`` or more, the arm's joints first [rad].
    """
    yaw, shoulder, elbow, wrist = (joints[..., i] for i in range(4))
    first, second, third = shoulder, shoulder + elbow, shoulder + elbow + wrist
    out = UPPER * np.cos(first) + FORE * np.cos(second) + TOOL * np.cos(third)
    up = UPPER * np.sin(first) + FORE * np.sin(second) + TOOL * np.sin(third)
    return np.stack([BASE[0] + out * np.sin(yaw), BASE[1] - out * np.cos(yaw), BASE[2] + up], axis=-1)


def joints_at(place: Array) -> Array:
    """The angles ``(..., 5)`` that bring the hand to ``place`` ``(..., 3)``, pointing down, fingers left and right.

    Places beyond reach give the nearest that the stretched arm has.
    """
    right, near, up = place[..., 0] - BASE[0], BASE[1] - place[..., 1], place[..., 2] + TOOL - BASE[2]
    out = np.sqrt(right * right + near * near)
    bend = (out * out + up * up - UPPER * UPPER - FORE * FORE) / (2 * UPPER * FORE)
    bend = np.clip(bend, -1.0, 1.0)
    straight = np.sqrt(1.0 - bend * bend)
    elbow = -np.arctan2(straight, bend)
    shoulder = np.arctan2(up, out) + np.arctan2(FORE * straight, UPPER + FORE * bend)
    yaw = np.arctan2(right, near)
    return np.stack([yaw, shoulder, elbow, -np.pi / 2 - shoulder - elbow, yaw], axis=-1)


def command(ctrl: Array, qpos: Array, action: Array) -> Array:
    """What the servos are told for the next step: ``(..., 7)``, five angles [rad] and twice a finger's place [m].

    The commanded place moves by ``action[..., :3]`` times :data:`STEP`, within the box and not far from the hand.

    Args:
        ctrl: ``(..., 7)``, what they were told last.
        qpos: ``(..., nq)``, the arm's joints first.
        action: ``(..., 4)`` in [-1, 1]: right, away, up, and the fingers: 1 is open, -1 closed.
    """
    action = np.clip(action.astype(np.float64), -1.0, 1.0)
    here = hand(qpos)
    there = hand(ctrl)
    # A command this far off was given before somebody posed the arm, and is none of this hand's.
    there = np.where((np.abs(there - here) > 2 * LEASH).any(axis=-1, keepdims=True), here, there)
    place = np.clip(there + STEP * action[..., :3], here - LEASH, here + LEASH)
    finger = OPENING / 4 * (1.0 + action[..., 3:])
    return np.concatenate([joints_at(np.clip(place, LOW, HIGH)), finger, finger], axis=-1)
