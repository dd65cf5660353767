"""The scene: a table with a small arm, four blocks, a drawer, a button and two zones, and where each is in a state.

``x`` is right, ``y`` away and ``z`` up in the picture of the front camera; the table's top is ``z = 0``.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import mujoco
import numpy as np

from vlmrl.envs.tabletop import arm
from vlmrl.types import Array

TIMESTEP = 0.005
COLOURS: Final = ("red", "green", "blue", "yellow")
"""Of the blocks, in the order of their places in ``qpos``."""
ZONES: Final = ("purple", "orange")
"""Of the zones, in the order of the placed bodies."""
DISTRACTORS: Final = ("bottle", "ball", "box")
"""Things that no sentence names; placed bodies behind the zones, out of view unless an episode draws them."""

HALF = 0.026
"""Half the edge of a block [m]."""
RADIUS = 0.052
"""Of a zone [m]."""
CABINET = (-0.235, 0.115)
"""The cabinet's place on the table [m]."""
DRAWER_RANGE = 0.105
"""How far the drawer comes out [m]."""
DRAWER_MIDDLE = -0.011
"""From the cabinet's place to the middle of the closed drawer's inside, along y [m]."""
HANDLE = (CABINET[0], CABINET[1] - 0.084, 0.045)
"""Where a finger hooks the closed drawer's handle: between its bar and the face [m]."""
BUTTON = (0.215, 0.105)
"""The button's place on the table [m]."""
BUTTON_TRAVEL, BUTTON_TOP = 0.02, 0.085
"""How far the button sinks, and how high its top is before [m]."""
TIP = 0.012
"""From the point between the fingertips down to their ends [m]."""
LAMP = 2.5
"""How many times as far as the button sinks the lamp beside it rises."""
PARKED = (0.0, -4.0, -0.5)
"""Behind the camera [m]."""

FINGERS, DRAWER, PRESSED, LIT = slice(5, 7), 7, 8, 9
"""Places in ``qpos``, after the arm's."""
FIRST = 10
"""Where the blocks begin in ``qpos``: position and quaternion each."""
NQ = FIRST + 7 * len(COLOURS)

ANGLES: Final = {
    "yaw": (-1.5, 1.5),
    "shoulder": (0.2, 2.6),
    "elbow": (-2.9, -0.4),
    "wrist": (-2.0, 0.0),
    "roll": (-1.5, 1.5),
}
"""Limits of the arm's joints, which no commanded place comes near [rad]."""

RGBA: Final = {
    "red": (0.90, 0.08, 0.08, 1),
    "green": (0.05, 0.62, 0.15, 1),
    "blue": (0.08, 0.22, 0.90, 1),
    "yellow": (1.00, 0.85, 0.05, 1),
    "purple": (0.60, 0.20, 0.75, 1),
    "orange": (1.00, 0.50, 0.05, 1),
    "table": (0.80, 0.78, 0.74, 1),
    "edge": (0.45, 0.36, 0.28, 1),
    "floor": (0.33, 0.40, 0.47, 1),
    "arm": (0.96, 0.96, 0.97, 1),
    "joint": (0.20, 0.22, 0.26, 1),
    "finger": (0.13, 0.14, 0.17, 1),
    "cabinet": (0.42, 0.26, 0.15, 1),
    "drawer": (0.72, 0.49, 0.28, 1),
    "inside": (0.97, 0.93, 0.84, 1),
    "handle": (0.10, 0.10, 0.12, 1),
    "housing": (0.25, 0.27, 0.32, 1),
    "button": (0.98, 0.30, 0.62, 1),
    "lamp": (0.35, 1.00, 0.95, 1),
    "bottle": (0.15, 0.55, 0.50, 1),
    "ball": (0.30, 0.30, 0.32, 1),
    "box": (0.93, 0.93, 0.93, 1),
}
"""Colours of the scene by what has them."""

Point: TypeAlias = tuple[float, float, float]

TOUCHES = {"contype": 1, "conaffinity": 1}
SEEN_ONLY = {"contype": 0, "conaffinity": 0}

_BOX, _CYLINDER, _CAPSULE, _SPHERE = (
    getattr(mujoco.mjtGeom, f"mjGEOM_{kind}") for kind in ("BOX", "CYLINDER", "CAPSULE", "SPHERE")
)


def block(qpos: Array, colour: str) -> Array:
    """The centre of a block: ``(..., 3)`` [m]."""
    start = FIRST + 7 * COLOURS.index(colour)
    return qpos[..., start : start + 3]


