"""Quadruped: how high its body is over its legs, which way up, and how far its legs reach."""

from __future__ import annotations

import numpy as np

from vlmrl.envs.poses import on_the_floor
from vlmrl.envs.suite import suite_model
from vlmrl.envs.task import Pose, State
from vlmrl.envs.tasks.quadruped import (
    AT_EASE,
    SPRAWLED,
    STRETCHED,
    TORSO,
    height,
    nearness_lying,
    nearness_tall,
    uprightness,
)
from vlmrl.sim_clip.grammar import Domain, Value, near, ways
from vlmrl.sim_clip.language._bodies import leaning, lifted
from vlmrl.sim_clip.language._rods import StateFn
from vlmrl.types import Array

TOES = (7, 11, 15, 19)
"""Geoms."""
GATHERED, SPREAD = 0.5, 0.95
"""How far the toes are from the body's axis, on the average [m]."""
AXIS = 2
"""The body's axis from belly to back."""
BENT = 0.36
"""How high the body is on legs at ease, of what it can be."""
JOINTS_LOW = (-0.87, -0.35, -1.05, -0.78) * 4
JOINTS_HIGH = (0.87, 1.05, 0.87, 0.95) * 4
"""The range of each leg's yaw, pitch, knee and ankle [rad]."""


def on_legs(share: float) -> StateFn:
    """Near where the body is upright and this high, of what it can be."""
    return lambda state: near(height(state), share, 0, 1) * (1 + uprightness(state)) / 2


def raised(share: float) -> StateFn:
    """Near where the body is this high, of what it can be, whichever way up."""
    return lambda state: near(height(state), share, 0, 1)


def reach(metres: float) -> StateFn:
    """Near where the toes are ``metres`` from the body's axis."""

    def near_reach(state: State) -> Array:
        toes = state.geom_xpos[..., TOES, :] - state.xpos[..., TORSO, None, :]
        axis = state.xmat[..., TORSO, None, :, AXIS]
        across = toes - (toes * axis).sum(-1, keepdims=True) * axis
        far = np.clip(np.linalg.norm(across, axis=-1).mean(-1), GATHERED, SPREAD)
        return near(far, metres, GATHERED, SPREAD)

    return near_reach


def on_its_side(state: State) -> Array:
    """Near where the body's axis is level."""
    return near(np.arccos(np.clip(np.abs(uprightness(state)), 0, 1)), np.pi / 2, 0, np.pi / 2)


def legs(rng: np.random.Generator, n: int) -> Array:
    """``(n, 16)`` joints: all legs alike between sprawled and stretched, three in four; else anyhow [rad]."""
    share, knots = rng.uniform(-0.2, 1.05, n).clip(0, 1) ** 2, (0.0, BENT, 1.0)
    alike = np.stack([np.interp(share, knots, ends) for ends in zip(SPRAWLED, AT_EASE, STRETCHED, strict=True)], -1)
    alike = np.tile(alike, 4) + rng.normal(0, 0.05, (n, 16))
    anyhow = rng.uniform(JOINTS_LOW, JOINTS_HIGH, (n, 16))
    return np.where(rng.random(n)[:, None] < 0.75, alike, anyhow).clip(JOINTS_LOW, JOINTS_HIGH)


def draw(rng: np.random.Generator, n: int) -> Pose:
    """Half of them about level, the others tilted, on a side or on the back, headed anywhere; some off the floor."""
    bounds = np.array([(0.0, 0.15), (0.0, 0.5), (0.3, 1.2), (1.2, 2.0), (2.0, np.pi)])
    low, high = bounds[rng.choice(len(bounds), n, p=(0.35, 0.15, 0.2, 0.15, 0.15))].T
    tilt, turn, towards = rng.uniform(low, high) / 2, rng.uniform(-np.pi, np.pi, n) / 2, rng.uniform(-np.pi, np.pi, n)
    root = [
        np.cos(turn) * np.cos(tilt),
        np.sin(tilt) * np.cos(towards),
        np.sin(tilt) * np.sin(towards),
        np.sin(turn) * np.cos(tilt),
    ]
    qpos = np.concatenate([np.zeros((n, 3)), np.stack(root, axis=1), legs(rng, n)], axis=1)
    return Pose(lifted(rng, on_the_floor(suite_model("quadruped", "walk"), qpos, height=2), height=2))


