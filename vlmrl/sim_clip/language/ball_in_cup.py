"""Ball in cup: where the ball is as the cup sees it, how long the string is drawn, where the cup has moved."""

import numpy as np

from vlmrl.envs.poses import along
from vlmrl.envs.task import Pose, State
from vlmrl.envs.tasks.ball_in_cup import BASE, cups, inside, nearness_caught, offset
from vlmrl.sim_clip.grammar import Domain, Value, near, ways
from vlmrl.sim_clip.language._rods import StateFn
from vlmrl.types import Array

STRING = 0.3
"""Its length [m]."""
KNOT = np.array([0.0, -0.108])
"""Where it is tied under the cup, from the cup's rim [m]."""
WALLS = np.array([[-0.05, 0.0], [-0.05, -0.075], [-0.025, -0.1], [0.025, -0.1], [0.05, -0.075], [0.05, 0.0]])
"""The corners of the cup from its rim, across and up [m]."""
CLEAR = 0.033
"""Ball and wall touch when their middles are nearer than this [m]."""


def from_walls(points: Array) -> Array:
    """How far points ``(n, 2)`` are from the cup's wall: ``(n,)`` [m]."""
    start, side = WALLS[:-1], np.diff(WALLS, axis=0)
    relative = points[:, None] - start
    share = np.clip((relative * side).sum(-1) / (side**2).sum(-1), 0, 1)
    gap: Array = np.linalg.norm(relative - share[..., None] * side, axis=-1).min(axis=1)
    return gap


def draw(rng: np.random.Generator, n: int) -> Pose:
    """A fifth in the cup, a quarter on a taut string, the others anywhere that the string allows."""
    caught, taut = n // 5, n // 4
    places = np.empty((0, 2))
    while len(places) < n - caught:
        drawn = STRING * np.sqrt(rng.random((4 * n, 1))) * along(rng.standard_normal((4 * n, 2)))
        if len(places) < taut:
            drawn = STRING * along(rng.standard_normal((2 * taut, 2)) * (1, 0.7) + (0, -0.7))
        drawn = drawn + KNOT
        kept = drawn[from_walls(drawn) > CLEAR]
        places = np.concatenate([places, kept[:taut] if len(places) < taut else kept])
    cup = 1.2 * cups(rng, n - caught)
    qpos = np.concatenate([cup, cup + BASE + places[: n - caught]], axis=1)
    return Pose(rng.permutation(np.concatenate([inside(rng, caught).qpos, qpos])))


def missed(state: State) -> Array:
    """Near where the ball is as far from caught as can be."""
    return 1 - nearness_caught(state)


def ball(across: float, up: float) -> StateFn:
    """Near where the ball is at a place as the middle of the cup's inside sees it [m]."""
    return lambda state: 1 - np.linalg.norm(offset(state) - (across, up), axis=-1) / 0.6


def beside(state: State) -> Array:
    """Near where the ball is level with the cup, to whichever side of it."""
    gap = offset(state)
    return 1 - np.hypot(np.abs(gap[..., 0]) - 0.15, gap[..., 1]) / 0.4


def string(share: float) -> StateFn:
    """Near where the ball is that share of the string's length from the knot under the cup."""

    def near_length(state: State) -> Array:
        drawn = np.linalg.norm(offset(state) - (0.0, -0.048), axis=-1) / STRING
        return near(drawn, share, 0.2, 1.0)

    return near_length


def cup(axis: int, sign: float) -> StateFn:
    """Near where the cup has moved to one edge of where it goes."""
    return lambda state: near(sign * state.qpos[..., axis], 0.18, -0.18, 0.18)


def _at(name: str, near_place: StateFn, where: str, commands: str) -> Value:
    places = ways(where)
    said = tuple(f"{verb} {place}" for place in places for verb in ("is", "hangs"))
    return Value(name, near_place, said, (*places, *(f"that has moved {place}" for place in places)), ways(commands))


