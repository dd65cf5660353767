"""Point mass: where on the table the ball is, and how far from the red dot in the middle."""

import numpy as np

from vlmrl.envs.task import Pose, State
from vlmrl.envs.tasks.point_mass import CORNER, EDGE, distance, nearness, places
from vlmrl.sim_clip.grammar import Domain, Value, near, ways
from vlmrl.sim_clip.language._rods import StateFn
from vlmrl.types import Array

FAR = float(np.hypot(EDGE, EDGE))
"""From the dot to a corner [m]."""


def dot(metres: float) -> StateFn:
    """Near where the ball is ``metres`` from the middle of the dot."""
    return lambda state: near(distance(state, (0.0, 0.0)), metres, 0, FAR)


def corner(x: int, y: int) -> StateFn:
    """Near one corner: 1 or -1 for either side of the table."""
    return lambda state: nearness(state, (x * EDGE, y * EDGE))


def any_corner(state: State) -> Array:
    """Near whichever corner is nearest; both in the middle and halfway along a side it is far."""
    close: Array = 1 - np.linalg.norm(EDGE - np.abs(state.qpos[..., :2]), axis=-1) / FAR
    return close


def edge(axis: int, sign: int) -> StateFn:
    """Near one side of the table."""
    return lambda state: near(sign * state.qpos[..., axis], EDGE, -EDGE, EDGE)


def draw(rng: np.random.Generator, n: int) -> Pose:
    """A half anywhere; an eighth on the dot, about it, in the upper left corner, and in any corner."""
    there = n // 8
    corners = places(rng, there, 0.0, 0.12, CORNER).qpos * rng.choice([-1, 1], (there, 2))
    about = (places(rng, there, 0.0, far, (0.0, 0.0)).qpos for far in (0.05, 0.12))
    parts = [*about, places(rng, there, 0.0, 0.12, CORNER).qpos, corners]
    rest = rng.uniform(-EDGE, EDGE, (n - 4 * there, 2))
    return Pose(rng.permutation(np.concatenate([*parts, rest])))


def _corner(name: str, x: int, y: int) -> Value:
    row, side = ("upper" if y > 0 else "lower"), ("right" if x > 0 else "left")
    end = "top" if y > 0 else "bottom"
    spots = (
        f"in the {row} {side} corner",
        f"at the {end} {side} of the table",
        f"in the {end} {side} corner",
        f"at the {end} {side}",
        f"{row} {side}",
        f"stuck in the {row} {side} corner",
    )
    return Value(
        f"place.{name}",
        corner(x, y),
        (*(f"is {spot}" for spot in spots), f"lies in the {row} {side} corner", f"has rolled to the {end} {side}"),
        (*spots, f"lying in the {end} {side} corner"),
        (
            f"push the ball to the {end} {side}",
            f"roll the ball into the {row} {side} corner",
            f"go to the {end} {side} corner",
            f"move to the {row} {side}",
        ),
    )


def _edge(side: str, axis: int, sign: int) -> Value:
    return Value(
        f"side.{side}",
        edge(axis, sign),
        (
            f"is at the {side} edge",
            f"lies along the {side} wall",
            f"is on the {side} side of the table",
            f"touches the {side} wall",
            f"is near the {side} side",
            f"has rolled to the {side} edge",
        ),
        (
            f"at the {side} edge",
            f"by the {side} wall",
            f"on the {side} side of the table",
            f"near the {side} side",
            f"touching the {side} wall",
        ),
        (
            f"push the ball to the {side} wall",
            f"roll to the {side} edge",
            f"send the ball to the {side} side",
            f"stay at the {side} wall",
        ),
    )


BALL = ways(
    "the ball; the small ball; the marble; the bead; the point mass; the little sphere; the round thing; the pellet"
)
DOMAIN = Domain(
    tasks=("point_mass/target", "point_mass/top_left"),
    subjects={"dot": BALL, "place": BALL, "side": BALL},
    values=(
        Value(
            "dot.on",
            dot(0),
            ways(
                "is on the red dot in the middle; is on the red dot; lies on the red spot; is on the red spot; is in "
                "the centre of the table; rests on the dot; covers the red dot; is in the middle of the table; has "
                "reached the dot; lies on the red disc; is at the target; is right on the mark; sits on the red circle"
            ),
            ways(
                "on the red dot; on the red dot in the middle; in the centre of a table; in the centre of the table; "
                "lying on the red spot; in the middle of the table; on the red disc; at the target; on the red circle"
            ),
            ways(
                "roll the ball onto the red dot; bring the ball to the middle; put the ball on the red spot; go to the "
                "dot; stop on the red disc; park the ball on the target"
            ),
        ),
        Value(
            "dot.beside",
            dot(0.11),
            ways(
                "lies beside the red dot; is next to the red dot; is just off the dot; is close to the red spot; has "
                "nearly reached the dot; is a little off the middle; has rolled off the dot"
            ),
            ways(
                "beside the red dot; next to the red dot; just off the dot; close to the red spot; a little off the "
                "middle"
            ),
        ),
        Value(
            "dot.away",
            dot(0.24),
            ways(
                "is away from the red dot; is some way from the dot; lies between dot and corner; is at a distance "
                "from the dot; has left the middle; is not on the dot"
            ),
            ways(
                "away from the red dot; some way from the dot; at a distance from the dot; between dot and corner; out "
                "of the middle"
            ),
        ),
        Value(
            "dot.far",
            dot(FAR),
            ways(
                "is far from the red dot; is far away from the dot; is a long way from the middle; is as far from the "
                "dot as can be; is nowhere near the red dot; has rolled far from the centre; misses the dot by far"
            ),
            ways(
                "far from the red dot; a long way from the middle; nowhere near the red dot; far away from the dot; "
                "far off the centre"
            ),
            ways("keep away from the red dot; leave the middle; move far from the dot; avoid the red dot"),
        ),
        Value(
            "place.corner",
            any_corner,
            ways(
                "is in a corner; lies in a corner of the table; is stuck in a corner; has rolled into a corner; is "
                "where two walls meet; rests in one of the corners"
            ),
            ways(
                "in a corner; in one of the corners; stuck in a corner; where two walls meet; lying in a corner of the "
                "table"
            ),
            ways("go to a corner; push the ball into a corner; roll into a corner; hide in a corner"),
        ),
        _corner("top_left", -1, 1),
        _corner("top_right", 1, 1),
        _corner("bottom_left", -1, -1),
        _corner("bottom_right", 1, -1),
        _edge("left", 0, -1),
        _edge("right", 0, 1),
        _edge("top", 1, 1),
        _edge("bottom", 1, -1),
    ),
    neutral=ways(
        "a ball on a table; a ball on a square table; a table with a red dot; a marble on a board; a point mass; a "
        "small ball and a red dot; a table seen from above"
    ),
    poses=draw,
    bodies=("pointmass",),
    coloured=("target",),
    pairs=(("dot", "side"),),
    asked={"point_mass/target": ("dot.on",), "point_mass/top_left": ("place.top_left",)},
)
