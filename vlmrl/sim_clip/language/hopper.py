"""Hopper: how high and how upright its torso is, to which side it tips, and how its one knee is bent."""

from __future__ import annotations

import numpy as np

from vlmrl.envs.task import Pose
from vlmrl.envs.tasks.hopper import CROUCHED, STANDING, nearness_standing, poses
from vlmrl.sim_clip.grammar import Domain, Value, near, ways
from vlmrl.sim_clip.language._bodies import FORWARD, LOW, leaning, lifted, pointing, posture
from vlmrl.sim_clip.language._rods import StateFn

KNEE, STRAIGHT, FOLDED = 5, 0.1, 2.6
"""Which joint position the knee is, and its ends [rad]."""
TORSO_UP = 2
"""The torso's axis from pelvis to head."""
JOINTS_LOW = (-0.5, -2.9, 0.09, -0.78)
JOINTS_HIGH = (0.5, 0.17, 2.6, 0.78)
"""The range of waist, hip, knee and ankle [rad]."""


def bend(radians: float) -> StateFn:
    """Near where the knee is bent by ``radians``."""
    return lambda state: near(state.qpos[..., KNEE], radians, STRAIGHT, FOLDED)


def draw(rng: np.random.Generator, n: int) -> Pose:
    """Standing, rising from a crouch, leaning, lying on either side and tumbling hoppers; some off the floor."""
    straight_low, straight_high = (-0.15, -0.3, 0.09, -0.3), (0.15, 0.1, 0.5, 0.3)
    kinds = (
        ((-0.25,), (0.25,), straight_low, straight_high),
        ((CROUCHED[0][0] - 0.1,), (CROUCHED[1][0] + 0.1,), (-0.3, -1.3, 0.3, -0.7), (0.3, 0.0, 2.0, 0.5)),
        ((-0.25,), (0.25,), JOINTS_LOW, JOINTS_HIGH),
        ((-1.2,), (1.2,), straight_low, straight_high),
        ((-1.2,), (1.2,), JOINTS_LOW, JOINTS_HIGH),
        ((1.2,), (2.0,), JOINTS_LOW, JOINTS_HIGH),
        ((-2.0,), (-1.2,), JOINTS_LOW, JOINTS_HIGH),
        ((-np.pi,), (np.pi,), JOINTS_LOW, JOINTS_HIGH),
    )
    counts = [n // len(kinds) + (i < n % len(kinds)) for i in range(len(kinds))]
    parts = [
        poses(rng, count, (*turn_low, *low), (*turn_high, *high)).qpos
        for count, (turn_low, turn_high, low, high) in zip(counts, kinds, strict=True)
    ]
    return Pose(rng.permutation(lifted(rng, np.concatenate(parts), height=1)))


def _tip(side: str, sign: float) -> Value:
    return Value(
        f"tip.{side}",
        pointing(TORSO_UP, FORWARD, sign),
        ways(
            f"tips to the {side}; has toppled over to the {side}; leans towards the {side}; slopes {side}; has its "
            f"top end on the {side}; is keeling over to the {side}; bows to the {side}"
        ),
        ways(
            f"tipping to the {side}; toppled to the {side}; leaning towards the {side}; with its top end on the "
            f"{side}; keeling over to the {side}; tilted {side}"
        ),
        ways(f"tip over to the {side}; lean to the {side}; fall to the {side}; let yourself topple {side}"),
    )


DOMAIN = Domain(
    tasks=("hopper/stand",),
    subjects={
        "leg": ways(
            "the robot leg; the one-legged robot; the hopper; the robot; the hopping robot; the single leg; the "
            "monopod; the machine; the jumper; the pogo robot"
        ),
        "torso": ways("the torso; the body; the trunk; the upper part; the top segment; the hull"),
        "knee": ways("the knee; the knee joint; the leg; the middle joint; the joint above the shin; the limb"),
        "tip": ways("the robot leg; the hopper; the torso; the one-legged robot; the robot; the monopod"),
    },
    values=(
        Value(
            "leg.standing",
            nearness_standing,
            ways(
                "is standing upright on its foot; stands tall; is standing; stands on one foot; has straightened up; "
                "is up on its foot; is standing tall on its single leg; stands at full height; stands erect; balances "
                "on its foot; rises straight from the floor; is fully stood up"
            ),
            ways(
                "standing upright on its foot; standing tall; standing on one foot; at full height; balanced upright "
                "on its foot; standing straight; stood up on its single foot; up on its foot"
            ),
            ways(
                "stand on your foot; stand up tall; straighten the leg and stand; get up on one foot; balance upright; "
                "rise to full height"
            ),
        ),
        Value(
            "leg.crouching",
            posture(0.6, 0, STANDING),
            ways(
                "is crouching; crouches over its foot; ducks down; is half risen; has sunk down with the torso "
                "upright; squats on its foot; is coiled like a spring; is hunched down"
            ),
            ways(
                "crouching; crouching over its foot; ducking; half risen; squatting on one foot; coiled for a jump; "
                "sunk down"
            ),
            ways("crouch; duck down over your foot; bend and get ready to jump; squat on the one leg"),
        ),
        Value(
            "leg.lying",
            posture(LOW, 90, STANDING),
            ways(
                "is lying on the floor; has fallen on its side; lies flat; is down on the ground; has toppled to the "
                "floor; is stretched out along the floor; has fallen down; lies sprawled on the ground"
            ),
            ways(
                "lying on the floor; fallen on its side; flat on the ground; toppled over; down on the floor; "
                "sprawled on the ground"
            ),
            ways("lie down; fall on your side; drop flat to the floor; lie on the ground"),
        ),
        Value(
            "leg.upside_down",
            leaning(180),
            ways(
                "is upside down; stands on its head; has its foot in the air; is turned over; is head over heels; "
                "points its foot at the sky; is the wrong way up"
            ),
            ways(
                "upside down; standing on its head; with its foot in the air; the wrong way up; turned head down; "
                "flipped over"
            ),
            ways("turn upside down; stand on your head; kick the foot into the air; flip over"),
        ),
        Value(
            "torso.upright",
            leaning(0),
            ways(
                "is upright; is vertical; stays plumb; is held straight; points up; does not lean; is level-headed and "
                "straight"
            ),
            ways("held upright; that is vertical; kept plumb; pointing up; that does not lean; straight up"),
            ways("keep the torso upright; hold the body vertical; do not lean; keep the trunk straight"),
        ),
        Value(
            "torso.leaning",
            leaning(45),
            ways(
                "leans; is slanted; is tilted halfway; leans at forty-five degrees; is off balance; slants; is at an "
                "angle"
            ),
            ways("leaning over; tilted halfway; slanted; off balance; at an angle; aslant"),
            ways("lean over; tilt the torso; slant the body; tilt it halfway down"),
        ),
        Value(
            "torso.horizontal",
            leaning(90),
            ways(
                "is horizontal; is level with the floor; is parallel to the ground; has gone flat; points sideways; "
                "is at a right angle to upright"
            ),
            ways(
                "held horizontal; parallel to the ground; level with the floor; turned sideways; pointing sideways; "
                "laid flat"
            ),
            ways("bring the torso level; turn the body sideways; make the trunk horizontal; lay the torso flat"),
        ),
        Value(
            "knee.straight",
            bend(STRAIGHT),
            ways(
                "is straight; is stretched; is fully extended; is not bent; is locked straight; has opened all the way"
            ),
            ways("that is straight; fully extended; stretched out; locked straight; without a bend; stretched open"),
            ways("straighten the knee; extend the leg; stretch the leg out; unbend the knee"),
        ),
        Value(
            "knee.half_bent",
            bend(1.35),
            ways(
                "is half bent; makes a right angle; is bent at ninety degrees; is bent midway; is bent like an L; is "
                "somewhat bent"
            ),
            ways("bent at a right angle; half bent; bent midway; forming an L; at ninety degrees; bent halfway"),
            ways("bend the knee halfway; bend the knee to a right angle; half bend the leg; bend it to an L"),
        ),
        Value(
            "knee.folded",
            bend(FOLDED),
            ways(
                "is folded up; is bent sharply; is doubled up; is fully bent; is closed like a pocket knife; is "
                "tightly "
                "bent"
            ),
            ways("folded up; bent sharply; doubled up; fully bent; tightly folded; pulled in"),
            ways("fold the knee; bend the knee all the way; pull the leg in tightly; double the leg up"),
        ),
        _tip("left", -1),
        _tip("right", 1),
    ),
    neutral=ways(
        "a one-legged robot; a robot with one leg; a robot leg; a hopper; a single-legged machine; a robot leg in a "
        "simulator; a hopping robot on a floor"
    ),
    poses=draw,
    bodies=ways("torso; pelvis; thigh; calf; foot"),
    pairs=(("torso", "knee"), ("leg", "knee")),
    asked={"hopper/stand": ("leg.standing",)},
)
