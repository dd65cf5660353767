"""When Gymnasium's humanoid is in a posture: conditions on its limbs, in metres and degrees, from kinematics alone.

The limits are those of this body, which stands 1.49 m to the middle of its head and cannot do all that sentences say:
its hips open to 106 degrees sideways, so its *splits* are front splits, and its *lotus* is a loose cross-legged sit on
its heels.
"""

from __future__ import annotations

import numpy as np

from vlmrl.envs.conjunction import Condition, Conjunction
from vlmrl.envs.humanoid import body
from vlmrl.envs.task import State
from vlmrl.types import Array

HIPS = np.array([[0.0, -0.17, 0.06], [0.0, 0.17, 0.06]])
"""Where hands on hips are, right and left, in the trunk's frame [m]."""
CHEST = 0.37
"""The middle of the chest above the seat [m]."""
OUTWARD = np.array([-1.0, 1.0])
"""Turns ways to the left, of right and left limbs, into ways outward."""


def hands(state: State) -> Array:
    """In the trunk's frame, ``(..., 2, 3)`` [m]."""
    return body.within(state, body.both(state, "hand"))


def hands_above_head(state: State) -> Array:
    """``(..., 2)`` [m]."""
    return body.both(state, "hand")[..., 2] - body.head_height(state)[..., None]


def hands_from_hips(state: State) -> Array:
    """``(..., 2)`` [m]."""
    away: Array = np.linalg.norm(hands(state) - HIPS, axis=-1)
    return away


def elbows_out(state: State) -> Array:
    """How far from the middle plane of the trunk: ``(..., 2)`` [m]."""
    out: Array = body.within(state, body.joints(state, "lower_arm"))[..., 1] * OUTWARD
    return out


def arms_out(state: State) -> Array:
    """Sideways share of the way from shoulder to hand: ``(..., 2)`` in [-1, 1], 1 is straight out."""
    arms = hands(state) - body.within(state, body.joints(state, "upper_arm"))
    out: Array = body.unit(arms)[..., 1] * OUTWARD
    return out


def hands_across(state: State) -> Array:
    """How far each hand is on the other side of the trunk: ``(..., 2)`` [m]."""
    across: Array = -hands(state)[..., 1] * OUTWARD
    return across


def hands_in_front(state: State) -> Array:
    """``(..., 2)`` [m]."""
    return hands(state)[..., 0]


def hands_off_chest(state: State) -> Array:
    """Above or below its middle: ``(..., 2)`` [m]."""
    return np.abs(hands(state)[..., 2] - CHEST)


def raised_foot(state: State) -> Array:
    """Of the higher foot's lowest point over the floor: ``(...)`` [m]."""
    high: Array = body.foot_heights(state).max(axis=-1)
    return high


def planted_foot(state: State) -> Array:
    """Of the lower foot's lowest point over the floor: ``(...)`` [m]."""
    low: Array = body.foot_heights(state).min(axis=-1)
    return low


def planted_knee_bend(state: State) -> Array:
    """Of the knee above the lower foot: ``(...)`` [degrees]."""
    right_is_lower = np.diff(body.foot_heights(state), axis=-1)[..., 0] > 0
    bends = body.knee_bend(state)
    return np.where(right_is_lower, bends[..., 0], bends[..., 1])


def knee_heights(state: State) -> Array:
    """``(..., 2)`` [m]."""
    return body.knees(state)[..., 2]


def knees_apart(state: State) -> Array:
    """``(...)`` [m]."""
    at = body.knees(state)
    apart: Array = np.linalg.norm(at[..., 1, :] - at[..., 0, :], axis=-1)
    return apart


def shin_steepness(state: State) -> Array:
    """``(..., 2)`` in [0, 1], 0 is level."""
    return np.abs(body.shins(state)[..., 2])


def thigh_steepness(state: State) -> Array:
    """``(..., 2)`` in [0, 1], 0 is level."""
    return np.abs(body.thighs(state)[..., 2])


def thighs_forward(state: State) -> Array:
    """Forward share of the way from hip to knee, in the trunk's frame: ``(..., 2)`` in [-1, 1]."""
    forward: Array = (body.thighs(state) * body.frame(state)[..., None, 0, :]).sum(axis=-1)
    return forward


def shins_forward(state: State) -> Array:
    """Forward share of the way from knee to foot, in the trunk's frame: ``(..., 2)`` in [-1, 1]."""
    forward: Array = (body.shins(state) * body.frame(state)[..., None, 0, :]).sum(axis=-1)
    return forward


def feet_crossed(state: State) -> Array:
    """How far the right foot is on the left of the left one: ``(...)`` [m]."""
    sideways = body.within(state, body.both(state, "foot"))[..., 1]
    return sideways[..., 0] - sideways[..., 1]


def feet_off_middle(state: State) -> Array:
    """From the middle plane of the trunk: ``(..., 2)`` [m]."""
    return np.abs(body.within(state, body.both(state, "foot"))[..., 1])


def face_up(state: State) -> Array:
    """How far the chest looks up: ``(...)`` in [-1, 1]."""
    return body.frame(state)[..., 0, 2]


def slant(state: State) -> Array:
    """Of the trunk: ``(...)`` in [0, 1], 0 is level."""
    return np.abs(body.uprightness(state))


