"""When an instruction is done, and how near it is to that: gaps in metres, zero where they are closed.

Success is all gaps closed. The oracle is the product of how far each is closed, so that an instruction of several facts
is their conjunction. All of it reads ``qpos`` and ``mocap_pos`` alone, elementwise, so that one state and many give the
same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from vlmrl.envs.tabletop import arm, scene
from vlmrl.envs.tabletop.instruction import Instruction
from vlmrl.envs.tabletop.scene import BUTTON, BUTTON_TOP, BUTTON_TRAVEL, CABINET, COLOURS, DRAWER, HALF, PRESSED
from vlmrl.envs.task import State
from vlmrl.types import Array

TOUCHED = 0.045
"""Fingertips nearer to a thing than this have reached it [m]; a block's face is 2.6 cm from its centre."""
LIFTED = 0.10
"""Height of a lifted block's centre [m]; that of one that stands on another is at 7.8 cm."""
RESTING = HALF + 0.008
"""Height below which a block's centre counts as on the table [m]."""
CENTRED = 0.03
"""A block is in a zone with its centre this near to the zone's [m], more than half of it inside."""
BESIDE_BLOCK, BESIDE_ZONE = (0.055, 0.140), (0.085, 0.170)
"""How far beside a block or a zone, between centres along the relation's axis [m]."""
ASIDE = 0.04
"""How far off that axis [m]."""
SIDE = {"left": (0, -1.0, 0.135), "right": (0, 1.0, 0.135), "front": (1, -1.0, 0.115), "back": (1, 1.0, 0.055)}
"""Of the table: the axis, its sign, and where the side begins [m]."""
TOWARDS = {"left of": (0, -1.0), "right of": (0, 1.0), "in front of": (1, -1.0), "behind": (1, 1.0)}
"""The axis of a relation, and its sign."""
OPEN, SHUT, DOWN = 0.085, 0.008, 0.013
"""The drawer is open when further out than this, shut when less; the button is down when deeper [m]."""
STEEP = 3.0
"""A gap's slope where it closes is by 1 more than this times its mean slope, so that the end is worth going to."""
WIDE = 0.066
"""Fingers further apart than this hold no block [m]."""
AWAY = 0.06
"""Nor does a hand that is further away than this [m]."""


@dataclass(frozen=True)
class Gap:
    """One fact that must hold.

    Attributes:
        size: ``(...)`` how far it is from holding [m]; 0 where it holds.
        scale: the size at which it counts as not begun [m].
    """

    size: Array
    scale: float

    @property
    def closed(self) -> Array:
        """``(...)`` in [0, 1], 1 where the fact holds; the last centimetres count for more than the first."""
        share = np.clip(self.size / self.scale, 0.0, 1.0)
        part: Array = (1.0 - share) / (1.0 + STEEP * share)
        return part


def over(value: Array, most: float) -> Array:
    """By how much ``value`` exceeds ``most``."""
    return np.maximum(value - most, 0.0)


def length(*parts: Array) -> Array:
    """The length of vectors given part by part, added up in the order given whatever the shape."""
    total = parts[0] * parts[0]
    for part in parts[1:]:
        total = total + part * part
    root: Array = np.sqrt(total)
    return root


def distance(one: Array, other: Array, axes: int = 3) -> Array:
    """Between points ``(..., 3)``, along the first ``axes`` of their axes: ``(...)`` [m]."""
    return length(*(one[..., axis] - other[..., axis] for axis in range(axes)))


def where(state: State, thing: str) -> Array:
    """The point by which a thing is reached, or that others are beside: ``(..., 3)`` [m]."""
    if thing in COLOURS:
        return scene.block(state.qpos, thing)
    if thing in scene.ZONES:
        return scene.zone(state.mocap_pos, thing)
    still = np.zeros_like(state.qpos[..., DRAWER])
    if thing == "button":
        return np.stack([still + BUTTON[0], still + BUTTON[1], BUTTON_TOP - state.qpos[..., PRESSED]], axis=-1)
    out = scene.HANDLE[1] - state.qpos[..., DRAWER]
    return np.stack([still + scene.HANDLE[0], out, still + scene.HANDLE[2]], axis=-1)


def gaps(state: State, asked: Instruction) -> list[Gap]:
    """The facts that make up an instruction."""
    if asked.verb == "reach":
        return [Gap(over(distance(arm.hand(state.qpos), where(state, asked.thing)), TOUCHED), 0.45)]
    if asked.verb == "open":
        return [Gap(over(OPEN - state.qpos[..., DRAWER], 0.0), 1.5 * OPEN)]
    if asked.verb == "close":
        return [Gap(over(state.qpos[..., DRAWER], SHUT), 1.5 * scene.DRAWER_RANGE)]
    if asked.verb == "press":
        return [Gap(over(DOWN - state.qpos[..., PRESSED], 0.0), BUTTON_TRAVEL)]
    block = scene.block(state.qpos, asked.thing)
    if asked.verb == "lift":
        return [Gap(over(LIFTED - block[..., 2], 0.0), LIFTED - HALF + 0.02)]
    return _placed(state, block, asked)


