"""States of an instruction: where its episodes begin, where it is done, and where it is narrowly not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeAlias

import numpy as np

from vlmrl.envs.tabletop import arm, scene
from vlmrl.envs.tabletop.instruction import Instruction
from vlmrl.envs.tabletop.layout import Kept, Layout, clear, drawn, room, scattered, whole
from vlmrl.envs.tabletop.scene import BUTTON, BUTTON_TRAVEL, CABINET, COLOURS, HALF, ZONES
from vlmrl.envs.tabletop.truth import SIDE, TOWARDS, done, gaps, where
from vlmrl.envs.task import Pose, State
from vlmrl.types import Array

Rng: TypeAlias = np.random.Generator
Change: TypeAlias = Callable[[Layout, Rng], Layout]

FROM_BLOCK, FROM_ZONE = 0.096, 0.125
"""How far beside a block or a zone a block is put [m]."""
TO_GO = 0.05
"""How far a block is at least from where it is done, in the beginning [m]."""
DRAWER_FLOOR = 0.010
"""Height of the drawer's floor [m]."""
HELD = 2 * HALF
"""Between fingers that hold a block [m]."""
BEHIND, SHORT = 0.075, 0.012
"""How far behind a block the hand comes down to push it; and what is not worth pushing [m]."""
LANE = 0.075
"""Half the width of the lane along which a block is pushed: no other block's centre is in it [m]."""


def uses_drawer(asked: Instruction) -> bool:
    """Whether the place before the cabinet must be free."""
    return asked.form in ("open", "close", "put drawer") or asked.thing == "handle"


def target(asked: Instruction, state: State) -> Array:
    """Where the centre of the block is to go: ``(..., 3)`` [m]."""
    block = scene.block(state.qpos, asked.thing)
    if asked.form == "push to":
        axis, sign, edge = SIDE[asked.place]
        there = block.copy()
        there[..., axis] = sign * (edge + 0.022)
        return there
    if asked.form == "put drawer":
        middle = (CABINET[0], CABINET[1] + scene.DRAWER_MIDDLE, DRAWER_FLOOR + HALF)
        inside: Array = np.zeros_like(block) + middle
        inside[..., 1] -= state.qpos[..., scene.DRAWER]
        return inside
    there = where(state, asked.place).copy()
    if asked.form == "stack":
        there[..., 2] += 2 * HALF
        return there
    there[..., 2] = HALF
    if asked.form == "put by":
        axis, sign = TOWARDS[asked.relation]
        there[..., axis] += sign * (FROM_BLOCK if asked.place in COLOURS else FROM_ZONE)
    return there


def starts(asked: Instruction, rng: Rng, n: int) -> Layout:
    """Arrangements in which ``asked`` is not done, and in which there is room to do it."""
    return drawn(n, partial(_starts, asked, rng))


def _starts(asked: Instruction, rng: Rng) -> Layout:
    open_ = asked.form in ("close", "put drawer")
    layout = scattered(rng, uses_drawer(asked), scene.DRAWER_RANGE - 0.003 if open_ else 0.0)
    return layout[_ready(asked, layout)] if len(layout) else layout


def _ready(asked: Instruction, layout: Layout) -> Kept:
    state = layout.state()
    kept: Kept = ~done(state, asked)
    if asked.form in ("reach", "lift", "open", "close", "press"):
        return kept
    kept &= gaps(state, asked)[0].size > TO_GO
    there = target(asked, layout.state())
    if asked.form in ("push to", "put in", "push onto", "put by"):
        kept &= room(there, uses_drawer(asked)) & clear(layout, there, (asked.thing,))
    if asked.verb == "push":
        kept &= _lanes(asked, layout, there)
    return kept


def _lanes(asked: Instruction, layout: Layout, there: Array) -> Kept:
    """Whether nothing is in the way of pushing the block ``there``, sideways first."""
    here = layout.blocks[:, COLOURS.index(asked.thing), :2]
    corner = np.stack([there[:, 0], here[:, 1]], axis=1)
    return _lane(asked, layout, here, corner) & _lane(asked, layout, corner, there[:, :2])