DOMAIN = Domain(
    tasks=("quadruped/tall", "quadruped/lie"),
    subjects={
        "body": ways(
            "the four-legged robot; the robot spider; the quadruped; the robot; the four-legged machine; the legged "
            "robot; the crawler; the bot; the creature; the walking machine"
        ),
        "torso": ways("the body; the torso; the hull; the trunk; the back"),
        "legs": ways("the legs; the four legs; its legs; the feet; the limbs"),
    },
    values=(
        Value(
            "body.tall",
            nearness_tall,
            ways(
                "is standing tall on stretched legs; stands on tiptoe; stands tall; has its body high up; stands on "
                "straight legs; has stretched its legs; is up on its toes; stands high on all four legs; has risen as "
                "high as it can; holds its body high up on long legs; is standing at full height"
            ),
            ways(
                "standing tall on stretched legs; on tiptoe; on tiptoe, its body high up; standing tall; standing on "
                "straight legs; up on its toes; standing high on four legs; at full height"
            ),
            ways(
                "stand tall; stand on tiptoe; stretch your legs and stand high; push your body high up; rise on all "
                "four legs; stand as high as you can"
            ),
        ),
        Value(
            "body.bent",
            on_legs(BENT),
            ways(
                "is standing on bent legs; stands with its knees bent; stands at ease; stands half high; is in a low "
                "stance; stands as spiders stand; keeps its legs bent under it"
            ),
            ways(
                "standing on bent legs; with its knees bent; standing at ease; in a low stance; standing half high; "
                "on half-bent legs"
            ),
            ways("stand on bent legs; bend your legs and stand; stand at ease; take a low stance"),
        ),
        Value(
            "body.lying",
            nearness_lying,
            ways(
                "is lying flat on its belly; lies on its belly; has its body on the floor; lies flat with its legs "
                "spread; is down on its belly; has lain down on the floor; rests its belly on the ground; lies flat on "
                "the floor; has sunk to the ground; sprawls on its belly"
            ),
            ways(
                "lying flat on its belly; lying on its belly; with its body on the floor; with its body on the floor, "
                "its legs spread; flat on the ground; resting on its belly; sprawled on its belly; down on the floor"
            ),
            ways(
                "lie down flat on your belly; lower your body to the floor; put your belly on the ground; lie flat; "
                "spread your legs and lie down; sink to the ground"
            ),
        ),
        Value(
            "body.on_side",
            on_its_side,
            ways(
                "is on its side; lies on its side; has tipped over sideways; is standing on edge; has fallen on its "
                "side; is turned on edge; rests on one flank"
            ),
            ways("on its side; lying on its side; tipped over sideways; standing on edge; fallen over; on one flank"),
            ways("lie on your side; tip over sideways; roll onto one side; fall on your side"),
        ),
        Value(
            "body.on_back",
            leaning(180),
            ways(
                "is on its back; is upside down; lies on its back; has its legs in the air; is turned over like a "
                "beetle; is belly up; has been flipped over; is overturned"
            ),
            ways(
                "on its back; upside down; lying on its back; with its legs in the air; flipped over; belly up; "
                "overturned"
            ),
            ways("roll onto your back; turn upside down; flip over; put your legs in the air"),
        ),
        Value(
            "torso.level",
            leaning(0),
            ways(
                "is level; is even; is the right way up; sits level over the floor; does not tilt; is not tipped over; "
                "stays horizontal"
            ),
            ways("held level; the right way up; that does not tilt; kept even; kept horizontal; that sits level"),
            ways("keep the body level; do not tilt; hold the torso even; stay the right way up"),
        ),
        Value(
            "torso.tilted",
            leaning(45),
            ways("is tilted; leans over; is at a slant; is tipping; lists like a ship; is inclined; is lopsided"),
            ways("tilted to one side; leaning over; at a slant; tipping; inclined; lopsided"),
            ways("tilt the body; lean over; tip the torso; bring the hull to a slant"),
        ),
        Value(
            "torso.high",
            raised(1),
            ways(
                "is high above the floor; is far off the ground; is lifted high; is held up high; is well clear of the "
                "floor; is up in the air"
            ),
            ways(
                "high above the floor; far off the ground; lifted high; well clear of the floor; up in the air; held "
                "high"
            ),
            ways("lift the body high; raise the torso off the ground; get the body far from the floor; hold it high"),
        ),
        Value(
            "torso.low",
            raised(0),
            ways(
                "is close to the floor; is down low; touches the ground; is near the ground; rests on the floor; hugs "
                "the ground"
            ),
            ways("close to the floor; down low; near the ground; resting on the floor; touching the ground; low down"),
            ways("lower the body; bring the torso to the ground; keep the body low; get down to the floor"),
        ),
        Value(
            "legs.spread",
            reach(SPREAD),
            ways(
                "are spread; are spread wide; reach far out; are splayed out; are stretched outwards; stick out to all "
                "sides; form a wide cross"
            ),
            ways(
                "spread wide; reaching far out; splayed out; stretched outwards; sticking out to all sides; far apart"
            ),
            ways("spread your legs; splay the legs out; reach out with all feet; stretch the legs outwards"),
        ),
        Value(
            "legs.gathered",
            reach(GATHERED),
            ways(
                "are drawn in; are gathered under the body; are close to the body; are pulled together; are tucked in; "
                "stand close together; are near each other"
            ),
            ways(
                "drawn in; gathered under the body; close to the body; pulled together; tucked in; close to each other"
            ),
            ways("draw your legs in; gather the feet under you; tuck in the legs; pull the legs together"),
        ),
    ),
    neutral=ways(
        "a four-legged robot; a robot spider; a robot with four legs; a quadruped; a legged robot in a simulator; a "
        "four-legged machine on a floor; a simulated quadruped"
    ),
    poses=draw,
    bodies=ways(
        "torso; thigh_front_left; thigh_front_right; thigh_back_left; thigh_back_right; foot_front_left; "
        "foot_front_right; foot_back_left; foot_back_right"
    ),
    pairs=(("torso", "legs"),),
    asked={"quadruped/tall": ("body.tall",), "quadruped/lie": ("body.lying",)},
)
