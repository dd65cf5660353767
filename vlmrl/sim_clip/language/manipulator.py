"""Manipulator: how far the hand is from the red ball, where the arm points and how it is bent, where the ball is."""

import numpy as np

from vlmrl.envs.task import Pose, State
from vlmrl.envs.tasks.manipulator import FAR, LINKS, ROOT, distance, hand, poses
from vlmrl.sim_clip.grammar import Domain, Value, near, near_angle, ways
from vlmrl.sim_clip.language._rods import StateFn
from vlmrl.types import Array

LOW, HIGH = 0.03, 0.9
"""Heights that the hand reaches [m]."""


def gap(metres: float) -> StateFn:
    """Near where the place between the fingers is ``metres`` from the red ball's centre."""
    return lambda state: near(np.minimum(distance(state), FAR), metres, 0, FAR)


def stretch(share: float) -> StateFn:
    """Near where the hand is that share of the arm's length from its root."""
    return lambda state: near(np.linalg.norm(hand(state.qpos) - ROOT, axis=-1) / sum(LINKS), share, 0.1, 1)


def pointing(degrees: float) -> StateFn:
    """Near where the hand is, from the arm's root, ``degrees`` to the right of straight up."""

    def near_direction(state: State) -> Array:
        across, up = np.moveaxis(hand(state.qpos) - ROOT, -1, 0)
        return near_angle(np.arctan2(across, up), np.radians(degrees))

    return near_direction