def _lane(asked: Instruction, layout: Layout, here: Array, there: Array) -> Kept:
    """Whether nothing is in the way from ``here`` to ``there``, ``(n, 2)``, the hand behind the block."""
    way = there - here
    far = np.sqrt((way**2).sum(axis=1, keepdims=True))
    ahead = way / np.maximum(far, 1e-9)
    behind = here - BEHIND * ahead
    low, high = np.array(arm.LOW[:2]), np.array(arm.HIGH[:2])
    free: Kept = ((low < behind) & (behind < high)).all(axis=1)
    free &= room(here - 0.045 * ahead, False) & room(there, False)
    for colour in COLOURS:
        if colour != asked.thing:
            off = layout.blocks[:, COLOURS.index(colour), :2] - here
            along = np.clip((off * ahead).sum(axis=1, keepdims=True), -BEHIND, far + HALF)
            free &= ((off - along * ahead) ** 2).sum(axis=1) > LANE**2
    kept: Kept = free | (far[:, 0] <= SHORT)
    return kept


def goal_states(rng: Rng, n: int, asked: Instruction) -> Pose:
    """Draw ``n`` poses in which ``asked`` is done."""

    def draw() -> Layout:
        layout = solved(asked, _starts(asked, rng), rng)
        return layout[done(layout.state(), asked) & whole(layout)]

    return drawn(n, draw).pose()


def bad_states(rng: Rng, n: int, asked: Instruction) -> Pose:
    """Draw ``n`` poses in which ``asked`` is not done: one part as episodes begin, the others narrow misses.

    The wrong block in the right place, the right one on the wrong side, next to the zone, or held above it.
    """
    changes = [_unchanged, *misses(asked)]

    def draw() -> Layout:
        layout = _starts(asked, rng)
        kinds = rng.integers(len(changes), size=len(layout))
        parts = [change(layout[kinds == kind], rng) for kind, change in enumerate(changes)]
        layout = Layout.joined(parts)[rng.permutation(len(layout))]
        return layout[~done(layout.state(), asked) & whole(layout) & on_table(layout)]

    return drawn(n, draw).pose()


def on_table(layout: Layout) -> Kept:
    """Whether every block is where one can be seen, and not in the cabinet or the button's housing."""
    x, y = layout.blocks[..., 0], layout.blocks[..., 1]
    high = layout.blocks[..., 2] > 0.09
    drawer = (np.abs(x - CABINET[0]) < 0.1) & (y > np.where(layout.drawer > 0.02, -0.10, 0.0)[:, None])
    button = (x > 0.12) & (y > 0.02)
    inside = np.abs(layout.blocks[..., 2] - HALF - DRAWER_FLOOR) < 1e-6  # of the drawer
    seen: Kept = (np.abs(x) < 0.26) & (np.abs(y) < 0.22) & (high | inside | ~(drawer | button))
    return np.asarray(seen.all(axis=1))


def solved(asked: Instruction, layout: Layout, rng: Rng) -> Layout:
    """The arrangements with ``asked`` done in them; a few may have turned out otherwise."""
    if asked.verb == "reach":
        there = where(layout.state(), asked.thing).copy()
        there[:, 2] += {"button": 0.012, "handle": 0.0}.get(asked.thing, 0.035 if asked.thing in COLOURS else 0.02)
        return with_hand(layout, there + rng.uniform(-0.008, 0.008, there.shape), 0.0)
    if asked.verb == "lift":
        return carried(asked.thing, (0.115, 0.17), layout, rng)
    if asked.verb == "open":
        return layout.but(drawer=rng.uniform(0.088, scene.DRAWER_RANGE, len(layout)))
    if asked.verb == "close":
        return layout.but(drawer=rng.uniform(0.0, 0.006, len(layout)))
    if asked.verb == "press":
        return pressing(rng.uniform(0.014, BUTTON_TRAVEL, len(layout)), layout, rng)
    spread = {"stack": 0.008, "put drawer": 0.012}.get(asked.form, 0.014)
    there = target(asked, layout.state())
    there[:, :2] += rng.uniform(-spread, spread, (len(layout), 2))
    return layout.moved(asked.thing, there)


