"""Double pendulum on a cart: both poles at once, each alone, and the cart. One up and one down is a near miss."""

import numpy as np

from vlmrl.envs.poses import UniformPose
from vlmrl.envs.task import State
from vlmrl.sim_clip.grammar import Domain, Value, near, near_angle, off_vertical, ways
from vlmrl.sim_clip.language._carts import CART, cart_values
from vlmrl.sim_clip.language._rods import StateFn
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


def single(name: str, angle: StateFn) -> tuple[Value, ...]:
    """Values of one of the poles, whatever the other does."""

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