def ball(axis: int, sign: float, reach: float) -> StateFn:
    """Near where the red ball is ``reach`` to one side of the arm's root, or over or under it."""
    return lambda state: near(sign * (state.mocap_pos[..., 0, axis] - ROOT[axis // 2]), reach, -reach, reach)


def draw(rng: np.random.Generator, n: int) -> Pose:
    """A third each: the hand within 15 cm of the red ball, the arm anywhere, the arm fallen or curled up."""
    third = n // 3
    parts = [poses(rng, third, 0.0, 0.149), poses(rng, n - 2 * third, 0.0, FAR), poses(rng, third, 0.0, FAR)]
    loose = np.empty((0, 4))
    while len(loose) < third:
        arm = rng.uniform((-np.pi, -2.4, -2.4, -2.2), (np.pi, 2.4, 2.4, 2.2), (8 * third, 4))
        turned = np.cumsum(arm, axis=1)
        heights = ROOT[1] + np.cumsum(np.cos(turned) * LINKS, axis=1)
        loose = np.concatenate([loose, arm[heights.min(axis=1) > LOW]])
    parts[2].qpos[:, :4] = loose[:third]
    targets = [part.mocap_pos for part in parts if part.mocap_pos is not None]
    return Pose(np.concatenate([part.qpos for part in parts]), None, np.concatenate(targets))


DOMAIN = Domain(
    tasks=("manipulator/reach",),
    subjects={
        "gap": ways(
            "the gripper; the hand; the robot's hand; the robot arm; the claw; the arm; the end of the arm; the "
            "gripper hand; the manipulator; the grabber"
        ),
        "arm": ways("the arm; the robot arm; the manipulator; the robot; the jointed arm; the mechanical arm"),
        "hand": ways("the arm; the robot arm; the hand; the gripper; the manipulator; the claw; the robot"),
        "ball": ways("the red ball; the target; the ball; the red target; the red sphere; the big red ball"),
    },
    values=(
        Value(
            "gap.reached",
            gap(0),
            ways(
                "is at the red ball; holds its hand over the red ball; is on the red ball; has reached the red ball; "
                "reaches the ball; is at the target; covers the ball; is over the red ball; touches the red ball; has "
                "got to the target; grips the red ball; is right at the ball; has arrived at the red ball"
            ),
            ways(
                "at the red ball; on the red ball; reaching the red ball; with its hand over the red ball; at the "
                "target; that has reached the ball; touching the red ball"
            ),
            ways(
                "a robot arm holds its hand over the red ball; the robot arm holds its hand over the red ball; reach "
                "for the red ball; move the gripper to the red ball; bring the hand to the target; put the claw on the "
                "ball; grab the red ball"
            ),
        ),
        Value(
            "gap.near",
            gap(0.13),
            ways(
                "is near the red ball; is close to the red ball; almost reaches the ball; is next to the ball; is just "
                "short of the ball; is a hand's width from the ball; has nearly got to the target"
            ),
            ways(
                "near the red ball; close to the red ball; almost at the ball; next to the ball; just short of the "
                "target"
            ),
        ),
        Value(
            "gap.halfway",
            gap(0.38),
            ways(
                "is some way from the red ball; is at a distance from the ball; does not reach the ball; is apart from "
                "the ball; is away from the target; keeps its distance from the ball"
            ),
            ways(
                "some way from the red ball; at a distance from the ball; apart from the ball; away from the target; "
                "short of the ball by far"
            ),
        ),
        Value(
            "gap.far",
            gap(FAR),
            ways(
                "is far from the red ball; points away from the red ball; is far away from the ball; is nowhere near "
                "the ball; is on the other side from the ball; misses the ball by far; is a long way from the target; "
                "reaches the wrong way"
            ),
            ways(
                "far from the red ball; pointing away from the red ball; nowhere near the ball; a long way from the "
                "target; on the other side from the ball"
            ),
            ways("stay away from the red ball; point away from the ball; keep far from the target; avoid the red ball"),
        ),
        Value(
            "arm.stretched",
            stretch(1),
            ways(
                "is stretched out; is straight; is extended; is at full length; reaches as far as it can; is unbent; "
                "makes a straight line"
            ),
            ways("stretched out; that is straight; fully extended; at full length; reaching far out"),
            ways("stretch the arm out; straighten the arm; extend the arm; reach as far as possible"),
        ),
        Value(
            "arm.bent",
            stretch(0.6),
            ways("is bent; is half bent; is crooked; makes a corner; is bent at the elbow; has a bend in it"),
            ways("bent at the elbow; half bent; with a bend in it; that is crooked; making a corner"),
        ),
        Value(
            "arm.curled",
            stretch(0.1),
            ways(
                "is curled up; is folded; is rolled up; is folded onto itself; is drawn in; is tucked in; is coiled up"
            ),
            ways("curled up; folded onto itself; rolled up; drawn in; tucked in"),
            ways("curl the arm up; fold the arm; draw the arm in; tuck the hand in"),
        ),
        Value(
            "hand.up",
            pointing(0),
            ways("points up; reaches up; is raised; is at the top; reaches for the ceiling; sticks up"),
            ways("pointing up; reaching up; raised high; at the top; sticking up"),
            ways("raise the arm; reach up; point up; lift the hand"),
        ),
        Value(
            "hand.down",
            pointing(180),
            ways("points down; hangs down; is lowered; is near the floor; reaches for the floor; has dropped"),
            ways("pointing down; hanging down; lowered to the floor; near the floor; dropped down"),
            ways("lower the arm; reach down; point down; drop the hand"),
        ),
        Value(
            "hand.left",
            pointing(-90),
            ways("points left; reaches to the left; is on the left; leans to the left; sticks out left; goes left"),
            ways("pointing left; reaching to the left; on the left; leaning to the left; sticking out left"),
            ways("reach left; point left; turn the arm to the left; move the hand left"),
        ),
        Value(
            "hand.right",
            pointing(90),
            ways(
                "points right; reaches to the right; is on the right; leans to the right; sticks out right; goes right"
            ),
            ways("pointing right; reaching to the right; on the right; leaning to the right; sticking out right"),
            ways("reach right; point right; turn the arm to the right; move the hand right"),
        ),
        Value(
            "ball.left",
            ball(0, -1, 0.42),
            ways("is on the left; floats on the left; is left of the arm; hangs at the left; is far left; lies left"),
            ways("on the left; left of the arm; at the left; floating on the left; far to the left"),
        ),
        Value(
            "ball.right",
            ball(0, 1, 0.42),
            ways(
                "is on the right; floats on the right; is right of the arm; hangs at the right; is far right; lies "
                "right"
            ),
            ways("on the right; right of the arm; at the right; floating on the right; far to the right"),
        ),
        Value(
            "ball.high",
            ball(2, 1, 0.42),
            ways("is high up; is at the top; floats above the arm; is overhead; hangs high; is in the upper part"),
            ways("high up; at the top; above the arm; overhead; floating high"),
        ),
        Value(
            "ball.low",
            ball(2, -1, 0.3),
            ways(
                "is low down; is at the bottom; is close to the floor; is below the arm; hangs low; is in the lower "
                "part"
            ),
            ways("low down; at the bottom; close to the floor; below the arm; floating low"),
        ),
    ),
    neutral=ways(
        "a robot arm and a red ball; a robot arm with a gripper; an arm and a ball; a manipulator; a robot arm; a "
        "jointed arm with a hand; a robot arm and a target; a mechanical arm"
    ),
    poses=draw,
    bodies=("upper_arm", "middle_arm", "lower_arm", "hand", "palm1", "palm2"),
    coloured=("target_ball", "ball"),
    pairs=(("gap", "arm"), ("gap", "ball"), ("hand", "ball"), ("arm", "hand")),
    asked={"manipulator/reach": ("gap.reached",)},
)
