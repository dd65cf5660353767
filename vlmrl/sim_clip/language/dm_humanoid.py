"""Humanoid of dm_control: how it sits, lies, squats or stands, how its torso leans and how its knees are bent."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from vlmrl.envs.poses import on_the_floor
from vlmrl.envs.suite import suite_model
from vlmrl.envs.task import Pose, State
from vlmrl.envs.tasks.dm_humanoid import (
    FEET,
    KNEES,
    KNEES_UP,
    PELVIS,
    SIT,
    TORSO,
    TUCK,
    facing_up,
    feet,
    nearness_knees_up,
    nearness_sitting,
    uprightness,
)
from vlmrl.sim_clip.grammar import Domain, Value, ways
from vlmrl.sim_clip.language._bodies import leaning, lifted
from vlmrl.sim_clip.language._rods import StateFn
from vlmrl.types import Array

KNEE_JOINTS, FOLDED = (13, 19), 2.6
"""Where the knees are among the joint positions, and how far they bend [rad]."""
BACK, FACE = -np.pi / 2, np.pi / 2
POSTURES: tuple[tuple[float, float, dict[str, float]], ...] = (
    (3, -0.1, {"hip_y": -1.45}),
    (1, -0.1, SIT),
    (1, -0.3, {"hip_y": -1.9, "knee": -1.3}),
    (1, -0.6, TUCK),
    (3, BACK, {}),
    (3, BACK, KNEES_UP),
    (2, BACK, {"hip_y": -1.2}),
    (1, BACK, {"hip_y": -1.9, "knee": -0.3}),
    (1, 0.0, {}),
    (1, 0.1, {"hip_y": -1.4, "knee": -2.2}),
    (1, 0.0, {"hip_y": 0.1, "knee": -1.6}),
    (1, FACE, {}),
    (1, FACE, {"hip_y": -1.4, "knee": -1.5}),
)
"""How often each is drawn, how its torso is turned and which joints are bent [rad]."""


@cache
def _postures() -> tuple[Array, Array, Array, Array]:
    """Shares, torso angles and joints ``(P, 21)`` of the postures, and the range ``(21, 2)`` of the joints [rad]."""
    model = suite_model("humanoid", "stand")
    names = [model.joint(i).name.removeprefix("left_").removeprefix("right_") for i in range(1, model.njnt)]
    often, pitch = np.array([(often, pitch) for often, pitch, _ in POSTURES]).T
    angles = np.array([[joints.get(name, 0.0) for name in names] for *_, joints in POSTURES])
    return often / often.sum(), pitch, angles, model.jnt_range[1:].copy()


def draw(rng: np.random.Generator, n: int) -> Pose:
    """Around every posture and between two of them, two in five each; the others tumble; some are off the floor."""
    share, pitches, joints, limits = _postures()
    first, second = rng.choice(len(POSTURES), (2, n), p=share)
    kind = rng.choice(3, n, p=(0.4, 0.4, 0.2))
    tumbles, way = kind == 2, np.where(kind == 1, rng.random(n), 0.0)
    pitch = pitches[first] + way * (pitches[second] - pitches[first]) + rng.normal(0, 0.12, n)
    angles = joints[first] + way[:, None] * (joints[second] - joints[first])
    angles += rng.normal(0, np.where(tumbles, 0.4, 0.1)[:, None], angles.shape)
    pitch = np.where(tumbles, rng.uniform(-np.pi, np.pi, n), pitch)
    roll = np.where(tumbles, rng.uniform(-np.pi, np.pi, n), rng.normal(0, 0.1, n))
    yaw = np.where(tumbles, rng.uniform(-np.pi, np.pi, n), rng.normal(0, 0.25, n))
    root = _turned(yaw / 2, pitch / 2, roll / 2)
    qpos = np.concatenate([np.zeros((n, 3)), root, np.clip(angles, *limits.T)], axis=1)
    return Pose(lifted(rng, on_the_floor(suite_model("humanoid", "stand"), qpos, height=2), height=2))


def _turned(yaw: Array, pitch: Array, roll: Array) -> Array:
    """Quaternions ``(n, 4)`` that roll, then pitch, then yaw, from half of each angle [rad]."""
    (a, b, c), (d, e, f) = np.cos([yaw, pitch, roll]), np.sin([yaw, pitch, roll])
    parts = [a * b * c + d * e * f, a * b * f - d * e * c, a * e * c + d * b * f, d * b * c - a * e * f]
    return np.stack(parts, axis=1)


def product(*conditions: Callable[[State], Array]) -> StateFn:
    """The root of how near several conditions are, multiplied: the product alone is low over most of the way."""

    def near_product(state: State) -> Array:
        root: Array = np.sqrt(np.prod([np.clip(one(state), 0, 1) for one in conditions], axis=0))
        return root

    return near_product


def bend(state: State) -> Array:
    """How bent the knees are, on the average [rad]."""
    bent: Array = np.clip(-state.qpos[..., KNEE_JOINTS].mean(-1), 0, FOLDED)
    return bent


def upright(state: State) -> Array:
    """1 where the torso is upright, 0 where it is upside down."""
    share: Array = (1 + uprightness(state)) / 2
    return share


def supine(state: State) -> Array:
    """1 on its back, 0 on its belly."""
    share: Array = (1 + facing_up(state)) / 2
    return share


def straight(state: State) -> Array:
    """1 with straight knees, 0 with folded ones."""
    share: Array = 1 - bend(state) / FOLDED
    return share


def pelvis(state: State) -> Array:
    """Height of the pelvis, of what it can be: 0 is on the floor, 1 standing."""
    return np.clip((state.xpos[..., PELVIS, 2] - 0.1) / 0.75, 0, 1)


def legs_down(state: State) -> Array:
    """1 with both knees and both feet on the floor, 0 with one of them half a metre above it."""
    share: Array = 1 - np.maximum(state.xpos[..., KNEES, 2].max(-1) - 0.05, feet(state) - 0.05) / 0.6
    return share


def legs_raised(state: State) -> Array:
    """1 with both feet 0.7 m above the floor, 0 with one of them on it."""
    share: Array = (state.xpos[..., FEET, 2].min(-1) - 0.05) / 0.65
    return share


def torso_low(state: State) -> Array:
    """1 with the torso's middle on the floor, 0 where it is when it stands."""
    share: Array = 1 - (state.xpos[..., TORSO, 2] - 0.1) / 1.1
    return share