ON_ITS_FEET = (
    Condition("the head is above 1.3 m", body.head_height, holds=1.3, none=0.4),
    Condition("the trunk is upright within 37 degrees", body.uprightness, holds=0.8, none=-0.2),
)
STANDING = Conjunction(
    Condition("the head is above 1.35 m", body.head_height, holds=1.35, none=0.4),
    Condition("the trunk is upright within 32 degrees", body.uprightness, holds=0.85, none=-0.2),
    Condition("both feet are on the floor", body.foot_heights, holds=0.06, none=0.6, both=True),
    Condition("both knees are bent by less than 35 degrees", body.knee_bend, holds=35, none=170, both=True),
)
ARMS_RAISED = Conjunction(
    *ON_ITS_FEET,
    Condition("both hands are 0.1 m above the head", hands_above_head, holds=0.1, none=-0.9, both=True),
)
HANDS_ON_HIPS = Conjunction(
    *ON_ITS_FEET,
    Condition("each hand is within 0.15 m of its hip", hands_from_hips, holds=0.15, none=0.9, both=True),
    Condition("each elbow is 0.25 m out", elbows_out, holds=0.25, none=-0.1, both=True),
)
T_POSE = Conjunction(
    *ON_ITS_FEET,
    Condition("both arms point sideways within 32 degrees", arms_out, holds=0.85, none=-0.8, both=True),
)
ARMS_CROSSED = Conjunction(
    *ON_ITS_FEET,
    Condition("each hand is on the other side of the chest", hands_across, holds=0.0, none=-0.6, both=True),
    Condition("both hands are in front of the chest", hands_in_front, holds=0.08, none=-0.5, both=True),
    Condition("both hands are at the height of the chest", hands_off_chest, holds=0.16, none=0.8, both=True),
)
ONE_LEG = Conjunction(
    *ON_ITS_FEET,
    Condition("one foot is on the floor", planted_foot, holds=0.05, none=0.6),
    Condition("the other is 0.25 m above it", raised_foot, holds=0.25, none=-0.1),
    Condition("the knee that carries is bent by less than 35 degrees", planted_knee_bend, holds=35, none=170),
)
KNEELING = Conjunction(
    Condition("the head is above 0.75 m", body.head_height, holds=0.75, none=0.1),
    Condition("the trunk is upright within 37 degrees", body.uprightness, holds=0.8, none=-0.2),
    Condition("both knees are on the floor", knee_heights, holds=0.16, none=0.7, both=True),
    Condition("both shins point back", shins_forward, holds=-0.7, none=0.5, both=True),
    Condition("both feet are on the floor", body.foot_heights, holds=0.16, none=0.8, both=True),
    Condition("the seat is between the standing and the sitting one's height", body.seat_height, holds=0.53, none=1.1),
    Condition("the seat is off the floor", body.seat_height, holds=0.13, none=-0.1),
)
SPLITS = Conjunction(
    Condition("the thighs are 125 degrees apart", body.spread, holds=125, none=0),
    Condition("both thighs are nearly level", thigh_steepness, holds=0.45, none=1.2, both=True),
    Condition("both knees are bent by less than 35 degrees", body.knee_bend, holds=35, none=170, both=True),
    Condition("the seat is below 0.26 m", body.seat_height, holds=0.26, none=1.1),
    Condition("the trunk is upright within 66 degrees", body.uprightness, holds=0.4, none=-0.6),
)
LOTUS = Conjunction(
    Condition("the seat is below 0.2 m", body.seat_height, holds=0.2, none=1.1),
    Condition("the trunk is upright within 37 degrees", body.uprightness, holds=0.8, none=-0.2),
    Condition("the knees are 0.4 m apart", knees_apart, holds=0.4, none=0),
    Condition("the feet meet", feet_crossed, holds=-0.2, none=-0.6),
    Condition("both feet are near the middle", feet_off_middle, holds=0.24, none=0.7, both=True),
    Condition("both knees are bent by 70 degrees", body.knee_bend, holds=70, none=0, both=True),
    Condition("both shins are within 41 degrees of level", shin_steepness, holds=0.65, none=1.2, both=True),
    Condition("both knees are below 0.38 m", knee_heights, holds=0.38, none=0.8, both=True),
)
SITTING = Conjunction(
    Condition("the seat is on the floor", body.seat_height, holds=0.06, none=1.1),
    Condition("the trunk is upright within 41 degrees", body.uprightness, holds=0.75, none=-0.2),
    Condition("the head is above 0.55 m", body.head_height, holds=0.55, none=0.0),
    Condition("both thighs point forward", thighs_forward, holds=0.3, none=-0.6, both=True),
    Condition("the thighs are less than 100 degrees apart", body.spread, holds=100, none=180),
)
LYING = Conjunction(
    Condition("the head is below 0.4 m", body.head_height, holds=0.4, none=1.7),
    Condition("the seat is on the floor", body.seat_height, holds=0.21, none=1.1),
    Condition("the trunk is within 27 degrees of level", slant, holds=0.45, none=1.2),
    Condition("the chest looks up within 45 degrees", face_up, holds=0.7, none=-1),
    Condition("it is still, below 0.6 rad/s", body.speed, holds=0.6, none=8),
)