def blocks(qpos: Array) -> Array:
    """The centres of all blocks: ``(..., 4, 3)`` [m]."""
    return np.stack([block(qpos, colour) for colour in COLOURS], axis=-2)


def zone(mocap_pos: Array, colour: str) -> Array:
    """The centre of a zone: ``(..., 3)`` [m]."""
    return mocap_pos[..., ZONES.index(colour), :]


def opening(qpos: Array) -> Array:
    """Between the fingers: ``(...)`` [m]."""
    gap: Array = qpos[..., 5] + qpos[..., 6]
    return gap


def model() -> mujoco.MjModel:
    """The compiled scene, a new one each time: whoever changes its looks changes his own."""
    spec = mujoco.MjSpec()
    spec.modelname = "tabletop"
    spec.compiler.degree = False
    spec.option.timestep = TIMESTEP
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = 5.0
    spec.visual.headlight.ambient, spec.visual.headlight.diffuse = [0.42] * 3, [0.28] * 3
    spec.visual.headlight.specular = [0.0] * 3
    spec.visual.map.znear, spec.visual.map.zfar = 0.02, 30.0
    spec.visual.global_.offwidth = spec.visual.global_.offheight = 640
    spec.stat.center, spec.stat.extent = [0.0, 0.0, 0.1], 1.0
    world = spec.worldbody
    _room(world)
    _arm(spec, world)
    _cabinet(world)
    _button(spec, world)
    for name in COLOURS:
        body = world.add_body(name=name, pos=[0.0, 0.0, HALF])
        body.add_freejoint(name=name)
        _geom(body, name, _BOX, [HALF] * 3, name, mass=0.05, friction=[1.0, 0.01, 0.001], **TOUCHES)
    _placed(world)
    # What slides in or along another body, with no room between the two.
    for one, other in (("hand", "left"), ("hand", "right"), ("cabinet", "drawer"), ("housing", "button")):
        spec.add_exclude(bodyname1=one, bodyname2=other)
    _servos(spec)
    return spec.compile()


def _geom(body: Any, name: str, kind: Any, size: list[float], colour: str, **more: Any) -> Any:
    made = body.add_geom(name=name, type=kind, rgba=RGBA[colour], **more)
    made.size[: len(size)] = size
    return made


def _room(world: Any) -> None:
    plane = world.add_geom(name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, pos=[0, 0, -0.5], rgba=RGBA["floor"])
    plane.size[:] = [0, 0, 0.1]
    _geom(world, "table", _BOX, [0.36, 0.26, 0.02], "table", pos=[0, 0.0, -0.02], **TOUCHES)
    _geom(world, "edge", _BOX, [0.375, 0.275, 0.018], "edge", pos=[0, 0.0, -0.024], **SEEN_ONLY)
    light = world.add_light(name="lamp", pos=[-0.5, -0.7, 1.6], dir=[0.3, 0.45, -1.0])
    light.type = mujoco.mjtLightType.mjLIGHT_DIRECTIONAL
    light.diffuse, light.specular, light.castshadow = [0.5] * 3, [0.1] * 3, True
    _camera(world, "front", (0.0, -0.70, 0.62), (0.0, 0.0, 0.075), 44.0)


def _camera(body: Any, name: str, eye: Point, target: Point, fovy: float, up: Point = (0.0, 0.0, 1.0)) -> None:
    """A camera at ``eye`` that looks at ``target``, with ``up`` upright in its picture, all in the body's frame."""
    back = np.subtract(eye, target) / np.linalg.norm(np.subtract(eye, target))
    right = np.cross(up, back)
    right /= np.linalg.norm(right)
    turned = np.empty(4)
    mujoco.mju_mat2Quat(turned, np.stack([right, np.cross(back, right), back], axis=1).ravel())
    body.add_camera(name=name, pos=eye, quat=turned, fovy=fovy)


