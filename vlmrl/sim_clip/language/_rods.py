"""What is said alike of a pole on a cart and of a pendulum: how far from upright, to which side, where the cart is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vlmrl.envs.task import State
from vlmrl.sim_clip.grammar import Value, near, near_angle, off_vertical, ways
from vlmrl.types import Array

DEGREE = np.pi / 180
POLE = ways(
    "the pole; the rod; the stick; the bar; the pole on the cart; the staff; the post; the swinging "
    "pole; the thin rod; the beam"
)
StateFn = Callable[[State], Array]


def tilt(angle: StateFn, degrees: float) -> StateFn:
    """Near where the rod is ``degrees`` off upright, to whichever side."""
    return lambda state: near(off_vertical(angle(state)), degrees * DEGREE, 0, np.pi)


def pointing(angle: StateFn, degrees: float) -> StateFn:
    """Near where the rod points ``degrees`` from upright, right being positive."""
    return lambda state: near_angle(angle(state), degrees * DEGREE)


UPRIGHT = ways(
    "is upright; stands upright; is standing straight up; points straight up; is vertical; is "
    "pointing up; stands on end; is balanced upright; is perfectly upright; points to the sky; "
    "rises straight up; is balanced above its hinge; is erect; is in the upright position; stands "
    "up; is straight up in the air; stays vertical; is raised all the way; is at the top; is "
    "pointing at the ceiling"
)
UPRIGHT_PHRASES = ways(
    "standing upright; pointing straight up; standing straight up; balanced upright; held "
    "vertical; in the upright position; standing on end; pointing up; balanced; raised to "
    "vertical; rising straight up; that is vertical; standing tall"
)
HANGING = ways(
    "hangs down; is hanging straight down; points straight down; is upside down; hangs below; is "
    "pointing down; dangles; is hanging below its hinge; points to the floor; droops all the way "
    "down; has dropped to the bottom; is at the bottom; hangs vertically downward; is all the way "
    "down; is in the hanging position; is pointing at the ground"
)
HANGING_PHRASES = ways(
    "hanging down; hanging straight down; pointing straight down; dangling below; pointing to the "
    "floor; hanging limp; that hangs down; in the hanging position; turned upside down"
)


Said = tuple[str, ...]
TILTS: tuple[tuple[str, float, *tuple[Said, ...]], ...] = (
    (
        "pole.upright",
        0,
        UPRIGHT,
        UPRIGHT_PHRASES,
        ways(
            "balance the pole upright; keep the pole upright; swing the pole up; hold it vertical; stand "
            "the pole up; lift the pole until it stands; bring the pole to the top"
        ),
    ),
    (
        "pole.nearly_upright",
        15,
        ways(
            "is nearly upright; is almost vertical; is close to upright; stands almost straight; is "
            "tilted very slightly; is just off vertical; leans a tiny bit"
        ),
        ways("nearly upright; almost vertical; close to upright; tilted very slightly; just off vertical"),
    ),
    (
        "pole.tilted",
        42,
        ways(
            "is tilted; leans to one side; is slanted; is leaning over; is tilted halfway to horizontal; "
            "is at an angle; is tipping over; is inclined; leans at forty-five degrees"
        ),
        ways("leaning over; tilted to one side; at an angle; tipping over; slanting upward"),
    ),
    (
        "pole.horizontal",
        90,
        ways(
            "is horizontal; is level; lies flat; is halfway down; points sideways; sticks out to the "
            "side; is parallel to the ground; is at a right angle to vertical"
        ),
        ways("lying flat; held horizontal; sticking out sideways; pointing sideways; level with the ground"),
    ),
    (
        "pole.below",
        132,
        ways(
            "is below horizontal; is more than halfway down; points down at an angle; slants downward; "
            "droops to one side; is in the lower half"
        ),
        ways("pointing down at an angle; slanting downward; more than halfway down; drooping to one side"),
    ),
    (
        "pole.nearly_hanging",
        165,
        ways(
            "is nearly hanging; hangs almost straight down; is close to the bottom; is almost all the way "
            "down; points almost straight down"
        ),
        ways("nearly hanging; almost straight down; close to the bottom; almost all the way down"),
    ),
    (
        "pole.hanging",
        180,
        HANGING,
        HANGING_PHRASES,
        ways("let the pole hang; keep the pole hanging down; let the pole drop; keep the pole down"),
    ),
)
"""How far off upright: name, degrees, predicates, phrases, commands."""

SIDES: tuple[tuple[str, float, *tuple[Said, ...]], ...] = (
    (
        "pole.left",
        -90,
        ways(
            "points to the left; is on the left side; leans left; sticks out to the left; is turned to "
            "the left; is to the left of its hinge"
        ),
        ways("pointing to the left; leaning left; on the left side; turned to the left"),
    ),
    (
        "pole.right",
        90,
        ways(
            "points to the right; is on the right side; leans right; sticks out to the right; is turned "
            "to the right; is to the right of its hinge"
        ),
        ways("pointing to the right; leaning right; on the right side; turned to the right"),
    ),
)
"""To which side: name, degrees from upright with right positive, predicates, phrases."""


def rod_values(angle: StateFn) -> tuple[Value, ...]:
    """Values of the fact ``pole`` for a rod that turns all the way round."""
    tilted = (Value(name, tilt(angle, degrees), *said) for name, degrees, *said in TILTS)
    pointed = (Value(name, pointing(angle, degrees), *said) for name, degrees, *said in SIDES)
    return (*tilted, *pointed)


def single(name: str, angle: StateFn) -> tuple[Value, ...]:
    """Values of one of two poles in a row, whatever the other does."""

    def at(place: str, near_place: StateFn, said: str, phrases: str) -> Value:
        return Value(f"{name}.{place}", near_place, ways(said), ways(phrases))

    return (
        at(
            "upright",
            lambda state: near_angle(angle(state), 0),
            "is upright; stands straight up; is vertical; points up; stands on end; is straight up; stands upright",
            "standing upright; pointing up; that is vertical; standing straight up",
        ),
        at(
            "horizontal",
            lambda state: near(off_vertical(angle(state)), np.pi / 2, 0, np.pi),
            "is horizontal; lies flat; points sideways; is level; sticks out to the side",
            "lying flat; pointing sideways; sticking out to the side; held horizontal",
        ),
        at(
            "hanging",
            lambda state: near_angle(angle(state), np.pi),
            "hangs down; points straight down; is hanging; dangles; hangs limp; points to the floor",
            "hanging down; pointing straight down; dangling; that hangs",
        ),
        at(
            "left",
            lambda state: near_angle(angle(state), -np.pi / 2),
            "points to the left; leans left; is on the left side; sticks out to the left; is turned to the left",
            "pointing to the left; leaning left; on the left side; turned to the left",
        ),
        at(
            "right",
            lambda state: near_angle(angle(state), np.pi / 2),
            "points to the right; leans right; is on the right side; sticks out to the right; is turned to the right",
            "pointing to the right; leaning right; on the right side; turned to the right",
        ),
    )
