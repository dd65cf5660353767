"""States all over the table: whatever an agent may have made of it, and nothing inside another thing."""

from __future__ import annotations

from functools import cache

import mujoco
import numpy as np

from vlmrl.envs.tabletop import arm, scene
from vlmrl.envs.tabletop.instruction import FORMS, Instruction, every_instruction
from vlmrl.envs.tabletop.layout import FIELD, ZONE_FIELD, ZONES_APART, Kept, Layout, scattered, whole
from vlmrl.envs.tabletop.scene import BUTTON_TRAVEL, CABINET, COLOURS, DRAWER_MIDDLE, HALF, ZONES
from vlmrl.envs.tabletop.states import (
    DRAWER_FLOOR,
    HELD,
    Rng,
    carried,
    misses,
    on_table,
    pressing,
    solved,
    target,
    with_hand,
)
from vlmrl.envs.tabletop.truth import where
from vlmrl.envs.task import Pose

BATCH = 1024
"""Arrangements drawn at once; about a third of them can be."""
HAND = ("reach", "lift", "press")
"""Forms that are the hand's."""
OVERLAP = 0.002
"""Things this far inside one another are seen to be [m]."""


def anywhere(rng: Rng, n: int) -> Pose:
    """Draw ``n`` poses over all that the table can look like.

    Blocks anywhere, apart or close together, in zones, beside them, on one another and in the drawer, and one in the
    hand at any height; the drawer at every opening; the hand anywhere, at a thing or near it, and on the button at
    every depth. Done and narrowly missed instructions are as frequent as accidents.
    """
    parts: list[Layout] = []
    count = 0
    while count < n or not parts:
        layout = _drawers(_lying(rng), rng)
        for share in (0.7, 0.4):
            layout = _changed(layout, share, rng)
        layout = _handled(layout, rng)
        layout = layout[whole(layout) & on_table(layout) & _held_up(layout)]
        layout = layout[_free(layout.pose())]
        parts.append(layout)
        count += len(layout)
    return Layout.joined(parts)[np.arange(n)].pose()


def _lying(rng: Rng) -> Layout:
    """Blocks and zones on the table: half as episodes begin, half as it happens."""
    parts: list[Layout] = []
    while sum(map(len, parts)) < BATCH // 2:
        parts.append(scattered(rng, bool(rng.random() < 0.3), 0.0))
    tidy = Layout.joined(parts)
    count = BATCH // 2
    loose = tidy[rng.integers(len(tidy), size=count)]
    blocks = loose.blocks.copy()
    blocks[..., :2] = rng.uniform(*FIELD, (count, len(COLOURS), 2))
    # Four blocks at a venture seldom fit; one or two among those that do often do.
    kept = rng.random((count, len(COLOURS))) < 0.5
    blocks[kept] = loose.blocks[kept]
    zones = rng.uniform(*ZONE_FIELD, (count, len(ZONES), 2))
    near = ((zones[:, 0] - zones[:, 1]) ** 2).sum(axis=1) < ZONES_APART**2
    zones[near] = loose.zones[near]
    turns = rng.uniform(-0.12, 0.12, (count, len(COLOURS))) * rng.choice([1, 6], (count, 1), p=[0.7, 0.3])
    return Layout.joined([tidy, loose.but(blocks=blocks, zones=zones, turns=turns)])


def _drawers(layout: Layout, rng: Rng) -> Layout:
    """Shut, open and at every opening between, in equal parts."""
    count = len(layout)
    out = rng.uniform(0.0, scene.DRAWER_RANGE, (3, count)) * [[0.05], [1.0], [0.15]]
    out[2] = scene.DRAWER_RANGE - out[2]
    return layout.but(drawer=out[rng.integers(3, size=count), np.arange(count)])


@cache
def _asked() -> dict[str, list[Instruction]]:
    """The instructions of each form that is not the hand's."""
    return {form: [one for one in every_instruction() if one.form == form] for form in FORMS if form not in HAND}


def _changed(layout: Layout, share: float, rng: Rng) -> Layout:
    """``share`` of them with some instruction done, or narrowly missed."""
    forms = list(_asked())
    weights = np.array([4.0 if form == "put by" else 2.0 if form == "stack" else 1.0 for form in forms])
    kind = rng.choice(len(forms), len(layout), p=weights / weights.sum())
    kind[rng.random(len(layout)) > share] = -1
    parts = [layout[kind < 0]]
    for number, form in enumerate(forms):
        some = layout[kind == number]
        which = rng.integers(len(_asked()[form]), size=len(some))
        parts += [_one_change(_asked()[form][i], some[which == i], rng) for i in np.unique(which)]
    return Layout.joined(parts)


