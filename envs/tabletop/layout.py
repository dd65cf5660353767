"""Arrangements of the scene, many at once: where blocks, zones, drawer, button and hand are, and their poses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vlmrl.envs.tabletop import arm, scene
from vlmrl.envs.tabletop.scene import COLOURS, HALF, ZONES
from vlmrl.envs.task import Pose, State
from vlmrl.types import Array

Kept = NDArray[np.bool_]

APART = 0.092
"""Between the centres of blocks: fingers must get in between [m]."""
OFF_ZONES = 0.088
"""Between the centres of a block and a zone: nothing lies on a zone to begin with [m]."""
ZONES_APART = 0.125
"""Between the centres of the zones [m]."""
TOUCHING = 0.058
"""Blocks whose centres are nearer may be inside each other [m]."""
FIELD = (-0.20, -0.145), (0.20, 0.085)
"""Opposite corners of where blocks may stand [m]."""
ZONE_FIELD = (-0.11, -0.11), (0.13, 0.06)
"""Opposite corners of where the centres of zones may lie [m]."""
HOME = (0.0, 0.02, 0.17)
"""About where the hand is in the beginning [m]."""
CANDIDATES, TRIES = 48, 12
"""How many arrangements are drawn at once, and how many places for each thing in them."""


@dataclass(frozen=True)
class Layout:
    """``n`` arrangements.

    Attributes:
        blocks: ``(n, 4, 3)`` centres [m].
        turns: ``(n, 4)`` about the vertical [rad].
        zones: ``(n, 2, 2)`` centres on the table [m].
        drawer, pressed: ``(n,)`` how far the drawer is out, and the button down [m].
        hand: ``(n, 3)`` the point between the fingertips [m].
        opening: ``(n,)`` between the fingers [m].
    """

    blocks: Array
    turns: Array
    zones: Array
    drawer: Array
    pressed: Array
    hand: Array
    opening: Array

    def __len__(self) -> int:
        return len(self.blocks)

    def __getitem__(self, rows: Array) -> Layout:
        """Some of them, by index or mask."""
        return Layout(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    @classmethod
    def joined(cls, parts: list[Layout]) -> Layout:
        """One after the other."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__))

    def but(self, **changes: Array) -> Layout:
        """A copy with some fields changed."""
        return replace(self, **changes)

    def moved(self, colour: str, place: Array) -> Layout:
        """A copy with one block's centre at ``place`` ``(n, 3)``."""
        blocks = self.blocks.copy()
        blocks[:, COLOURS.index(colour)] = place
        return self.but(blocks=blocks)

    def pose(self) -> Pose:
        """The simulator's joint positions and placed bodies, at rest."""
        count = len(self)
        qpos = np.zeros((count, scene.NQ))
        qpos[:, : arm.JOINTS] = arm.joints_at(self.hand)
        qpos[:, scene.FINGERS] = self.opening[:, None] / 2
        qpos[:, scene.DRAWER], qpos[:, scene.PRESSED] = self.drawer, self.pressed
        qpos[:, scene.LIT] = scene.LAMP * self.pressed
        free = qpos[:, scene.FIRST :].reshape(count, len(COLOURS), 7)
        free[:, :, :3] = self.blocks
        free[:, :, 3], free[:, :, 6] = np.cos(self.turns / 2), np.sin(self.turns / 2)
        return Pose(qpos, None, self._mocap())

    def state(self) -> State:
        """What the truth of an instruction reads; what it does not read is empty."""
        pose, none = self.pose(), np.zeros((len(self), 0))
        return State(pose.qpos, none, none, self._mocap(), none, none, none, none)

    def _mocap(self) -> Array:
        placed = np.zeros((len(self), len(ZONES) + len(scene.DISTRACTORS), 3))
        placed[:, : len(ZONES), :2] = self.zones
        placed[:, len(ZONES) :] = scene.parked()
        return placed