DOMAIN = Domain(
    tasks=("dm_humanoid/sit_up", "dm_humanoid/knees_up"),
    subjects={
        "posture": ways(
            "the person; the humanoid; the man; the humanoid robot; the figure; the robot; the dummy; somebody; the "
            "athlete; the human"
        ),
        "torso": ways("the torso; the upper body; the back; the trunk; the chest; the spine"),
        "knees": ways("the knees; the legs; both knees; both legs; the two legs; the lower limbs"),
    },
    values=(
        Value(
            "posture.sitting",
            product(nearness_sitting),
            ways(
                "is sitting on the floor with straight legs; is sitting upright; sits on the floor; sits with the legs "
                "stretched out; has sat up; sits upright with stretched legs; is seated on the ground; sits up "
                "straight; is sitting with the legs out in front; has come up from the floor to sit; makes an L with "
                "back and legs"
            ),
            ways(
                "sitting on the floor with straight legs; sitting upright, its legs stretched out; sitting; sitting on "
                "the ground; sitting up; seated on the floor; sitting with the legs out in front; that has sat up"
            ),
            ways(
                "sit up; sit on the floor with straight legs; come up and sit; do a sit-up; sit upright and stretch "
                "out the legs; raise your back from the floor until you sit"
            ),
        ),
        Value(
            "posture.knees_up",
            product(nearness_knees_up),
            ways(
                "is lying on the back with the knees drawn up; lies on the back with bent legs; has drawn up the knees "
                "on its back; is on its back, the legs bent, knees in the air; lies with the knees in the air; is on "
                "the back with both knees up; lies down with knees bent and feet on the floor; rests on the back with "
                "raised knees; is ready for a crunch, knees bent"
            ),
            ways(
                "lying on the back with the knees drawn up; on its back, its legs bent, knees in the air; lying with "
                "the knees up; on the back with bent legs; on its back with both knees raised; lying on the back with "
                "bent knees; with the knees drawn up"
            ),
            ways(
                "draw up your knees; lie on your back and bend your legs; put the knees in the air; pull your knees up "
                "while lying; raise both knees from the floor; bend your knees and stay on your back"
            ),
        ),
        Value(
            "posture.lying",
            product(supine, legs_down, straight),
            ways(
                "is lying on the floor; lies flat with straight legs; lies flat on the back; is stretched out on the "
                "floor; is lying face up; is flat on the ground; lies down full length; looks at the ceiling from the "
                "floor"
            ),
            ways(
                "lying on the floor; lying flat with straight legs; lying on the floor face up; stretched out on the "
                "ground; flat on the back; lying down full length; lying flat"
            ),
            ways("lie down; lie flat with straight legs; stretch out on the floor; stay flat on your back"),
        ),
        Value(
            "posture.legs_raised",
            product(supine, legs_raised, straight),
            ways(
                "is lying on the back with raised legs; lies on the back with straight legs raised; lifts both legs "
                "straight up; has the feet up in the air; points both feet at the ceiling; lies with the legs in the "
                "air; holds up straight legs"
            ),
            ways(
                "lying on the back with raised legs; lying on the back with straight legs raised; with the feet up in "
                "the air; with legs pointing at the ceiling; on the back with the legs lifted; with straight legs up"
            ),
            ways("raise your straight legs; lift both feet into the air; lie and raise your legs; point the feet up"),
        ),
        Value(
            "posture.standing",
            product(upright, pelvis, straight),
            ways(
                "is standing; stands on both feet; is standing up; stands upright; has got to its feet; is on its "
                "feet; stands straight; is up on two legs"
            ),
            ways(
                "standing; standing up; standing on both feet; on its feet; standing upright; standing straight; "
                "upright on two legs"
            ),
            ways("stand up; get on your feet; stand straight; rise from the floor and stand"),
        ),
        Value(
            "posture.squatting",
            product(upright, lambda state: 1 - np.abs(pelvis(state) - 0.3) / 0.7, lambda state: bend(state) / 2.2),
            ways(
                "is squatting; is crouching; squats on its heels; squats down; sits on its heels; hunkers down; is in "
                "a deep squat"
            ),
            ways("squatting; crouching; in a deep squat; squatting on its heels; sitting on the heels; hunkered down"),
            ways("squat; crouch down; do a deep squat; squat on your heels"),
        ),
        Value(
            "posture.prone",
            product(lambda state: 1 - supine(state), torso_low),
            ways(
                "is lying face down; lies on the belly; lies prone; lies on the stomach; has its face on the floor; is "
                "flat on its face; is on its front"
            ),
            ways(
                "lying face down; lying on the belly; prone on the floor; on its stomach; flat on its face; on "
                "its front"
            ),
            ways("lie on your belly; turn face down; lie prone; lie on your front"),
        ),
        Value(
            "torso.upright",
            leaning(0),
            ways(
                "is upright; is vertical; is held straight up; is erect; is perpendicular to the floor; rises straight "
                "up"
            ),
            ways(
                "held upright; that is vertical; in an upright position; held erect; straight up; perpendicular "
                "to the floor"
            ),
            ways("keep the torso upright; hold your back straight up; raise your upper body; hold your trunk erect"),
        ),
        Value(
            "torso.leaning",
            leaning(45),
            ways(
                "is leaning; leans at an angle; is halfway up; is reclined; is tilted; is halfway between lying and "
                "upright"
            ),
            ways("leaning at an angle; halfway up; reclined; tilted; raised halfway; at forty-five degrees"),
            ways("lean back halfway; raise your upper body halfway; tilt your back; recline"),
        ),
        Value(
            "torso.horizontal",
            leaning(90),
            ways(
                "is horizontal; is flat; is level with the floor; lies on the ground; is parallel to the floor; is "
                "laid down"
            ),
            ways(
                "held horizontal; flat on the ground; level with the floor; parallel to the floor; laid down; "
                "lying level"
            ),
            ways("bring your back level; lay the torso down; keep the upper body flat; put your trunk on the floor"),
        ),
        Value(
            "knees.straight",
            straight,
            ways("are straight; are stretched; are not bent; are extended; are unbent; are held straight"),
            ways("held straight; stretched out; fully extended; that are not bent; without a bend; stretched straight"),
            ways("straighten your knees; stretch your legs; keep the legs straight; extend both legs"),
        ),
        Value(
            "knees.bent",
            lambda state: bend(state) / FOLDED,
            ways("are bent; are folded; are bent sharply; are flexed; are doubled up; are tightly bent"),
            ways("bent sharply; folded up; that are bent; tightly flexed; doubled up; bent double"),
            ways("bend your knees; fold your legs; flex both knees; bend the legs tightly"),
        ),
    ),
    neutral=ways(
        "a humanoid robot; a humanoid; a person; a robot with arms and legs; a human figure; a simulated person on a "
        "floor; a humanoid in a simulator; a figure with two arms and two legs"
    ),
    poses=draw,
    bodies=ways("torso; head; butt; right_thigh; right_shin; left_thigh; left_shin; right_lower_arm; left_lower_arm"),
    pairs=(("torso", "knees"),),
    asked={"dm_humanoid/sit_up": ("posture.sitting",), "dm_humanoid/knees_up": ("posture.knees_up",)},
)