def _one_change(asked: Instruction, layout: Layout, rng: Rng) -> Layout:
    if rng.random() < 0.6:
        return solved(asked, layout, rng)
    changes = list(misses(asked))
    return changes[rng.integers(len(changes))](layout, rng) if changes else layout


def _handled(layout: Layout, rng: Rng) -> Layout:
    """The hand where an episode begins, anywhere, at or near a thing, with a block, and on the button."""
    kind = rng.choice(5, len(layout), p=[0.15, 0.2, 0.3, 0.25, 0.1])
    held = layout.opening == HELD
    parts = [layout[held | (kind == 0)]]
    kind[held] = 0
    away = layout[kind == 1]
    parts.append(_open(with_hand(away, rng.uniform(arm.LOW, arm.HIGH, (len(away), 3)), 0.0), rng))
    near = layout[kind == 2]
    things = (*COLOURS, *ZONES, "button", "handle")
    which = rng.integers(len(things), size=len(near))
    for i, thing in enumerate(things):
        parts.append(_near(near[which == i], thing, rng))
    carrying = layout[kind == 3]
    which = rng.integers(len(COLOURS), size=len(carrying))
    for i, colour in enumerate(COLOURS):
        parts.append(_carrying(carrying[which == i], colour, rng))
    depth = rng.uniform(-0.04, BUTTON_TRAVEL, int((kind == 4).sum()))
    parts.append(pressing(depth, layout[kind == 4], rng).but(pressed=np.maximum(depth, 0.0)))
    joined = Layout.joined(parts)
    return joined[rng.permutation(len(joined))]


def _open(layout: Layout, rng: Rng) -> Layout:
    return layout.but(opening=rng.uniform(0.0, arm.OPENING, len(layout)))


def _near(layout: Layout, thing: str, rng: Rng) -> Layout:
    """The hand on the thing, or up to 16 cm off."""
    there = where(layout.state(), thing) + np.array([0.0, 0.0, 0.036 if thing in COLOURS else 0.014])
    way = rng.normal(size=there.shape)
    way[:, 2] = np.abs(way[:, 2])
    way *= rng.uniform(0.0, 0.16, (len(layout), 1)) / np.sqrt((way**2).sum(axis=1, keepdims=True))
    return _open(with_hand(layout, there + way, 0.0), rng)


def _carrying(layout: Layout, colour: str, rng: Rng) -> Layout:
    """A block in the hand: above where it was, above another's place, or above any other."""
    every = [
        one for form in ("put in", "put by", "stack", "put drawer") for one in _asked()[form] if one.thing == colour
    ]
    asked = every[rng.integers(len(every))]
    places = (None, target(asked, layout.state()), rng.uniform((*FIELD[0], HALF), (*FIELD[1], HALF), (len(layout), 3)))
    return carried(colour, (HALF, arm.HIGH[2] - 0.01), layout, rng, over=places[rng.integers(len(places))])


def _held_up(layout: Layout) -> Kept:
    """Whether every block is on the table, in the drawer, on another block or in the hand: bool ``(n,)``."""
    blocks, high = layout.blocks, layout.blocks[..., 2]
    gap = blocks[:, :, None] - blocks[:, None]
    flat = np.sqrt((gap[..., :2] ** 2).sum(axis=-1))
    stacked = ((np.abs(gap[..., 2] - 2 * HALF) < 1e-3) & (flat < HALF)).any(axis=2)
    middle = np.stack([np.full(len(layout), CABINET[0]), CABINET[1] + DRAWER_MIDDLE - layout.drawer], axis=1)
    inside = (np.abs(blocks[..., :2] - middle[:, None]) < 0.03).all(axis=-1) & (
        np.abs(high - HALF - DRAWER_FLOOR) < 1e-3
    )
    reach = np.abs(blocks - layout.hand[:, None]).max(axis=-1)
    held = (reach < 1e-6) & (layout.opening == HELD)[:, None]
    kept: Kept = ((np.abs(high - HALF) < 1e-3) | stacked | inside | held).all(axis=1)
    return kept


def _free(pose: Pose) -> Kept:
    """Whether nothing is inside another thing: bool ``(n,)``."""
    model = _model()
    data = mujoco.MjData(model)
    free = np.empty(len(pose), dtype=bool)
    for i in range(len(pose)):
        data.qpos[:] = pose.qpos[i]
        if pose.mocap_pos is not None:
            data.mocap_pos[:] = pose.mocap_pos[i]
        mujoco.mj_kinematics(model, data)
        mujoco.mj_collision(model, data)
        free[i] = (data.contact.dist > -OVERLAP).all()
    return free


@cache
def _model() -> mujoco.MjModel:
    return scene.model()