def room(place: Array, drawer: bool) -> Kept:
    """Whether a block can stand at ``place`` ``(..., 2+)`` beside cabinet and button: bool ``(...)``.

    Args:
        place: its centre [m].
        drawer: the drawer is, or will be, open, and needs the place before the cabinet.
    """
    x, y = place[..., 0], place[..., 1]
    low, high = FIELD
    inside = (low[0] <= x) & (x <= high[0]) & (low[1] <= y) & (y <= high[1])
    left = (x < -0.120) & ((y > -0.045) | drawer)
    kept: Kept = inside & ~left & ~((x > 0.110) & (y > 0.010))
    return kept


def clear(layout: Layout, place: Array, leaving: tuple[str, ...], apart: float = APART) -> Kept:
    """Whether ``place`` ``(n, 2+)`` is ``apart`` from the centres of all blocks but ``leaving``: bool ``(n,)``."""
    others = [number for number, colour in enumerate(COLOURS) if colour not in leaving]
    gap = layout.blocks[:, others, :2] - place[:, None, :2]
    kept: Kept = ((gap**2).sum(axis=-1) > apart * apart).all(axis=1)
    return kept


def whole(layout: Layout) -> Kept:
    """Whether no two blocks are inside each other: bool ``(n,)``."""
    kept = np.ones(len(layout), dtype=bool)
    for one in range(len(COLOURS)):
        for other in range(one):
            gap = layout.blocks[:, one] - layout.blocks[:, other]
            flat, high = (gap[:, :2] ** 2).sum(axis=1), np.abs(gap[:, 2])
            kept &= (flat > TOUCHING * TOUCHING) | (high > 2 * HALF - 0.001)
    return kept


def scattered(rng: np.random.Generator, drawer: bool, out: float) -> Layout:
    """Some arrangements in which nothing lies in another's way, the drawer ``out`` metres out; maybe none.

    Zones first, then blocks, each where there is room beside what lies there already.

    Args:
        rng: draws them.
        drawer: keep the place before the cabinet free.
        out: of the drawer [m].
    """
    turns = rng.uniform(-0.12, 0.12, (CANDIDATES, len(COLOURS)))
    hand = rng.uniform(-1, 1, (CANDIDATES, 3)) * (0.06, 0.04, 0.02) + HOME
    lying, kept = np.zeros((CANDIDATES, 0, 2)), np.ones(CANDIDATES, dtype=bool)
    for number in range(len(ZONES) + len(COLOURS)):
        zone = number < len(ZONES)
        tries = rng.uniform(*(ZONE_FIELD if zone else FIELD), (CANDIDATES, TRIES, 2))
        apart = np.where(np.arange(number) < len(ZONES), ZONES_APART if zone else OFF_ZONES, APART)
        gaps = ((tries[:, :, None] - lying[:, None]) ** 2).sum(axis=-1)
        fits = (gaps >= apart * apart).all(axis=-1) & (zone | room(tries, drawer))
        kept &= fits.any(axis=1)
        lying = np.concatenate([lying, tries[np.arange(CANDIDATES), fits.argmax(axis=1)][:, None]], axis=1)
    count = int(kept.sum())
    blocks = np.concatenate([lying[kept, len(ZONES) :], np.full((count, len(COLOURS), 1), HALF)], axis=-1)
    level = np.full(count, out), np.zeros(count)
    zones = lying[kept, : len(ZONES)]
    return Layout(blocks, turns[kept], zones, *level, hand[kept], np.full(count, arm.OPENING))


def drawn(n: int, draw: Callable[[], Layout]) -> Layout:
    """``n`` arrangements of those that ``draw`` gives, some at a time.

    Raises:
        RuntimeError: a thousand draws were not enough; the instruction has no room on this table.
    """
    parts: list[Layout] = []
    count = 0
    for _ in range(1000 + 10 * n):
        part = draw()
        parts.append(part)
        count += len(part)
        if count >= n:
            return Layout.joined(parts)[np.arange(n)]
    raise RuntimeError("no arrangement of the tabletop fits what is asked")
