"""Walker: how high the body is, how upright, and where its shins are: they tell a kneel and a seat from a crouch."""

from __future__ import annotations

from functools import partial

import numpy as np

from vlmrl.envs.poses import on_the_floor
from vlmrl.envs.suite import suite_model
from vlmrl.envs.task import Pose, State
from vlmrl.envs.tasks.walker import (
    KNEELING,
    LYING,
    SHINS,
    SITTING,
    STANDING,
    nearness_kneeling,
    nearness_sitting,
    poses,
)
from vlmrl.sim_clip.grammar import Domain, Value, ways
from vlmrl.sim_clip.language import _bodies
from vlmrl.sim_clip.language._bodies import LOW, lifted
from vlmrl.types import Array

HIGH = STANDING
"""Torso height standing [m]."""
SHIN = 0.25
"""Height of a shin's middle above the sole [m]."""
JOINTS_LOW = (-0.35, -2.6, -0.78, -0.35, -2.6, -0.78)
JOINTS_HIGH = (1.75, 0.0, 0.78, 1.75, 0.0, 0.78)
"""The range of hip, knee and ankle, right then left [rad]."""
FLOORED = (*SITTING, *SITTING, KNEELING, (0.0, 0.0, -1.5, -0.7, 0.0, -1.5, -0.7))
"""Sitting, sitting on the heels, kneeling upright: torso angle and six joints [rad]."""
NEIGHBOURS = (
    *FLOORED,
    *LYING,
    (0.0,) * 7,
    (0.0, 0.7, -1.3, 0.6, 0.7, -1.3, 0.6),
    (-0.3, 1.6, -1.6, 0.0, 1.6, -1.6, 0.0),
)
"""Those and what lies about them: lying, standing, bent legs, sitting with the knees drawn up."""
posture = partial(_bodies.posture, high=HIGH)


def crouching(state: State) -> Array:
    """Low with an upright back; half of that at most where both shins lie on the floor, as in a kneel."""
    stands = np.clip(state.xpos[..., SHINS, 2].max(axis=-1) / SHIN, 0, 1)
    close: Array = posture(0.72, 0)(state) * (1 + stands) / 2
    return close


def floored(rng: np.random.Generator, n: int) -> Array:
    """``(n, 9)`` states that sit or kneel, and the ways there from what lies about them; legs differ a little."""
    ends, starts = (np.array(one)[rng.integers(len(one), size=n)] for one in (FLOORED, NEIGHBOURS))
    way = np.where(rng.random(n) < 0.4, 0.0, rng.random(n))[:, None]
    joints = ends + way * (starts - ends) + rng.normal(0, 0.08, ends.shape)
    joints[:, 1:] = np.clip(joints[:, 1:], JOINTS_LOW, JOINTS_HIGH)
    x = rng.uniform(-1, 1, (n, 1))
    return on_the_floor(suite_model("walker", "stand"), np.concatenate([np.zeros((n, 1)), x, joints], axis=1))


def draw(rng: np.random.Generator, n: int) -> Pose:
    """A third sit, kneel or are on the way; the others stand, crouch, lean, lie, fall, tumble; some off the floor."""
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
    parts = [floored(rng, n // 3)]
    rest = n - n // 3
    for i, (turn, low, high) in enumerate(kinds):
        count = rest // len(kinds) + (i < rest % len(kinds))
        parts.append(poses(rng, count, (-1.0, turn[0], *low), (1.0, turn[1], *high)).qpos)
    return Pose(rng.permutation(lifted(rng, np.concatenate(parts), height=0)))


DOMAIN = Domain(
    tasks=("walker/stand", "walker/sit", "walker/kneel"),
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
            crouching,
            ways(
                "is crouching; is squatting; crouches low with its back upright; squats down; squats with a straight "
                "back; is in a squat; crouches over its feet; is halfway between sitting and standing; is hunkered "
                "down; is bent at the knees"
            ),
            ways("crouching; squatting; in a squat; squatting with a straight back; crouching low"),
            ways("crouch; squat; crouch down; go down into a squat"),
        ),
        Value(
            "body.kneeling",
            lambda state: np.sqrt(nearness_kneeling(state)),
            ways(
                "is kneeling; is on its knees; is kneeling, its torso upright; kneels with a straight back; kneels on "
                "the floor; kneels upright; has gone down on its knees; rests on both knees; is kneeling down; sits on "
                "its heels; has its shins on the floor and its back upright; has knelt down"
            ),
            ways(
                "kneeling; on its knees; kneeling on the floor; kneeling with its torso upright; kneeling with a "
                "straight back; resting on both knees; kneeling down; sitting on its heels; down on both knees"
            ),
            ways(
                "kneel; kneel down; go down on your knees; get on your knees; kneel with an upright torso; rest on "
                "your knees"
            ),
        ),
        Value(
            "body.sitting",
            lambda state: np.sqrt(nearness_sitting(state)),
            ways(
                "is sitting on the floor with straight legs; is sitting upright; sits on the floor; sits with its legs "
                "stretched out; is seated on the ground; has sat down; sits upright on the floor; is sitting, its legs "
                "stretched out in front; sits with straight legs; rests on its seat; has its legs flat on the floor "
                "and its back upright; makes an L on the floor"
            ),
            ways(
                "sitting on the floor with straight legs; sitting upright, its legs stretched out; sitting; sitting on "
                "the floor; seated on the ground; sitting with straight legs; sitting down; sitting upright; sitting "
                "with its legs in front"
            ),
            ways(
                "sit down; sit on the floor; sit on the floor with straight legs; sit upright and stretch your legs "
                "out; take a seat on the ground; sit up"
            ),
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
    asked={
        "walker/stand": ("body.standing",),
        "walker/sit": ("body.sitting",),
        "walker/kneel": ("body.kneeling",),
    },
)
