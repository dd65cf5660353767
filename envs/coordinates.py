"""What of a simulator's pose a person can set by hand: joints and placed bodies, with their names, units and ranges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import mujoco
import numpy as np

from vlmrl.types import Array

STEP = 0.01
"""Coordinates are set in steps of this [m, rad]."""
HALF_TURN = 3.14
"""In whole steps [rad]."""
MARGIN = 0.5
"""How far beyond the states seen a coordinate without limits may be moved [m]."""


@dataclass(frozen=True)
class Coordinate:
    """One number of a pose.

    Attributes:
        name: the joint's or body's, with the axis where it has several.
        index: its place in a posture, which is ``qpos`` and then the positions of the placed bodies.
        low, high: its range, in whole steps [m, rad].
        unit: of the three.
        turns: an angle without limits, alike after a whole turn.
        sideways: a way along the floor without limits, as the root of a robot that may walk off has.
    """

    name: str
    index: int
    low: float
    high: float
    unit: Literal["m", "rad"]
    turns: bool = False
    sideways: bool = False


def coordinates(model: mujoco.MjModel, seen: Array) -> tuple[Coordinate, ...]:
    """The coordinates of a model, in the order of a posture.

    The orientation of a free or ball joint is left out: four numbers of a quaternion cannot be set one by one.

    Args:
        model: the model.
        seen: ``(n, nq + 3 nmocap)``, postures of states that occur; they widen limits that they break, give joints
            without limits a range, and tell along which axes bodies are placed at all.
    """
    return (*_joints(model, seen), *_placed(model, seen))


def posture(qpos: Array, mocap_pos: Array) -> Array:
    """Joint positions ``(nq,)`` and places of bodies ``(nmocap, 3)`` in one row."""
    return np.concatenate([qpos, np.ravel(mocap_pos)])


def _joints(model: mujoco.MjModel, seen: Array) -> Iterator[Coordinate]:
    for joint in range(model.njnt):
        kind, at = mujoco.mjtJoint(model.jnt_type[joint]), int(model.jnt_qposadr[joint])
        name = model.joint(joint).name or f"joint {joint}"
        if kind == mujoco.mjtJoint.mjJNT_FREE:
            for axis, letter in enumerate("xyz"):
                one = _ranged(f"{name} {letter}", at + axis, seen, "m", MARGIN)
                yield replace(one, sideways=letter != "z")
        elif kind == mujoco.mjtJoint.mjJNT_HINGE and not model.jnt_limited[joint]:
            yield Coordinate(name, at, -HALF_TURN, HALF_TURN, "rad", turns=True)
        elif kind in (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE):
            limits = tuple(model.jnt_range[joint]) if model.jnt_limited[joint] else ()
            slides = kind == mujoco.mjtJoint.mjJNT_SLIDE
            one = _ranged(name, at, seen, "m" if slides else "rad", 0.0 if limits else MARGIN, limits)
            flat = abs(model.jnt_axis[joint, 2]) < 0.5  # joints of a root have the world's axes
            yield replace(one, sideways=bool(slides and not limits and flat))


def _placed(model: mujoco.MjModel, seen: Array) -> Iterator[Coordinate]:
    bodies = sorted((int(place), body) for body, place in enumerate(model.body_mocapid) if place >= 0)
    for place, body in bodies:
        for axis, letter in enumerate("xyz"):
            at = model.nq + 3 * place + axis
            if np.ptp(seen[:, at]) > STEP:
                yield _ranged(f"{model.body(body).name or f'body {body}'} {letter}", at, seen, "m")


def _ranged(
    name: str,
    index: int,
    seen: Array,
    unit: Literal["m", "rad"],
    margin: float = 0.0,
    limits: tuple[float, ...] = (),
) -> Coordinate:
    values = [*limits, seen[:, index].min() - margin, seen[:, index].max() + margin]
    return Coordinate(name, index, *_steps(min(values), max(values)), unit)


def _steps(low: float, high: float) -> tuple[float, float]:
    """The range, widened to whole steps; a hair less than a step more is rounding alone."""
    hair = 1e-6
    lowest, highest = np.floor(low / STEP + hair) * STEP, np.ceil(high / STEP - hair) * STEP
    return round(float(lowest), 2) + 0.0, round(float(highest), 2) + 0.0  # no -0.0
