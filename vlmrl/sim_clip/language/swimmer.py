"""Swimmer: the shape of the worm's body, how far apart its ends are, and how it lies in the picture."""

from functools import partial

import numpy as np

from vlmrl.envs.task import Pose, State
from vlmrl.envs.tasks.swimmer import BEND, IN_TURN, ONE_SIDE, ROOT, bends, nearness_bent, poses
from vlmrl.sim_clip.grammar import Domain, Value, near, ways
from vlmrl.sim_clip.language._rods import StateFn
from vlmrl.types import Array

AN_S = (1, 1, 0, -1, -1)
"""To which sides the joints bend in the letter."""


def like(sides: tuple[float, ...]) -> StateFn:
    """Near where each joint is bent by its share of all that it can be, or the mirror image of that."""

    def near_shape(state: State) -> Array:
        shape = bends(state, ONE_SIDE)
        gaps = [np.abs(shape - sign * np.array(sides)).mean(axis=-1) for sign in (1, -1)]
        close: Array = 1 - np.minimum(*gaps)
        return close

    return near_shape


def straight(state: State) -> Array:
    """Near where no joint is bent."""
    close: Array = 1 - np.abs(bends(state, ONE_SIDE)).mean(axis=-1)
    return close


def along_body(state: State) -> Array:
    """From the worm's one end to the other, in lengths of a link: ``(..., 2)``, right and up in the picture."""
    angles = state.qpos[..., ROOT - 1, None] + np.concatenate(
        [np.zeros((*state.qpos.shape[:-1], 1)), np.cumsum(state.qpos[..., ROOT:], axis=-1)], axis=-1
    )
    way: Array = np.stack([-np.sin(angles), np.cos(angles)], axis=-1).sum(axis=-2)
    return way


def span(links: float) -> StateFn:
    """Near where the worm's ends are so many links apart."""
    return lambda state: near(np.linalg.norm(along_body(state), axis=-1), links, 0, 6)


def lying(axis: int) -> StateFn:
    """Near where the worm is as long as it can be along one side of the picture, and has no width along the other."""

    def near_lie(state: State) -> Array:
        way = np.abs(along_body(state)) / 6
        return (1 + way[..., axis] - way[..., 1 - axis]) / 2

    return near_lie


def draw(rng: np.random.Generator, n: int) -> Pose:
    """A quarter each rings and zigzags, hardly to fully bent; an eighth each S, bows, straight worms, any bends."""
    sides = rng.choice([-1, 1], (n, 5))
    kind = rng.choice(6, n, p=np.array([2, 2, 1, 1, 1, 1]) / 8)
    for i, shape in enumerate((ONE_SIDE, IN_TURN, AN_S, ONE_SIDE, ONE_SIDE)):
        sides[kind == i] = shape
    low, high = np.array([(0.1, 1.1), (0.1, 1.1), (0.3, 1.0), (0.1, 0.6), (0.0, 0.15), (0.0, 1.0)])[kind].T
    share = rng.uniform(low, high)[:, None] * sides * rng.choice([-1, 1], (n, 1))
    loose = rng.uniform(0, 0.5, (n, 1)) ** 2 * rng.standard_normal((n, 5))
    drawn = poses(rng, n, ONE_SIDE)
    drawn.qpos[:, ROOT:] = BEND * np.clip(share + loose, -1, 1)
    return drawn