def _arm(spec: mujoco.MjSpec, world: Any) -> None:
    """Five joints and two fingers; links weigh nothing to the servos, and only the hand touches things."""
    base = world.add_body(name="base", pos=arm.BASE)
    # The arm's own x axis points out of the base, towards the camera.
    base.quat = [np.sqrt(0.5), 0.0, 0.0, -np.sqrt(0.5)]
    _geom(base, "pillar", _CYLINDER, [0.055, 0.07], "joint", pos=[0, 0, -0.07], mass=1.0, **SEEN_ONLY)
    link = _link(base, "turret", (0.0, 0.0, 0.0), (0, 0, 1), "yaw")
    _geom(link, "turret", _CYLINDER, [0.05, 0.035], "joint", mass=0.3, **SEEN_ONLY)
    for name, length, joint, pos in (
        ("upper", arm.UPPER, "shoulder", 0.0),
        ("fore", arm.FORE, "elbow", arm.UPPER),
    ):
        link = _link(link, name, (pos, 0.0, 0.0), (0, -1, 0), joint)
        ends = {"fromto": [0, 0, 0, length, 0, 0]}
        _geom(link, name, _CAPSULE, [0.030 if name == "upper" else 0.026], "arm", mass=0.3, **ends, **SEEN_ONLY)
        across = {"fromto": [length, -0.034, 0, length, 0.034, 0]}
        _geom(link, f"{joint} end", _CYLINDER, [0.034], "joint", mass=0.1, **across, **SEEN_ONLY)
    link = _link(link, "wrist", (arm.FORE, 0.0, 0.0), (0, -1, 0), "wrist")
    _geom(link, "wrist", _CAPSULE, [0.022], "arm", fromto=[0, 0, 0, 0.05, 0, 0], mass=0.1, **SEEN_ONLY)
    palm = _link(link, "hand", (0.06, 0.0, 0.0), (1, 0, 0), "roll")
    _geom(palm, "palm", _BOX, [0.014, 0.058, 0.022], "arm", pos=[0.012, 0, 0], mass=0.1, **TOUCHES)
    palm.add_site(name="hand", pos=[arm.TOOL - 0.06, 0, 0], size=[0.004, 0.004, 0.004], rgba=[0, 0, 0, 0])
    # Turned so that what is right in the front camera's picture is right here, and what is away is up.
    _camera(palm, "wrist", (-0.06, 0.0, 0.09), (0.12, 0.0, 0.0), 70.0, up=(0.0, 0.0, -1.0))
    for side, sign in (("left", -1.0), ("right", 1.0)):
        finger = palm.add_body(name=side, pos=[arm.TOOL - 0.06, 0.0, 0.0], gravcomp=1.0)
        joint = finger.add_joint(name=side, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[0, sign, 0])
        joint.range, joint.limited = [0.0, arm.OPENING / 2], True
        joint.damping[0], joint.armature = 2.0, 0.05
        pad = {"pos": [-0.028, sign * 0.007, 0], "friction": [1.6, 0.02, 0.001], "condim": 4}
        _geom(finger, side, _BOX, [0.040, 0.007, 0.012], "finger", mass=0.03, **pad, **TOUCHES)


def _link(parent: Any, name: str, pos: tuple[float, ...], axis: tuple[int, ...], joint: str) -> Any:
    body = parent.add_body(name=name, pos=pos, gravcomp=1.0)
    made = body.add_joint(name=joint, type=mujoco.mjtJoint.mjJNT_HINGE, axis=axis)
    made.range, made.limited = ANGLES[joint], True
    made.armature = 0.08
    return body


def _cabinet(world: Any) -> None:
    """A box without a front, and a drawer in it: a floor, four walls and a handle to hook."""
    body = world.add_body(name="cabinet", pos=[*CABINET, 0.0])
    wide, deep, high, thin = 0.068, 0.062, 0.088, 0.006
    _geom(body, "top", _BOX, [wide, deep, thin], "cabinet", pos=[0, 0, high - thin], **TOUCHES)
    for name, sign in (("left wall", -1.0), ("right wall", 1.0)):
        _geom(body, name, _BOX, [thin, deep, high / 2], "cabinet", pos=[sign * (wide - thin), 0, high / 2], **TOUCHES)
    _geom(body, "back wall", _BOX, [wide, thin, high / 2], "cabinet", pos=[0, deep - thin, high / 2], **TOUCHES)
    drawer = body.add_body(name="drawer", pos=[0, -0.004, 0])
    slide = drawer.add_joint(name="drawer", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[0, -1, 0])
    slide.range, slide.limited = [0.0, DRAWER_RANGE], True
    slide.damping[0], slide.frictionloss, slide.armature = 4.0, 0.6, 0.05
    half, back, front = 0.054, 0.044, -0.058
    middle, length = (back + front) / 2, (back - front) / 2
    _geom(drawer, "bottom", _BOX, [half, length, 0.003], "inside", pos=[0, middle, 0.007], mass=0.1, **TOUCHES)
    for name, sign in (("left side", -1.0), ("right side", 1.0)):
        at = [sign * (half - 0.003), middle, 0.03]
        _geom(drawer, name, _BOX, [0.003, length, 0.024], "inside", pos=at, mass=0.05, **TOUCHES)
    _geom(drawer, "rear", _BOX, [half, 0.003, 0.024], "inside", pos=[0, back, 0.03], mass=0.05, **TOUCHES)
    _geom(drawer, "face", _BOX, [0.064, 0.005, 0.036], "drawer", pos=[0, front, 0.040], mass=0.1, **TOUCHES)
    _geom(drawer, "bar", _BOX, [0.034, 0.005, 0.006], "handle", pos=[0, front - 0.044, 0.045], mass=0.03, **TOUCHES)
    for name, sign in (("left post", -1.0), ("right post", 1.0)):
        at = [sign * 0.038, front - 0.0245, 0.045]
        _geom(drawer, name, _BOX, [0.005, 0.0245, 0.006], "handle", pos=at, mass=0.01, **TOUCHES)


