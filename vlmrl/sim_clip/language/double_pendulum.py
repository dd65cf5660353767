"""Double pendulum on a cart: both poles at once, each alone, and the cart. One up and one down is a near miss."""

import numpy as np

from vlmrl.envs.poses import UniformPose
from vlmrl.envs.task import State
from vlmrl.sim_clip.grammar import Domain, Value, near_angle, ways
from vlmrl.sim_clip.language._carts import CART, cart_values
from vlmrl.sim_clip.language._rods import StateFn, single
from vlmrl.types import Array


def lower(state: State) -> Array:
    """The lower pole's angle from upright [rad]."""
    return state.qpos[..., 1]


def upper(state: State) -> Array:
    """The upper pole's angle from upright [rad]."""
    return state.qpos[..., 1] + state.qpos[..., 2]


def both(low: float, high: float) -> StateFn:
    """Near where the lower pole is at ``low`` and the upper at ``high``: a product, so that one alone is not half."""
    return lambda state: near_angle(lower(state), low) * near_angle(upper(state), high)


DOMAIN = Domain(
    tasks=("double_pendulum/upright",),
    subjects={
        "poles": ways("both poles; the two poles; the poles; both rods; the two rods; the pair of poles"),
        "lower": ways("the lower pole; the first pole; the bottom pole; the pole on the cart; the lower rod"),
        "upper": ways("the upper pole; the second pole; the top pole; the outer pole; the upper rod"),
        "cart": CART,
    },
    values=(
        Value(
            "poles.upright",
            both(0, 0),
            ways(
                "are upright; stand upright; point straight up; are vertical; stand straight up; are balanced "
                "upright; form one tall line; stand on end; rise straight up; are both up; are stacked "
                "straight up; are in a straight line upward; stay balanced; are erect"
            ),
            ways(
                "standing straight up; standing upright; pointing straight up; balanced upright; in one "
                "vertical line; stacked upright; standing on end"
            ),
            ways(
                "balance both poles; keep both poles upright; swing both poles up; stand the two poles up; "
                "hold the double pendulum upright; make both poles vertical"
            ),
        ),
        Value(
            "poles.hanging",
            both(np.pi, np.pi),
            ways(
                "hang down; point straight down; are hanging; hang below the cart; dangle; are both down; "
                "point to the floor; hang limp; droop below"
            ),
            ways("hanging down; hanging straight down; dangling below; pointing straight down; that hang down"),
            ways("let both poles hang; keep the poles down; let the poles drop; leave the poles hanging"),
        ),
        Value(
            "poles.folded",
            both(0, np.pi),
            ways(
                "are folded; are folded together; are bent back on each other; are folded at the joint; are "
                "doubled over"
            ),
            ways("folded together; folded at the joint; bent back on each other; doubled over"),
        ),
        *single("lower", lower),
        *single("upper", upper),
        *cart_values(lambda state: state.qpos[..., 0], 1.0),
    ),
    neutral=ways(
        "two poles on a cart; a double pendulum; a double pendulum on a cart; a cart with two poles; "
        "two rods on a cart; a cart and two poles"
    ),
    poses=UniformPose((-1.0, -3.1416, -3.1416), (1.0, 3.1416, 3.1416)),
    bodies=("cart", "cpole", "cpole2"),
    pairs=(("poles", "cart"), ("lower", "upper"), ("lower", "cart"), ("upper", "cart")),
    asked={"double_pendulum/upright": ("poles.upright",)},
)