DOMAIN = Domain(
    tasks=("ball_in_cup/catch",),
    subjects={
        "ball": ways(
            "the ball; the little ball; the ball on the string; the round ball; the bead; the sphere; the toy"
        ),
        "cup": ways("the cup; the mug; the bowl; the container; the goblet; the beaker; the open cup"),
        "string": ways("the string; the cord; the thread; the line; the tether; the rope; the leash"),
        "place": ways("the cup; the mug; the bowl; the container; the beaker; the goblet; the moving cup"),
    },
    values=(
        Value(
            "ball.caught",
            nearness_caught,
            ways(
                "is in the cup; is inside the cup; has been caught; lies in the cup; rests in the cup; has landed in "
                "the cup; sits inside the cup; fell into the cup; is caught; is held by the cup; is at the bottom of "
                "the cup; has dropped into the cup"
            ),
            ways(
                "in the cup; inside the cup; caught by the cup; lying in the cup; resting in the cup; that has been "
                "caught; held in the cup"
            ),
            ways(
                "catch the ball; catch the ball in the cup; put the ball into the cup; get the ball in; swing the ball "
                "into the cup; scoop up the ball"
            ),
        ),
        Value(
            "cup.full",
            nearness_caught,
            ways(
                "holds the ball; has the ball in it; contains the ball; has caught the ball; is filled by the ball; "
                "has a ball inside; carries the ball"
            ),
            ways(
                "with a ball inside; holding the ball; with the ball in it; that has caught the ball; containing the "
                "ball; carrying the ball"
            ),
            ways("fill the cup with the ball; hold the ball inside; catch it; let the cup receive the ball"),
        ),
        Value(
            "cup.empty",
            missed,
            ways(
                "is empty; has nothing in it; has lost the ball; has missed the ball; does not hold the ball; is "
                "without the ball; holds no ball"
            ),
            ways(
                "with nothing in it; that is empty; that has missed the ball; without the ball; that has lost the "
                "ball; holding nothing"
            ),
            ways("an empty cup; the empty cup; miss the ball; leave the cup empty"),
        ),
        Value(
            "ball.below",
            ball(0.0, -0.34),
            ways(
                "hangs below the cup; is under the cup; dangles beneath the cup; hangs straight down; is far below the "
                "cup; hangs on its string; has sunk to the end of the string"
            ),
            ways(
                "hanging below the cup; under the cup; dangling beneath the cup; hanging straight down; at the end of "
                "its string; far below the cup"
            ),
            ways("let the ball hang; leave the ball hanging; let the ball dangle under the cup; drop the ball"),
        ),
        Value(
            "ball.beside",
            beside,
            ways(
                "is beside the cup; is next to the cup; flies past the cup; is level with the cup; is at the side of "
                "the cup; is just outside the cup; has swung out sideways"
            ),
            ways(
                "beside the cup; next to the cup; level with the cup; at the side of the cup; just outside the cup; "
                "swung out to the side"
            ),
        ),
        Value(
            "ball.above",
            ball(0.0, 0.18),
            ways(
                "is above the cup; is over the rim; flies over the cup; is higher than the cup; hovers above the "
                "opening; is in the air over the cup; has been thrown up"
            ),
            ways(
                "above the cup; over the rim; higher than the cup; in the air over the cup; thrown up high; flying "
                "over the opening"
            ),
            ways("throw the ball up; swing the ball over the cup; toss the ball above the rim; fling the ball up"),
        ),
        Value(
            "ball.left",
            ball(-0.28, -0.1),
            ways(
                "is left of the cup; is to the left of the cup; has swung to the left; flies out left; hangs off to "
                "the left; is on the cup's left side"
            ),
            ways("left of the cup; swung to the left; to the left of the cup; out on the left; flying left"),
        ),
        Value(
            "ball.right",
            ball(0.28, -0.1),
            ways(
                "is right of the cup; is to the right of the cup; has swung to the right; flies out right; hangs off "
                "to the right; is on the cup's right side"
            ),
            ways("right of the cup; swung to the right; to the right of the cup; out on the right; flying right"),
        ),
        Value(
            "string.taut",
            string(1.0),
            ways("is taut; is stretched tight; is pulled straight; is at full length; is tense; is drawn tight"),
            ways("pulled straight; stretched tight; at full length; drawn tight; under tension"),
        ),
        Value(
            "string.slack",
            string(0.2),
            ways("is slack; is loose; hangs limp; sags; is not pulled; has gone slack"),
            ways("hanging loose; that has gone slack; hanging limp; that sags; under no tension"),
        ),
        _at("place.left", cup(0, -1), "on the left; at the left; far to the left; left of the middle", "move left"),
        _at(
            "place.right", cup(0, 1), "on the right; at the right; far to the right; right of the middle", "move right"
        ),
        _at(
            "place.high", cup(1, 1), "high up; near the top; up high; in the upper part", "lift the cup; raise the cup"
        ),
        _at("place.low", cup(1, -1), "low down; near the ground; down low; in the lower part", "lower the cup"),
    ),
    neutral=ways(
        "a cup and a ball on a string; a ball and a cup; a cup with a ball on a string; a ball tied to a cup; a toy of "
        "a cup and a ball; a cup and ball"
    ),
    poses=draw,
    bodies=("cup_part_0", "cup_part_2", "cup_part_4", "ball"),
    pairs=(("ball", "place"), ("cup", "place"), ("string", "place")),
    asked={"ball_in_cup/catch": ("ball.caught",)},
)
