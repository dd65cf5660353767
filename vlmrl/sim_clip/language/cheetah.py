"""Cheetah: which way up its torso is, in quarter turns, how steep it is, where its head is and how its feet stand."""

from __future__ import annotations

import numpy as np

from vlmrl.envs.task import Pose, State
from vlmrl.envs.tasks.cheetah import nearness_flipped, poses
from vlmrl.sim_clip.grammar import Domain, Value, near, ways
from vlmrl.sim_clip.language._bodies import lifted, pointing
from vlmrl.sim_clip.language._rods import DEGREE, StateFn
from vlmrl.types import Array

HEAD, HIND_FOOT, FORE_FOOT = 2, 5, 8
"""Geoms."""
HEAD_LOW, HEAD_HIGH = 0.05, 1.25
"""Heights of the head with its nose on the floor, and sitting up [m]."""
CLOSE, APART = 0.85, 1.75
"""How far the feet are from one another, drawn together and stretched away from each other [m]."""
NOSE, UP = 0, 2
"""Axes: the torso's from tail to nose, and the world's up."""


def _feet_apart(state: State) -> Array:
    apart: Array = np.linalg.norm(state.geom_xpos[..., HIND_FOOT, :] - state.geom_xpos[..., FORE_FOOT, :], axis=-1)
    return apart


def gait(metres: float) -> StateFn:
    """Near where the two feet are ``metres`` from one another."""
    return lambda state: near(np.clip(_feet_apart(state), CLOSE, APART), metres, CLOSE, APART)


def head(metres: float) -> StateFn:
    """Near where the head is ``metres`` high."""
    return lambda state: near(np.clip(state.geom_xpos[..., HEAD, UP], HEAD_LOW, HEAD_HIGH), metres, HEAD_LOW, HEAD_HIGH)


def slope(degrees: float) -> StateFn:
    """Near where the back is ``degrees`` off level, whichever way."""

    def near_slope(state: State) -> Array:
        steep = np.arcsin(np.clip(np.abs(state.xmat[..., 1, UP, NOSE]), 0, 1))
        return near(steep, degrees * DEGREE, 0, np.pi / 2)

    return near_slope


