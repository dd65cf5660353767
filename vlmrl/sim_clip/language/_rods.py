"""What is said alike of a pole on a cart and of a pendulum: how far from upright, to which side, where the cart is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vlmrl.envs.task import State
from vlmrl.sim_clip.grammar import Value, near, near_angle, off_vertical, ways
from vlmrl.types import Array

DEGREE = np.pi / 180
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


def cart_values(position: StateFn, rail: float) -> tuple[Value, ...]:
    """Values of the fact ``cart``, for a cart within plus and minus ``rail`` [m]."""

    def at(share: float) -> StateFn:
        return lambda state: near(position(state), share * rail, -rail, rail)

    def end(side: str) -> tuple[str, ...]:
        return (
            f"is at the {side} end",
            f"is at the {side} end of the rail",
            f"is all the way to the {side}",
            f"is far to the {side}",
            f"is at the far {side}",
            f"has moved to the {side} edge",
            f"stands at the {side} end of the track",
            f"touches the {side} stop",
            f"is on the extreme {side}",
            f"is as far {side} as it can go",
            f"is parked at the {side} end",
            f"is at the {side} edge",
            f"is on the far {side} side",
            f"is pushed against the {side} end",
            f"has gone all the way {side}",
            f"sits at the {side}most point",
        )

    def end_phrases(side: str) -> tuple[str, ...]:
        return (
            f"at the {side} end of the rail",
            f"at the far {side}",
            f"all the way to the {side}",
            f"at the {side} edge of the track",
            f"pushed to the {side} end",
            f"parked on the extreme {side}",
        )

    def end_commands(side: str) -> tuple[str, ...]:
        return (
            f"move the cart to the {side} end",
            f"drive all the way {side}",
            f"push the cart to the far {side}",
            f"go to the {side} edge",
            f"send the cart to the {side} end of the rail",
            f"take the cart as far {side} as possible",
        )

    def half(side: str) -> tuple[str, ...]:
        return (
            "is left of the middle" if side == "left" else "is right of the middle",
            f"is on the {side} half of the rail",
            f"is halfway to the {side} end",
            f"is between the middle and the {side} end",
            f"is on the {side} side",
            f"is to the {side} of the centre",
        )

    return (
        Value("cart.left_end", at(-1), end("left"), end_phrases("left"), end_commands("left")),
        Value(
            "cart.left",
            at(-0.5),
            half("left"),
            ways("on the left half of the rail; left of the middle; halfway to the left end; on the left side"),
        ),
        Value(
            "cart.little_left",
            at(-0.25),
            ways(
                "is a little left of the middle; is just left of the centre; is slightly to the left of the "
                "middle; has moved a bit to the left"
            ),
        ),
        Value(
            "cart.middle",
            at(0),
            ways(
                "is in the middle; is at the centre of the rail; is in the middle of the rail; is centred; is "
                "halfway between the ends; stands in the centre; stays in the middle; is near the middle of "
                "the track; is right in the centre"
            ),
            ways("in the middle of the rail; at the centre; in the middle; centred on the track"),
            ways(
                "keep the cart in the middle; move the cart to the centre; stay in the middle of the rail; "
                "bring the cart back to the middle"
            ),
        ),
        Value(
            "cart.right",
            at(0.5),
            half("right"),
            ways("on the right half of the rail; right of the middle; halfway to the right end; on the right side"),
        ),
        Value("cart.right_end", at(1), end("right"), end_phrases("right"), end_commands("right")),
    )


POLE = ways("the pole; the rod; the stick; the bar; the pole on the cart; the beam")
CART = ways("the cart; the wagon; the box; the trolley; the base; the carriage")
