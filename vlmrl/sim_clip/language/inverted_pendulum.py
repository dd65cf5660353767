"""Inverted pendulum: a pole that stands on its cart or lies along the rail, and where the cart is."""

import numpy as np

from vlmrl.envs.poses import UniformPose
from vlmrl.envs.task import State
from vlmrl.sim_clip.grammar import Domain, Value, near, ways
from vlmrl.sim_clip.language._carts import CART, cart_values
from vlmrl.sim_clip.language._rods import DEGREE, POLE, UPRIGHT, UPRIGHT_PHRASES, StateFn
from vlmrl.types import Array


def angle(state: State) -> Array:
    """The pole's angle from upright, right being positive, in [-pi/2, pi/2] [rad]."""
    return state.qpos[..., 1]


def tilt(degrees: float) -> StateFn:
    """Near where the pole is ``degrees`` off upright, to whichever side."""
    return lambda state: near(np.abs(angle(state)), degrees * DEGREE, 0, np.pi / 2)


def side(degrees: float) -> StateFn:
    """Near where the pole is ``degrees`` to the right."""
    return lambda state: near(angle(state), degrees * DEGREE, -np.pi / 2, np.pi / 2)


DOMAIN = Domain(
    tasks=("inverted_pendulum/balance",),
    subjects={"pole": POLE, "cart": CART},
    values=(
        Value(
            "pole.upright",
            tilt(0),
            UPRIGHT,
            UPRIGHT_PHRASES,
            ways(
                "balance the pole upright; keep the pole upright; hold it vertical; do not let the pole fall; "
                "keep the pole balanced"
            ),
        ),
        Value(
            "pole.nearly_upright",
            tilt(12),
            ways(
                "is nearly upright; is almost vertical; is close to upright; is tilted very slightly; leans a tiny bit"
            ),
            ways("nearly upright; almost vertical; close to upright; just off vertical"),
        ),
        Value(
            "pole.tilted",
            tilt(45),
            ways(
                "is tilted; leans to one side; is slanted; is leaning over; is halfway down; is at an angle; "
                "is tipping over"
            ),
            ways("leaning over; tilted to one side; at an angle; tipping over; halfway down"),
        ),
        Value(
            "pole.fallen",
            tilt(90),
            ways(
                "has fallen over; lies flat; is lying on the rail; is horizontal; has fallen down; lies along "
                "the rail; is down; has toppled; rests on the rail; has tipped over completely; lost its "
                "balance and fell"
            ),
            ways("lying flat; fallen over; lying on the rail; that has fallen; fallen to the side; lying down"),
            ways("let the pole fall; drop the pole; lay the pole down; let it tip over"),
        ),
        Value(
            "pole.left",
            side(-90),
            ways("leans to the left; has fallen to the left; points left; lies on the left side; tips to the left"),
            ways("leaning left; fallen to the left; pointing left; tipping to the left"),
        ),
        Value(
            "pole.right",
            side(90),
            ways(
                "leans to the right; has fallen to the right; points right; lies on the right side; tips to the right"
            ),
            ways("leaning right; fallen to the right; pointing right; tipping to the right"),
        ),
        *cart_values(lambda state: state.qpos[..., 0], 1.0),
    ),
    neutral=ways(
        "a pole on a cart; a cart with a pole; an inverted pendulum; a cart and a pole; a cart on a "
        "rail with a pole; a stick on a cart"
    ),
    poses=UniformPose((-1.0, -1.5708), (1.0, 1.5708)),
    bodies=("cart", "cpole"),
    pairs=(("pole", "cart"),),
    asked={"inverted_pendulum/balance": ("pole.upright",)},
)