def with_hand(layout: Layout, place: Array, opening: float) -> Layout:
    """The hand at ``place`` ``(n, 3)``, or the nearest it can be, the fingers ``opening`` apart [m]."""
    hand = np.clip(place, arm.LOW, arm.HIGH)
    return layout.but(hand=hand, opening=np.full(len(layout), opening))


def carried(colour: str, heights: tuple[float, float], layout: Layout, rng: Rng, over: Array | None = None) -> Layout:
    """The block in the hand, somewhere between two heights of its centre [m], above where it is or ``over`` a place."""
    there = layout.blocks[:, COLOURS.index(colour)].copy() if over is None else over.copy()
    there[:, 2] = rng.uniform(*heights, len(layout))
    turns = layout.turns.copy()
    turns[:, COLOURS.index(colour)] = 0.0
    return with_hand(layout.moved(colour, there).but(turns=turns), there, HELD)


def pressing(depth: Array, layout: Layout, rng: Rng) -> Layout:
    """The fingers on the button, ``depth`` ``(n,)`` below its rest."""
    count = len(layout)
    off = rng.uniform(-0.012, 0.012, (count, 2))
    tips = np.concatenate([BUTTON + off, (scene.BUTTON_TOP - depth + scene.TIP)[:, None]], axis=1)
    return with_hand(layout.but(pressed=depth), tips, 0.0)


def _unchanged(layout: Layout, rng: Rng) -> Layout:
    return layout


def misses(asked: Instruction) -> Iterator[Change]:
    """What nearly does it."""
    if asked.verb == "reach":
        others = [thing for thing in (*COLOURS, *ZONES) if thing != asked.thing]
        yield lambda layout, rng: solved(Instruction("reach", str(rng.choice(others))), layout, rng)
    elif asked.verb == "lift":
        yield lambda layout, rng: carried(_other(asked, rng), (0.115, 0.17), layout, rng)
        yield lambda layout, rng: carried(asked.thing, (HALF, HALF + 0.02), layout, rng)
    elif asked.verb in ("open", "close"):
        yield lambda layout, rng: layout.but(drawer=rng.uniform(0.02, 0.06, len(layout)))
    elif asked.verb == "press":
        yield lambda layout, rng: pressing(rng.uniform(-0.04, 0.004, len(layout)), layout, rng).but(
            pressed=np.zeros(len(layout))
        )
    else:
        yield from _misplaced(asked)


def _misplaced(asked: Instruction) -> Iterator[Change]:
    yield lambda layout, rng: layout.moved(_other(asked, rng), target(asked, layout.state()))
    yield lambda layout, rng: carried(asked.thing, (0.115, 0.14), layout, rng, over=target(asked, layout.state()))
    if asked.form == "put by":
        back = TOWARDS[asked.relation]
        opposite = next(name for name, (axis, sign) in TOWARDS.items() if (axis, -sign) == back)
        wrong = Instruction("put", asked.thing, opposite, asked.place)
        yield lambda layout, rng: solved(wrong, layout, rng)
    elif asked.form == "push to":
        opposite = {"left": "right", "right": "left", "front": "back", "back": "front"}[asked.place]
        wrong = Instruction("push", asked.thing, "to", opposite)
        yield lambda layout, rng: solved(wrong, layout, rng)
    elif asked.place in ZONES:
        yield partial(_next_to, asked)
        other = next(zone for zone in ZONES if zone != asked.place)
        wrong = Instruction(asked.verb, asked.thing, asked.relation, other)
        yield lambda layout, rng: solved(wrong, layout, rng)
    elif asked.form == "stack":
        yield partial(_next_to, asked)
        turned = Instruction("stack", asked.place, "on", asked.thing)
        yield lambda layout, rng: solved(turned, layout, rng)


def _other(asked: Instruction, rng: Rng) -> str:
    return str(rng.choice([colour for colour in COLOURS if colour not in (asked.thing, asked.place)]))


def _next_to(asked: Instruction, layout: Layout, rng: Rng) -> Layout:
    """On the table beside the place, just not on it."""
    there, angle = target(asked, layout.state()), rng.uniform(-np.pi, np.pi, len(layout))
    far = rng.uniform(0.064, 0.08, len(layout))
    there[:, :2] += far[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    there[:, 2] = HALF
    return layout.moved(asked.thing, there)
