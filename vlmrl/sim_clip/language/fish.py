"""Fish: how far from belly down it is rolled, whether its nose is up or down, and to which side it is headed."""

import numpy as np

from vlmrl.envs.task import Pose, State
from vlmrl.envs.tasks.fish import JOINTS, TORSO, poses, uprightness
from vlmrl.sim_clip.grammar import Domain, Value, near, ways
from vlmrl.sim_clip.language._rods import StateFn
from vlmrl.types import Array


def off(cosine: Array) -> Array:
    """The angle of a cosine that rounding may have put past 1 [rad]."""
    angle: Array = np.arccos(np.clip(cosine, -1, 1))
    return angle


def turned(degrees: float) -> StateFn:
    """Near where the back fin is ``degrees`` off vertical, whichever way."""
    return lambda state: near(off(uprightness(state)), np.radians(degrees), 0, np.pi)


def on_its_side(state: State) -> Array:
    """Near where what is right and left of the fish points up and down."""
    return near(off(np.abs(state.xmat[..., TORSO, 2, 0])), 0, 0, np.pi / 2)


def level(state: State) -> Array:
    """Near where the nose is as high as the tail."""
    return near(np.abs(off(state.xmat[..., TORSO, 2, 1]) - np.pi / 2), 0, 0, np.pi / 2)


def headed(axis: int, sign: int) -> StateFn:
    """Near where the nose points along an axis of the world: x is the picture's right, y into it."""
    return lambda state: near(off(sign * state.xmat[..., TORSO, axis, 1]), 0, 0, np.pi)


def draw(rng: np.random.Generator, n: int) -> Pose:
    """A half turned anyhow, a quarter nearly belly down, a quarter between; tail and fins moved up to their limits."""
    few = n // 4
    parts = [poses(rng, n - 2 * few, -1.0, 1.0), poses(rng, few, 0.8, 1.0), poses(rng, few, -0.3, 0.9)]
    qpos = np.concatenate([part.qpos for part in parts])
    qpos[:, -JOINTS:] *= rng.uniform(0.3, 3.0, (n, 1))
    return Pose(rng.permutation(qpos))


FISH = ways("the fish; the robot fish; the swimming fish; the simulated fish; the animal; the creature; the swimmer")
DOMAIN = Domain(
    tasks=("fish/upright",),
    subjects={"roll": FISH, "pitch": FISH, "heading": FISH},
    values=(
        Value(
            "roll.upright",
            turned(0),
            ways(
                "is upright; swims upright; swims upright, its back fin up; has its belly down; has its back fin up; "
                "is the right way up; floats upright; keeps its belly down; holds itself upright; has its back up; is "
                "not tilted; is level and upright; keeps its fin on top"
            ),
            ways(
                "swimming upright, its back fin up; with its belly down; swimming upright; with its back fin up; the "
                "right way up; floating upright; with its back up; that is upright; with its fin on top"
            ),
            ways(
                "swim upright; keep your belly down; turn the fish upright; hold the back fin up; turn the right way "
                "up; stay upright"
            ),
        ),
        Value(
            "roll.tilted",
            turned(45),
            ways("is tilted; leans to one side; is half tipped over; is at a slant; leans over; is banked; is askew"),
            ways("tilted to one side; leaning over; at a slant; half tipped over; banking"),
        ),
        Value(
            "roll.side",
            on_its_side,
            ways(
                "is lying on its side; lies on its side; is on its side; shows its flank to the sky; has rolled onto "
                "its side; is flat on its side; floats sideways"
            ),
            ways(
                "lying on its side; on its side; rolled onto its side; flat on its side; with its flank to the sky; "
                "floating sideways"
            ),
            ways("lie on your side; roll onto one side; turn the fish on its side; float on your side"),
        ),
        Value(
            "roll.belly_up",
            turned(180),
            ways(
                "is belly up; floats belly up; is upside down; has its belly up; lies on its back; has turned over; is "
                "the wrong way up; looks dead, belly up"
            ),
            ways(
                "belly up; floating belly up; upside down; with its belly up; lying on its back; the wrong way up; "
                "turned over"
            ),
            ways("turn upside down; swim on your back; roll the fish belly up; turn the belly up"),
        ),
        Value(
            "pitch.level",
            level,
            ways(
                "is level; has its nose as high as its tail; is horizontal; swims level; keeps its body level; neither "
                "climbs nor dives"
            ),
            ways("swimming level; that is horizontal; held level; with its body level; with nose and tail level"),
        ),
        Value(
            "pitch.head_down",
            headed(2, -1),
            ways(
                "has its head down; points its nose down; dives; stands on its head; is diving down; has its tail up; "
                "heads for the bottom"
            ),
            ways(
                "with its head down; diving down; with its nose down; standing on its head; with its tail up; headed "
                "for the bottom"
            ),
            ways("dive; point your nose down; swim down; put the head down"),
        ),
        Value(
            "pitch.head_up",
            headed(2, 1),
            ways(
                "has its head up; points its nose up; climbs; stands on its tail; is rising up; has its tail down; "
                "heads for the surface"
            ),
            ways(
                "with its head up; climbing up; with its nose up; standing on its tail; with its tail down; headed for "
                "the surface"
            ),
            ways("climb; point your nose up; swim up; lift the head"),
        ),
        Value(
            "heading.left",
            headed(0, -1),
            ways("swims to the left; looks left; faces left; is headed left; has its head on the left; points left"),
            ways("swimming to the left; facing left; headed left; with its head on the left; looking left"),
        ),
        Value(
            "heading.right",
            headed(0, 1),
            ways(
                "swims to the right; looks right; faces right; is headed right; has its head on the right; points right"
            ),
            ways("swimming to the right; facing right; headed right; with its head on the right; looking right"),
        ),
        Value(
            "heading.away",
            headed(1, 1),
            ways(
                "swims away from us; shows its tail; faces away; is seen from behind; turns its tail to us; looks away "
                "from the camera"
            ),
            ways("swimming away from us; seen from behind; facing away; showing its tail; with its tail towards us"),
        ),
        Value(
            "heading.towards",
            headed(1, -1),
            ways(
                "swims towards us; shows its face; faces us; is seen from the front; looks at the camera; comes "
                "towards the camera"
            ),
            ways("swimming towards us; seen from the front; facing us; showing its face; looking into the camera"),
        ),
    ),
    neutral=ways(
        "a fish; a robot fish; a fish in water; a swimming fish; a fish with fins and a tail; a simulated fish; a "
        "small fish in a dark sea"
    ),
    poses=draw,
    bodies=ways("torso; tail1; tail2; back_fin; mouth"),
    pairs=(("roll", "heading"), ("pitch", "heading")),
    asked={"fish/upright": ("roll.upright",)},
)