def _button(spec: mujoco.MjSpec, world: Any) -> None:
    """A spring-loaded cap on a housing; the deeper it sinks, the higher a lamp beside it rises."""
    body = world.add_body(name="housing", pos=[*BUTTON, 0.0])
    _geom(body, "housing", _BOX, [0.055, 0.055, 0.0275], "housing", pos=[0, 0, 0.0275], **TOUCHES)
    _geom(body, "chimney", _CYLINDER, [0.022, 0.045], "housing", pos=[0.084, 0, 0.045], **SEEN_ONLY)
    cap = body.add_body(name="button", pos=[0, 0, 0])
    slide = cap.add_joint(name="button", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[0, 0, -1])
    slide.range, slide.limited = [0.0, BUTTON_TRAVEL], True
    slide.stiffness[0], slide.damping[0], slide.armature = 120.0, 4.0, 0.05
    _geom(cap, "button", _CYLINDER, [0.040, 0.020], "button", pos=[0, 0, BUTTON_TOP - 0.020], mass=0.02, **TOUCHES)
    lamp = body.add_body(name="lamp", pos=[0.084, 0, 0.072], gravcomp=1.0)
    rise = lamp.add_joint(name="lamp", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[0, 0, 1])
    rise.range, rise.limited, rise.armature = [-0.005, LAMP * BUTTON_TRAVEL + 0.005], True, 0.01
    _geom(lamp, "lamp", _SPHERE, [0.021], "lamp", mass=0.01, **SEEN_ONLY)
    tie = spec.add_equality(name="lamp", type=mujoco.mjtEq.mjEQ_JOINT, name1="lamp", name2="button")
    tie.objtype = mujoco.mjtObj.mjOBJ_JOINT
    tie.data[:5] = [0.0, LAMP, 0.0, 0.0, 0.0]


def _placed(world: Any) -> None:
    """Zones lie on the table and touch nothing; distractors stand in the way once they are on it."""
    for name in ZONES:
        body = world.add_body(name=f"{name} zone", mocap=True, pos=[0, 0, 0])
        _geom(body, f"{name} zone", _CYLINDER, [RADIUS, 0.0012], name, pos=[0, 0, 0.0006], **SEEN_ONLY)
    for place, name in enumerate(DISTRACTORS):
        body = world.add_body(name=name, mocap=True, pos=parked()[place])
        if name == "bottle":
            _geom(body, name, _CYLINDER, [0.022, 0.045], name, pos=[0, 0, 0.045], **TOUCHES)
        elif name == "ball":
            _geom(body, name, _SPHERE, [0.028], name, pos=[0, 0, 0.028], **TOUCHES)
        else:
            _geom(body, name, _BOX, [0.035, 0.02, 0.03], name, pos=[0, 0, 0.03], **TOUCHES)


def _servos(spec: mujoco.MjSpec) -> None:
    for joint, strength, force in (
        ("yaw", 300.0, 60.0),
        ("shoulder", 500.0, 80.0),
        ("elbow", 300.0, 60.0),
        ("wrist", 120.0, 20.0),
        ("roll", 60.0, 10.0),
        ("left", 400.0, 8.0),
        ("right", 400.0, 8.0),
    ):
        servo = spec.add_actuator(name=joint, target=joint, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        servo.set_to_position(kp=strength, dampratio=1.0)
        servo.forcerange, servo.forcelimited = [-force, force], True


def parked() -> Array:
    """Where distractors are that an episode has not: ``(3, 3)``, behind the camera [m]."""
    return np.array([[PARKED[0] + 0.3 * place, *PARKED[1:]] for place in range(len(DISTRACTORS))])