def _placed(state: State, block: Array, asked: Instruction) -> list[Gap]:
    """Of an instruction that wants a block somewhere."""
    down = Gap(over(block[..., 2], RESTING), 0.4)
    if asked.form == "push to":
        axis, sign, edge = SIDE[asked.place]
        return [Gap(over(edge - sign * block[..., axis], 0.0), 0.4), down]
    if asked.form == "put drawer":
        out = block[..., 1] - (CABINET[1] + scene.DRAWER_MIDDLE - state.qpos[..., DRAWER])
        aside, along = over(np.abs(block[..., 0] - CABINET[0]), 0.030), over(np.abs(out), 0.030)
        return [Gap(length(aside, along), 0.4), Gap(over(block[..., 2], 0.05), 0.4), _let_go(state, block)]
    other = where(state, asked.place)
    if asked.form == "stack":
        off = over(distance(block, other, 2), 0.020)
        high = over(np.abs(block[..., 2] - other[..., 2] - 2 * HALF), 0.008)
        under = Gap(over(other[..., 2], RESTING), 0.4)
        return [Gap(off, 0.4), Gap(high, 0.2), under, _let_go(state, block)]
    if asked.form in ("push onto", "put in"):
        return [Gap(over(distance(block, other, 2), CENTRED), 0.4), down]
    axis, sign = TOWARDS[asked.relation]
    near, far = BESIDE_BLOCK if asked.place in COLOURS else BESIDE_ZONE
    along = sign * (block[..., axis] - other[..., axis])
    short = over(near - along, 0.0) + over(along, far)
    off = over(np.abs(block[..., 1 - axis] - other[..., 1 - axis]), ASIDE)
    return [Gap(length(short, off), 0.5), down, Gap(over(other[..., 2], RESTING), 0.4)]


def _let_go(state: State, block: Array) -> Gap:
    """That the fingers hold the block no longer: by how much they would have to open, or the hand to go."""
    shut = over(WIDE - scene.opening(state.qpos), 0.0)
    near = over(AWAY - distance(arm.hand(state.qpos), block), 0.0)
    return Gap(np.minimum(shut, near), 0.2)


def done(state: State, asked: Instruction) -> Array:
    """Whether all facts hold: bool ``(...)``."""
    facts = gaps(state, asked)
    held: Array = facts[0].size <= 0.0
    for fact in facts[1:]:
        held = held & (fact.size <= 0.0)
    return held


def nearness(state: State, asked: Instruction) -> Array:
    """``(...)`` in [0, 1], 1 where it is done: how far each gap is closed, times how near the hand is to the thing.

    The hand's part falls to a half with its distance, and counts no longer once the instruction is done.
    """
    closed = np.ones_like(state.qpos[..., 0])
    for fact in gaps(state, asked):
        closed = closed * fact.closed
    if asked.verb == "reach":
        return closed
    touched = "handle" if asked.thing == "drawer" else asked.thing
    near = Gap(distance(arm.hand(state.qpos), where(state, touched)), 0.4).closed
    attended = np.maximum(near, done(state, asked).astype(np.float64))
    return closed * (1.0 + attended) / 2.0


SUCCESS: Final = {
    "reach": "with the fingertips within 4.5 cm of the thing: of its centre, the button's top, or the handle's middle",
    "lift": "with the block's centre more than 10 cm above the table",
    "push to": (
        "with the block on the table, more than 13.5 cm left or right, 11.5 cm before or 5.5 cm behind its middle"
    ),
    "push onto": "with the block on the table and its centre within 3 cm of the zone's",
    "put in": "with the block on the table and its centre within 3 cm of the zone's",
    "put drawer": "with the block's centre inside the drawer, below its rim, and let go",
    "put by": (
        "with both down, 5.5 to 14 cm between centres that way (to a zone 8.5 to 17 cm), at most 4 cm to the side"
    ),
    "stack": "with the block one block higher than the other and within 2 cm of above it, and let go",
    "open": "with the drawer more than 8.5 of its 10.5 cm out",
    "close": "with the drawer less than 0.8 cm out",
    "press": "while the button is more than 1.3 of its 2 cm down",
}
"""When instructions of a form are done, in words."""


class Done:
    """Success of an instruction: :func:`done`, which says of itself when that is."""

    def __init__(self, asked: Instruction) -> None:
        self.asked = asked
        self.__doc__ = f"True {SUCCESS[asked.form]}."

    def __call__(self, state: State) -> Array:
        """Bool ``(...)``."""
        return done(state, self.asked)