WORM = ways("a worm; the worm; a snake; the snake; the swimmer; the robot worm; the chain of links; the eel")
DOMAIN = Domain(
    tasks=("swimmer/ring", "swimmer/zigzag"),
    subjects={"shape": WORM, "span": WORM, "lie": WORM},
    values=(
        Value(
            "shape.ring",
            partial(nearness_bent, sides=ONE_SIDE),
            ways(
                "is curled up into a ring; bites its own tail; is bent into a circle; forms a ring; makes a circle; is "
                "curled up; closes into a loop; is rolled up; forms the letter O; makes a hexagon; is curled into a "
                "closed loop; lies in a ring"
            ),
            ways(
                "curled up into a ring; that bites its own tail; bent into a circle; forming a ring; curled up; closed "
                "into a loop; in the shape of an O; rolled up; lying in a ring"
            ),
            ways(
                "curl up into a ring; bite your own tail; make a circle; bend into a ring; close the loop; roll "
                "yourself up"
            ),
        ),
        Value(
            "shape.bow",
            like((0.45,) * 5),
            ways(
                "is bent like a bow; forms an arc; makes a half circle; curves to one side; is curved like a banana; "
                "makes a crescent; bends in one wide curve"
            ),
            ways(
                "bent like a bow; in an arc; in a half circle; curved to one side; in the shape of a crescent; bent in "
                "one wide curve"
            ),
            ways("bend like a bow; make an arc; curve to one side; make a crescent"),
        ),
        Value(
            "shape.letter_s",
            like(tuple(0.75 * side for side in AN_S)),
            ways(
                "makes an S; is bent like an S; curves one way and then the other; forms the letter S; makes two "
                "opposite curves; winds like a river"
            ),
            ways(
                "bent like an S; in the shape of an S; with two opposite curves; curving one way and then the other; "
                "winding like a river"
            ),
            ways("make an S; form the letter S; bend one way and then the other; wind like a river"),
        ),
        Value(
            "shape.zigzag",
            partial(nearness_bent, sides=IN_TURN),
            ways(
                "is folded into a zigzag; makes a zigzag; is in a zigzag; has sharp bends to the left and right in "
                "turn; bends left and right in turn; is folded like an accordion; has teeth like a saw; is jagged; "
                "forms a row of corners; is kinked at every joint; runs in a zigzag"
            ),
            ways(
                "folded into a zigzag; with sharp bends to the left and right in turn; in a zigzag; bent left and "
                "right in turn; folded like an accordion; with teeth like a saw; that is jagged; kinked at every joint"
            ),
            ways(
                "fold into a zigzag; make a zigzag; bend left and right in turn; fold up like an accordion; make a "
                "saw; zigzag"
            ),
        ),
        Value(
            "shape.straight",
            straight,
            ways(
                "is stretched out straight; is straight; lies in a straight line; is stretched out; has no bend; is as "
                "straight as a stick; lies like a ruler"
            ),
            ways(
                "stretched out straight; in a straight line; that is straight; without a bend; as straight as a stick; "
                "lying like a ruler"
            ),
            ways("stretch out straight; straighten out; lie in a straight line; make yourself straight"),
        ),
        Value(
            "span.long",
            span(6),
            ways(
                "has its ends far apart; is at its full length; has its head far from its tail; is long; reaches "
                "far; spans a long way"
            ),
            ways(
                "with its ends far apart; at its full length; with its head far from its tail; reaching far; that is "
                "long"
            ),
            ways("get long; move your head far from your tail; spread out to full length; reach far"),
        ),
        Value(
            "span.short",
            span(0),
            ways(
                "has its ends close together; has its head at its tail; touches its tail; is compact; brings its two "
                "ends together; takes up little room"
            ),
            ways(
                "with its ends close together; with its head at its tail; touching its tail; that is compact; with its "
                "two ends together"
            ),
            ways("bring your ends together; touch your tail; move your head to your tail; get compact"),
        ),
        Value(
            "lie.across",
            lying(0),
            ways(
                "lies across the picture; lies from left to right; is horizontal in the picture; extends sideways; "
                "stretches from side to side; runs left to right"
            ),
            ways(
                "lying across the picture; lying from left to right; extending sideways; stretched from side to side; "
                "running left to right"
            ),
        ),
        Value(
            "lie.upright",
            lying(1),
            ways(
                "lies from top to bottom; is vertical in the picture; runs up and down; lies along the picture's "
                "height; extends from top to bottom; points up the picture"
            ),
            ways(
                "lying from top to bottom; vertical in the picture; running up and down; extending from top to bottom; "
                "pointing up the picture"
            ),
        ),
    ),
    neutral=ways(
        "a worm on the floor; a worm; a snake on the floor; a swimmer of six links; a chain of links; a robot worm "
        "seen from above; an eel in water"
    ),
    poses=draw,
    bodies=("head", "visual", "visual_0", "visual_1", "visual_2", "visual_3", "visual_4"),
    pairs=(("shape", "lie"),),
    asked={"swimmer/ring": ("shape.ring",), "swimmer/zigzag": ("shape.zigzag",)},
)