def draw(rng: np.random.Generator, n: int) -> Pose:
    """Turned any way, half of them; on their feet, near the back, on nose and tail the others; some off the floor."""
    turns = (
        (((-np.pi, np.pi),), n // 2),
        (((-0.6, 0.6),), n // 8),
        (((np.pi - 0.9, np.pi + 0.9),), n // 4),
        (((0.9, 2.2), (-2.2, -0.9)), n - n // 2 - n // 8 - n // 4),
    )
    qpos = np.concatenate([poses(rng, count, turn).qpos for turn, count in turns])
    return Pose(rng.permutation(lifted(rng, qpos, height=1)))


DOMAIN = Domain(
    tasks=("cheetah/flipped",),
    subjects={
        "body": ways(
            "the robot dog; the cheetah; the robot; the dog; the animal; the running robot; the two-legged runner; the "
            "robot cat; the creature; the beast"
        ),
        "back": ways("the torso; the back; the body; the spine; the long bar; the trunk"),
        "head": ways("the head; the nose; the snout; the front end; the face; the muzzle"),
        "feet": ways("the feet; the legs; the two feet; the two legs; the paws; the limbs"),
    },
    values=(
        Value(
            "body.flipped",
            nearness_flipped,
            ways(
                "is lying on its back; is upside down; lies on its back with its legs in the air; has its feet "
                "pointing up; is on its back; has rolled over; is flipped over; is belly up; lies with its feet in the "
                "air; is turned onto its back; has its paws in the air; is overturned"
            ),
            ways(
                "lying on its back; upside down; lying on its back with its legs in the air; upside down with its feet "
                "pointing up; belly up; flipped over; on its back; with its paws in the air"
            ),
            ways(
                "lie on your back; roll over onto your back; put your legs in the air; turn upside down; flip over; "
                "point your feet up"
            ),
        ),
        Value(
            "body.standing",
            lambda state: 1 - nearness_flipped(state),
            ways(
                "is standing on its feet; stands on its legs; is the right way up; has its feet on the floor; is on "
                "its feet; stands on both paws; is ready to run; stands with its belly down; has its legs under it"
            ),
            ways(
                "standing on its feet; standing; the right way up; with its feet on the floor; on its paws; ready to "
                "run; with its legs under it"
            ),
            ways("stand on your feet; get on your legs; stay the right way up; put your feet on the floor"),
        ),
        Value(
            "body.nose_down",
            pointing(NOSE, UP, -1),
            ways(
                "is standing on its nose; stands on its head; is doing a headstand; has its tail in the air; is nose "
                "down; has gone head over heels; dives into the floor; points its rump at the sky"
            ),
            ways(
                "standing on its nose; standing on its head; doing a headstand; nose down; with its tail in the air; "
                "diving into the floor; with its rump up"
            ),
            ways("stand on your nose; do a headstand; put your head on the floor and your tail up; go nose down"),
        ),
        Value(
            "body.sitting_up",
            pointing(NOSE, UP, 1),
            ways(
                "is sitting up; sits on its tail; rears up; is begging; stands on its hind end; has its nose in the "
                "air; sits like a dog that begs; is upright on its haunches"
            ),
            ways(
                "sitting up; sitting on its tail; rearing up; begging; with its nose in the air; upright on its "
                "haunches; reared up"
            ),
            ways("sit up; rear up; beg; point your nose at the sky; sit on your tail"),
        ),
        Value(
            "back.level",
            slope(0),
            ways(
                "is level; is horizontal; is parallel to the floor; lies flat; is even; runs along the floor; does not "
                "slope"
            ),
            ways("held level; parallel to the floor; that is horizontal; lying flat; without a slope; laid level"),
            ways("keep the back level; hold the torso horizontal; make the spine flat; level the body"),
        ),
        Value(
            "back.sloping",
            slope(45),
            ways(
                "slopes; is slanted; is at forty-five degrees; makes a ramp; is halfway between level and vertical; "
                "is tilted; slants"
            ),
            ways("sloping; slanted; like a ramp; at forty-five degrees; tilted halfway; aslant"),
            ways("tilt the back; slant the body; slope the torso like a ramp; bring the spine to an angle"),
        ),
        Value(
            "back.steep",
            slope(90),
            ways(
                "is vertical; is on end; stands straight up and down; is steep; is at a right angle to the floor; "
                "rises like a pole; is plumb"
            ),
            ways(
                "on end; that is vertical; straight up and down; steep as a wall; at right angles to the floor; plumb"
            ),
            ways("stand the body on end; bring the back to vertical; put the torso on end; hold the spine plumb"),
        ),
        Value(
            "head.high",
            head(HEAD_HIGH),
            ways(
                "is high up; is far above the floor; is raised; is held high; is lifted up; is up in the air; towers "
                "over the floor"
            ),
            ways("high up; held high; far above the floor; raised high; up in the air; lifted high"),
            ways("lift your head; raise the nose high; hold your head up; carry the head high"),
        ),
        Value(
            "head.low",
            head(HEAD_LOW),
            ways(
                "is low; is on the floor; touches the ground; is close to the floor; is lowered; is down; sniffs the "
                "ground"
            ),
            ways("on the floor; close to the ground; touching the floor; lowered; held low; down low"),
            ways("lower your head; put the nose to the floor; keep your head down; drop the head to the ground"),
        ),
        Value(
            "feet.apart",
            gait(APART),
            ways(
                "are far apart; are spread; are stretched away from each other; reach fore and aft; are wide apart; "
                "are splayed; do the splits"
            ),
            ways("far apart; spread wide; stretched away from each other; reaching fore and aft; splayed; wide apart"),
            ways("spread your feet; stretch the legs apart; take a wide stance; reach the legs fore and aft"),
        ),
        Value(
            "feet.together",
            gait(CLOSE),
            ways(
                "are close together; are drawn together; nearly touch each other; are side by side; are gathered; meet "
                "in the middle; are bunched up"
            ),
            ways("close together; drawn together; nearly touching each other; side by side; gathered; bunched up"),
            ways("bring the feet together; gather your legs; draw the legs towards each other; bunch up the feet"),
        ),
    ),
    neutral=ways(
        "a robot dog with two legs; a robot dog; a cheetah; a planar cheetah; a two-legged runner; a robot animal in a "
        "simulator; a robot cat on a floor; a simulated animal"
    ),
    poses=draw,
    bodies=ways("torso; head; bthigh; bshin; bfoot; fthigh; fshin; ffoot"),
    pairs=(("body", "feet"), ("back", "head")),
    asked={"cheetah/flipped": ("body.flipped",)},
)
