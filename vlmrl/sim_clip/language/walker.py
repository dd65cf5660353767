"""Walker: how high the body is and how upright. Kneeling with a straight back, a near miss, has words of its own."""

from __future__ import annotations

import numpy as np

from vlmrl.envs.task import Pose, State
from vlmrl.envs.tasks.walker import STANDING, height, poses, uprightness
from vlmrl.sim_clip.grammar import Domain, Value, near, ways
from vlmrl.sim_clip.language._rods import StateFn
from vlmrl.types import Array

LOW, HIGH = 0.1, STANDING
"""Torso heights lying and standing [m]."""
JOINTS_LOW = (-0.35, -2.6, -0.78, -0.35, -2.6, -0.78)
JOINTS_HIGH = (1.75, 0.0, 0.78, 1.75, 0.0, 0.78)
"""The range of hip, knee and ankle, right then left [rad]."""


def posture(metres: float | None, degrees: float | None) -> StateFn:
    """Near where the torso is ``metres`` high and ``degrees`` off vertical: a product; None says nothing of it."""

    def near_posture(state: State) -> Array:
        close = np.ones(state.qpos.shape[:-1])
        if metres is not None:
            close = close * near(np.clip(height(state), LOW, HIGH), metres, LOW, HIGH)
        if degrees is not None:
            lean = np.arccos(np.clip(uprightness(state), -1, 1))
            close = close * near(lean, np.radians(degrees), 0, np.pi)
        return close

    return near_posture


def draw(rng: np.random.Generator, n: int) -> Pose:
    """Standing, kneeling, leaning, lying, falling and tumbling walkers, some off the floor, in equal parts."""
    upright, any_way = (-0.25, 0.25), (-np.pi, np.pi)
    straight_low, straight_high = (-0.1, -0.3, -0.2) * 2, (0.3, 0.0, 0.2) * 2
    kinds = (
        (upright, straight_low, straight_high),
        (upright, (0.0, -2.6, -0.78) * 2, (1.6, -0.8, 0.78) * 2),
        (upright, JOINTS_LOW, JOINTS_HIGH),
        ((-1.2, 1.2), straight_low, straight_high),
        (any_way, JOINTS_LOW, JOINTS_HIGH),
        (any_way, straight_low, straight_high),
        ((1.3, 1.8), JOINTS_LOW, JOINTS_HIGH),
        ((-1.8, -1.3), JOINTS_LOW, JOINTS_HIGH),
    )
    parts = []
    for i, (turn, low, high) in enumerate(kinds):
        count = n // len(kinds) + (i < n % len(kinds))
        parts.append(poses(rng, count, (-1.0, turn[0], *low), (1.0, turn[1], *high)).qpos)
    qpos = np.concatenate(parts)
    lifted = rng.random(n) < 0.12
    qpos[lifted, 0] += rng.uniform(0, 0.25, lifted.sum())
    return Pose(rng.permutation(qpos))


DOMAIN = Domain(
    tasks=("walker/stand",),
    subjects={
        "body": ways(
            "the robot; the walker; the figure; the biped; the two-legged robot; the legged robot; a biped; the "
            "two-legged walker; the bot; the android; the machine"
        ),
        "torso": ways("the torso; the back; the body; the upper body; the trunk"),
        "height": ways("the torso; the robot; the body; the walker; the head"),
    },
    values=(
        Value(
            "body.standing",
            posture(HIGH, 0),
            ways(
                "is standing; is standing upright; stands on its two legs; stands up straight; is standing on "
                "its feet; stands tall; is on its two feet; stands upright on both legs; is upright on its "
                "legs; has stood up; is balanced on its feet; stands with straight legs; is up on its feet; "
                "holds itself upright; stays on its feet; is erect; is in a standing position"
            ),
            ways(
                "standing upright; standing on its two legs; standing up; on its two feet; standing tall; "
                "standing with straight legs; in a standing position; upright on both legs"
            ),
            ways(
                "stand up; stand upright; stand on your two feet; get up and stand; stay on your feet; rise "
                "to your feet; stand up straight"
            ),
        ),
        Value(
            "body.crouching",
            posture(0.72, 0),
            ways(
                "is kneeling; is crouching; is squatting; kneels with a straight back; is on its knees; "
                "crouches low with its back upright; squats down; is halfway between sitting and standing; "
                "kneels on the floor; is bent at the knees"
            ),
            ways("kneeling; crouching; squatting; on its knees; kneeling with a straight back; crouching low"),
            ways("kneel down; squat; crouch down; go down on your knees"),
        ),
        Value(
            "body.lying",
            posture(LOW, 90),
            ways(
                "is lying on the floor; lies flat; has fallen down; is on the ground; lies down; is lying on "
                "its back; has collapsed; lies on its belly; is flat on the floor; has fallen over; is "
                "stretched out on the ground"
            ),
            ways(
                "lying on the floor; lying flat; on the ground; that has fallen over; lying down; collapsed "
                "on the floor"
            ),
            ways("lie down; fall to the floor; lie flat on the ground; drop to the floor"),
        ),
        Value(
            "body.upside_down",
            posture(None, 180),
            ways(
                "is upside down; stands on its head; is head down; has its legs in the air; is turned over; is inverted"
            ),
            ways("upside down; standing on its head; with its legs in the air; turned over"),
        ),
        Value(
            "torso.upright",
            posture(None, 0),
            ways("is upright; is vertical; is straight up; is held upright; points up; is not leaning"),
            ways("held upright; that is vertical; standing vertical; in an upright position"),
        ),
        Value(
            "torso.leaning",
            posture(None, 45),
            ways("is leaning; is tilted; leans over; is slanted; is bent forward"),
            ways("leaning over; tilted; at an angle; bent to one side"),
        ),
        Value(
            "torso.horizontal",
            posture(None, 90),
            ways("is horizontal; is level; lies flat; is parallel to the floor; is lying sideways"),
            ways("held horizontal; level with the floor; lying flat; parallel to the ground"),
        ),
        Value(
            "height.high",
            posture(HIGH, None),
            ways("is high above the floor; is high up; is raised high; is far from the ground; is at full height"),
            ways("high above the floor; raised high; far from the ground; at full height"),
        ),
        Value(
            "height.low",
            posture(LOW, None),
            ways("is low; is close to the floor; is near the ground; is down low; rests near the floor"),
            ways("close to the floor; near the ground; low down; resting on the floor"),
        ),
    ),
    neutral=ways(
        "a walking robot; a robot with two legs; a two-legged robot; a biped; a planar walker; a "
        "legged robot in a simulator; a robot on a floor"
    ),
    poses=draw,
    bodies=ways("torso; right_thigh; left_thigh; right_leg; left_leg"),
    pairs=(("torso", "height"),),
    asked={"walker/stand": ("body.standing",)},
)
