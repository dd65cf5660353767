"""Acrobot: both poles at once, each alone, and the elbow between them. One up and one down is a near miss."""

import numpy as np

from vlmrl.envs.task import Pose, State
from vlmrl.sim_clip.grammar import Domain, Value, near, near_angle, off_vertical, ways
from vlmrl.sim_clip.language._rods import StateFn, single
from vlmrl.types import Array


def first(state: State) -> Array:
    """The angle of the pole on the hinge from upright [rad]."""
    return state.qpos[..., 0]


def second(state: State) -> Array:
    """The angle of the pole at its tip from upright [rad]."""
    return state.qpos[..., 0] + state.qpos[..., 1]


def both(low: float, high: float) -> StateFn:
    """Near where the first pole is at ``low`` and the second at ``high``: a product, so that one alone is not half."""
    return lambda state: near_angle(first(state), low) * near_angle(second(state), high)


def elbow(degrees: float) -> StateFn:
    """Near where the elbow is bent by ``degrees``, to whichever side."""
    return lambda state: near(off_vertical(state.qpos[..., 1]), np.radians(degrees), 0, np.pi)


def draw(rng: np.random.Generator, n: int) -> Pose:
    """Poles anywhere; in a third of the poses about upright, where episodes start and are lost."""
    qpos = rng.uniform(-np.pi, np.pi, (n, 2))
    upright = rng.random(n) < 1 / 3
    qpos[upright] = rng.normal(0, 0.45, (upright.sum(), 2))
    return Pose(qpos)


DOMAIN = Domain(
    tasks=("acrobot/balance",),
    subjects={
        "poles": ways(
            "both poles; two poles; two linked poles; both rods; two rods; both arms; both links; both sticks"
        ),
        "lower": ways(
            "the lower pole; the first pole; the pole on the hinge; the lower arm; the inner pole; the bottom pole; "
            "the base pole"
        ),
        "upper": ways(
            "the upper pole; the second pole; the outer pole; the upper arm; the pole at the tip; the far pole; the "
            "end pole"
        ),
        "top": ways(
            "the upper pole; the second pole; the outer pole; the upper arm; the far pole; the upper rod; the top pole"
        ),
        "elbow": ways("the acrobot; the double pole; the robot; the elbow; the chain of two poles; the jointed arm"),
    },
    values=(
        Value(
            "poles.upright",
            both(0, 0),
            ways(
                "stand straight up, one on the other; stand straight up; stand one on the other; point at the sky; are "
                "upright; are balanced on end; reach straight up; are stacked upright; stand tall in one line; point "
                "upward together; are vertical above the hinge; are held up; rise to the sky; stay up"
            ),
            ways(
                "standing straight up, one on the other; pointing at the sky; standing upright; balanced on end; "
                "stacked one on the other; straight up above the hinge; reaching for the sky; raised all the way up"
            ),
            ways(
                "a double pole pointing at the sky; a double pole standing upright; the acrobot stands upright; the "
                "acrobot points at the sky; balance one pole on the other; keep both poles up; point both poles at the "
                "sky; stand up straight; hold the acrobot upright; swing both arms to the top"
            ),
        ),
        Value(
            "poles.hanging",
            both(np.pi, np.pi),
            ways(
                "hang down; hang straight down; are below the hinge; dangle from the hinge; point at the "
                "ground; have dropped; have fallen all the way down; are at the bottom; trail downward"
            ),
            ways(
                "hanging down; hanging straight down; below the hinge; dangling from the hinge; pointing at the "
                "ground; dropped to the bottom"
            ),
            ways("let both poles hang; drop both poles; leave the acrobot hanging; let go of everything"),
        ),
        *single("lower", first),
        *single("upper", second),
        Value(
            "top.dropped",
            both(0, np.pi),
            ways(
                "hangs down from the tip of the lower one; has tipped over and hangs; dangles from the top of the "
                "first one; hangs beside the standing one; has toppled from the top; hangs off the upright one"
            ),
            ways(
                "hanging down from the tip of the lower one; dangling from the top of the first one; tipped over and "
                "hanging; hanging beside the standing one; toppled from the top"
            ),
        ),
        Value(
            "elbow.straight",
            elbow(0),
            ways(
                "is straight; is stretched out; is not bent; forms one long line; is at full length; is unfolded; is "
                "extended"
            ),
            ways("stretched out; at full length; in one long line; that is straight; fully unfolded"),
            ways("stretch the acrobot out; straighten the elbow; line the two poles up; unfold it"),
        ),
        Value(
            "elbow.bent",
            elbow(90),
            ways(
                "is bent; is bent at a right angle; makes a corner; is half folded; forms an L; is crooked; bends "
                "sideways"
            ),
            ways("bent at a right angle; bent in the middle; half folded; in the shape of an L; with a corner in it"),
        ),
        Value(
            "elbow.folded",
            elbow(180),
            ways(
                "is folded onto itself; is folded up; is closed; is doubled back; has its poles folded onto each "
                "other; is shut like a knife; lies pole on pole"
            ),
            ways(
                "folded onto itself; folded up; with two poles folded onto each other; doubled back; shut like a knife"
            ),
            ways("fold the two poles onto each other; two poles folded onto each other; close the elbow; fold it up"),
        ),
    ),
    neutral=ways(
        "two poles hinged to each other; two poles in a row; an acrobot; a double pole; two linked rods; an arm of two "
        "poles on a hinge; a robot of two poles"
    ),
    poses=draw,
    bodies=("upper_arm", "lower_arm"),
    pairs=(("lower", "upper"), ("poles", "elbow"), ("lower", "elbow")),
    asked={"acrobot/balance": ("poles.upright",)},
)
