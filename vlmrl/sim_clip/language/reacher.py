"""Reacher: how far the fingertip is from the ball, how the arm is bent, where the ball lies."""

import numpy as np

from vlmrl.envs.task import Pose
from vlmrl.envs.tasks.reacher import FAR, distance, poses
from vlmrl.sim_clip.grammar import Domain, Value, near, ways
from vlmrl.sim_clip.language._rods import StateFn


def gap(metres: float) -> StateFn:
    """Near where the fingertip is ``metres`` from the ball's centre.

    Touching begins 6 cm from it, yet is nearest at the centre: with all touching states alike the score was highest a
    little beside the ball as often as on it, and an agent touched it in two episodes of five.
    """
    return lambda state: near(np.minimum(distance(state), FAR), metres, 0, FAR)


def draw(rng: np.random.Generator, n: int) -> Pose:
    """Poses of which two in five have the fingertip within 16 cm of the ball, where rewards are decided."""
    near, anywhere = poses(rng, 2 * n // 5, 0.0, 0.16), poses(rng, n - 2 * n // 5, 0.0, FAR)
    both = [(getattr(near, name), getattr(anywhere, name)) for name in ("qpos", "mocap_pos")]
    qpos, balls = (np.concatenate(pair) for pair in both)
    return Pose(qpos, None, balls)


def bend(radians: float) -> StateFn:
    """Near where the wrist is bent by ``radians``, to whichever side."""
    return lambda state: near(np.abs(state.qpos[..., 1]), radians, 0, 2.8)


def ball(axis: int, sign: float) -> StateFn:
    """Near where the ball lies at one edge of the picture."""
    return lambda state: near(sign * state.mocap_pos[..., 0, axis], 0.2, -0.2, 0.2)


def _side(name: str, where: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return (
        (f"is {where}", f"lies {where}", f"is located {where}", f"sits {where} of the picture", f"can be seen {where}"),
        (where, f"lying {where}", f"placed {where}", f"resting {where}"),
    )


DOMAIN = Domain(
    tasks=("reacher/touch",),
    subjects={
        "gap": ways(
            "the finger; the fingertip; the tip of the arm; the arm; the hand; the robot arm; the end of "
            "the arm; the tip; the claw; the tool; the robot; the manipulator; the end effector; the gripper"
        ),
        "arm": ways("the arm; the robot arm; the two-link arm; the manipulator; the robot; the limb"),
        "ball": ways("the ball; the red ball; the target; the red circle; the sphere"),
    },
    values=(
        Value(
            "gap.touching",
            gap(0),
            ways(
                "touches the ball; is on the ball; is touching the ball; has reached the ball; reaches the "
                "target; is on the target; is at the ball; touches the target; meets the ball; covers the "
                "ball; is in contact with the ball; rests on the red ball; has arrived at the target; touches "
                "the red ball; hits the ball; is right on top of the ball"
            ),
            ways(
                "touching the ball; on the ball; that has reached the target; reaching the ball; resting on "
                "the ball; in contact with the ball; at the target"
            ),
            ways(
                "touch the ball; reach the ball; reach for the target; move the finger to the ball; put the "
                "fingertip on the ball; touch the red ball; go to the target"
            ),
        ),
        Value(
            "gap.near",
            gap(0.12),
            ways(
                "is near the ball; is close to the ball; almost touches the ball; is next to the ball; is a "
                "short way from the ball; is not far from the target; is near the target"
            ),
            ways(
                "near the ball; close to the ball; almost touching the ball; next to the target; a short way "
                "from the ball"
            ),
        ),
        Value(
            "gap.halfway",
            gap(0.22),
            ways(
                "is some way from the ball; is at a distance from the ball; is not close to the ball; is away "
                "from the ball"
            ),
            ways("some way from the ball; at a distance from the ball; away from the ball; apart from the target"),
        ),
        Value(
            "gap.far",
            gap(FAR),
            ways(
                "is far from the ball; is far away from the ball; is nowhere near the ball; is a long way "
                "from the target; is on the other side from the ball; points away from the ball; misses the "
                "ball by far; is far from the target"
            ),
            ways(
                "far from the ball; far away from the target; pointing away from the ball; nowhere near the "
                "ball; a long way from the ball"
            ),
            ways("stay away from the ball; move away from the ball; keep far from the target; avoid the ball"),
        ),
        Value(
            "arm.stretched",
            bend(0),
            ways("is stretched out; is straight; is fully extended; is extended; forms a straight line; is unbent"),
            ways("stretched out; fully extended; that is straight; held straight"),
        ),
        Value(
            "arm.folded",
            bend(2.7),
            ways("is folded; is bent; is folded back on itself; is bent sharply; is curled up; is doubled back"),
            ways("folded back; bent sharply; that is folded; curled up"),
        ),
        Value("ball.left", ball(0, -1), *_side("left", "on the left")),
        Value("ball.right", ball(0, 1), *_side("right", "on the right")),
        Value("ball.top", ball(1, 1), *_side("top", "at the top")),
        Value("ball.bottom", ball(1, -1), *_side("bottom", "at the bottom")),
    ),
    neutral=ways(
        "an arm and a ball; a robot arm and a ball; an arm with two links and a ball; a ball and an "
        "arm; a reacher; a robot arm and a target; a two-link arm on a table"
    ),
    poses=draw,
    bodies=("arm", "hand", "finger", "target"),
    coloured=("target",),
    pairs=(("gap", "arm"), ("gap", "ball"), ("arm", "ball")),
    asked={"reacher/touch": ("gap.touching",)},
)
