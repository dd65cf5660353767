"""Tabletop: where blocks, drawer, button and hand are. Its values are the sights of the grammar's instructions.

Withheld from every caption: combinations that the grammar holds out (:data:`WITHHELD`, test material), their commands
where another verb has the same sight, and the verbs and nouns of its held-out wordings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import Final

import numpy as np

from vlmrl.envs.tabletop import arm, grammar, instructions, scene, wordings
from vlmrl.envs.tabletop.anywhere import anywhere
from vlmrl.envs.tabletop.instruction import Instruction
from vlmrl.envs.tabletop.scene import COLOURS, HALF, ZONES
from vlmrl.envs.tabletop.truth import DOWN, LIFTED, RESTING, Gap, distance, gaps, over, where
from vlmrl.envs.task import State, Task
from vlmrl.envs.tasks import tabletop as listed
from vlmrl.sim_clip.grammar import Domain, Value, near, ways
from vlmrl.sim_clip.language._blocks import (
    ASKING,
    LIFTED_SAID,
    LYING_SAID,
    Said,
    at_side,
    by_side_of,
    nouns,
    said_of,
    unseen,
)
from vlmrl.types import Array

PLACED: Final = ("push onto", "put in", "put drawer", "put by", "stack")
"""Forms that bring one thing to another."""
FAR: Final = 0.4
"""A hand, or a block, this far from a thing is far from it [m]."""


def facts(state: State, asked: Instruction) -> Array:
    """How nearly the facts of ``asked`` hold, wherever the hand is.

    Of two things' places it is the root, which spreads what is far from done.
    """
    closed: Array = np.prod([gap.closed for gap in gaps(state, asked)], axis=0)
    return np.sqrt(closed) if asked.form in PLACED else closed


def hand_at(state: State, thing: str) -> Array:
    """How near the fingertips are to a thing; 2 cm from its middle is on it, or around it."""
    return Gap(over(distance(arm.hand(state.qpos), where(state, thing)), 0.02), 0.45).closed


def height(state: State, colour: str) -> Array:
    """How far a block is lifted: 0 on the table, 1 where it counts as lifted."""
    share: Array = np.clip((scene.block(state.qpos, colour)[..., 2] - HALF) / (LIFTED - HALF), 0.0, 1.0)
    return share


def sunk(state: State) -> Array:
    """How far the button is down: 0 at rest, 1 where it counts as pressed."""
    share: Array = np.clip(state.qpos[..., scene.PRESSED] / DOWN, 0.0, 1.0)
    return share


def lack(state: State, of: Callable[[State], Array]) -> Array:
    """How far a state is from something."""
    missing: Array = 1 - of(state)
    return missing


def lifted(state: State, colour: str) -> Array:
    """A hand at the block is a third of the way, since no block rises by itself."""
    near_it: Array = (hand_at(state, colour) + 2 * height(state, colour)) / 3
    return near_it


def pressed(state: State) -> Array:
    """A hand at the button is a third of the way."""
    near_it: Array = (hand_at(state, "button") + 2 * sunk(state)) / 3
    return near_it


def beside(state: State, colour: str, other: str) -> Array:
    """Both on the table, next to each other on whatever side."""
    one, two = scene.block(state.qpos, colour), scene.block(state.qpos, other)
    off = Gap(over(distance(one, two, 2), 0.07), FAR).closed
    for place in (one, two):
        off = off * Gap(over(place[..., 2], RESTING), 0.1).closed
    return np.sqrt(off)


def drawer(state: State, out: float) -> Array:
    """Near where the drawer is ``out`` metres out."""
    return near(state.qpos[..., scene.DRAWER], out, 0.0, scene.DRAWER_RANGE)


def _sight(asked: Instruction) -> tuple[str, tuple[Said, Said]]:
    """The value that is seen when a block is where ``asked`` wants it: its name, and what is said of it."""
    thing, place = asked.thing, asked.place
    if asked.form == "lift":
        return f"{thing}.lifted", LIFTED_SAID
    if asked.form == "push to":
        return f"{thing}.at_{place}", at_side(place)
    if asked.form in ("push onto", "put in"):
        return f"{thing}.in_{place}", said_of("in", nouns(place), unseen(place))
    if asked.form == "put drawer":
        return f"{thing}.in_drawer", said_of("drawer", nouns("drawer"), "the drawer")
    if asked.form == "stack":
        return f"{thing}.on_{place}", said_of("on", (*nouns(place), f"the {place} one"), unseen(place))
    return f"{thing}.{'_'.join(asked.relation.split())}_{place}", by_side_of(asked.relation, place)


def _closeness(asked: Instruction) -> partial[Array]:
    if asked.verb == "lift":
        return partial(lifted, colour=asked.thing)
    return partial(facts, asked=asked)


def _commands(asked: list[Instruction]) -> Said:
    """The sentences that ask for it, and last a held-out one."""
    said = [frame.format(text) for frame, one in product(ASKING, asked) for text in wordings(one, "train")]
    if asked[0].verb in ("lift", "press"):  # the hand's part in them
        seen = grammar.caption(asked[0])
        said += [frame.format(seen) for frame in ("{}", "we see that {}", "{} now", "the goal is that {}")]
    return (*said, wordings(asked[0], "held_out")[0])


def _sights(held_out: bool) -> Iterator[Value]:
    """What is seen when instructions about blocks are done, one value a sight, whatever the verb.

    Args:
        held_out: the sights of withheld combinations alone, or the others.
    """
    groups: dict[str, list[Instruction]] = {}
    for one in instructions():
        if one.verb not in ("reach", "open", "close", "press"):
            groups.setdefault(_sight(one)[0], []).append(one)
    for name, asked in groups.items():
        trained = [one for one in asked if not one.held_out]
        if held_out == (not trained):
            yield Value(name, _closeness(asked[0]), *_sight(asked[0])[1], _commands(trained or asked))


def _reached(held_out: bool) -> Iterator[Value]:
    """The hand at a thing."""
    for one in instructions("held_out" if held_out else "train"):
        if one.verb == "reach":
            said = said_of("at", nouns(one.thing), unseen(one.thing))
            yield Value(f"hand.at_{one.thing}", partial(hand_at, thing=one.thing), *said, _commands([one]))


def _unmet() -> Iterator[Value]:
    """What is seen when they are clearly not done, where it is not the sight of another."""
    for thing in (*COLOURS, *ZONES, "button", "handle"):
        said = said_of("far", nouns(thing), unseen(thing))
        yield Value(f"hand.far_from_{thing}", partial(lack, of=partial(hand_at, thing=thing)), *said)
    for colour in COLOURS:
        yield Value(f"{colour}.lying", partial(lack, of=partial(height, colour=colour)), *LYING_SAID)
        asked = Instruction("put", colour, "in", "drawer")
        left = (grammar.miss(asked), f"take the {colour} block out of the drawer", f"the {colour} cube is left out")
        yield Value(
            f"{colour}.out_of_drawer",
            partial(lack, of=partial(facts, asked=asked)),
            *said_of("no drawer", ("the drawer",), "it"),
            left,
        )
        for zone in ZONES:
            asked = Instruction("put", colour, "in", zone)
            said = said_of("outside", nouns(zone), unseen(zone))
            yield Value(f"{colour}.outside_{zone}", partial(lack, of=partial(facts, asked=asked)), *said)
        for other in COLOURS:
            if other != colour:
                said = said_of("beside", (*nouns(other), f"the {other} one"), unseen(other))
                yield Value(f"{colour}.beside_{other}", partial(beside, colour=colour, other=other), *said)


OPEN, CLOSE, PRESS = (Instruction(*words) for words in (("open", "drawer"), ("close", "drawer"), ("press", "button")))

FURNITURE: Final = (
    Value(
        "drawer.open",
        partial(facts, asked=OPEN),
        ways(
            "is open; is wide open; stands open; is pulled out; is all the way out; sticks out of the cabinet; has "
            "been opened; is fully extended; shows its inside; gapes"
        ),
        ways("pulled open; standing open; pulled all the way out; sticking out; that is open; gaping"),
        _commands([OPEN]),
    ),
    Value(
        "drawer.half",
        partial(drawer, out=scene.DRAWER_RANGE / 2),
        ways(
            "is half open; is halfway out; is partly open; is ajar; is pulled out halfway; is neither open nor closed; "
            "is half out"
        ),
        ways("half open; halfway out; partly open; pulled out halfway; left ajar; half out"),
        ways("open the drawer halfway; pull the drawer half out; leave the drawer ajar; get the drawer halfway"),
    ),
    Value(
        "drawer.closed",
        partial(facts, asked=CLOSE),
        ways(
            "is closed; is shut; is pushed in; is all the way in; does not stick out; has been closed; is inside the "
            "cabinet; shows its front alone; is in its place"
        ),
        ways("pushed shut; that is closed; all the way in; inside the cabinet; that is shut; in its place"),
        _commands([CLOSE]),
    ),
    Value(
        "button.pressed",
        pressed,
        ways(
            "is pressed; is pressed down; is down; is pushed in; is held down by the gripper; is being pressed; is "
            "under the gripper; gives way to the gripper; is pressed by the arm"
        ),
        ways("pressed down; held down by the gripper; pushed in; under the gripper; being pressed; pushed by the arm"),
        _commands([PRESS]),
    ),
    Value(
        "button.free",
        partial(lack, of=pressed),
        ways("is not pressed; is up; is untouched; is released; sticks up; is left alone; nobody presses; is at rest"),
        ways("not pressed; left alone; sticking up; that nobody presses; untouched; at rest"),
        ways("leave the button alone; do not press the button; let go of the button; keep off the button"),
    ),
    Value(
        "lamp.up",
        sunk,
        ways("is up; has risen; is out of its chimney; stands high; shows above the button; is visible; pops up"),
        ways("that has risen; out of its chimney; standing high; above the button; that is up; popping up"),
        ways("make the lamp rise; get the lamp up; let the lamp come up; have the lamp pop up"),
    ),
    Value(
        "lamp.down",
        partial(lack, of=sunk),
        ways("is down; has not risen; is in its chimney; is low; stays down; is hidden; remains below"),
        ways("that is down; in its chimney; that stays low; that has not risen; hidden below; kept down"),
        ways("keep the lamp down; let the lamp sink; make the lamp go down; get the lamp lowered"),
    ),
)


def _block(colour: str) -> Said:
    nouns = "the {0} block; the {0} cube; the small {0} block; the {0} wooden block; the {0} toy block; the {0} one"
    return (*ways(nouns.format(colour)), unseen(colour))


TAUGHT: Final = (*_sights(False), *_reached(False), *_unmet(), *FURNITURE)
WITHHELD: Final = (*_sights(True), *_reached(True))
"""What is seen in held-out combinations that no trained one shares: no caption says it."""


def _asked(task: str) -> tuple[str, ...]:
    one = next(one for one in instructions() if f"tabletop/{one.name}" == task)
    if one.verb == "reach":
        return (f"hand.at_{one.thing}",)
    named = {"open": "drawer.open", "close": "drawer.closed", "press": "button.pressed"}
    return (named[one.verb] if one.verb in named else _sight(one)[0],)


TASKS: Final = tuple(one.name for one in vars(listed).values() if isinstance(one, Task))

DOMAIN = Domain(
    tasks=TASKS,
    subjects={
        **{colour: _block(colour) for colour in COLOURS},
        "hand": ways(
            "the gripper; the robot's gripper; the hand; the robot arm; the robot; the arm; the robotic hand; the claw"
        ),
        "drawer": ways(
            "the drawer; the wooden drawer; the cabinet's drawer; the drawer of the cabinet; the drawer on the left; "
            "the brown drawer; the tray"
        ),
        "button": ways(
            "the button; the pink button; the round button; the big button; the push button; the pink knob; the switch"
        ),
        "lamp": ways(
            "the lamp; the light; the cyan lamp; the signal lamp; the lamp beside the button; the turquoise light; "
            "the indicator"
        ),
    },
    values=TAUGHT,
    withheld=WITHHELD,
    neutral=(
        grammar.BASELINE,
        *ways(
            "a robot arm and a table; a table with blocks on it; a robot arm over a table; a tabletop with coloured "
            "blocks and a robot; four blocks, a drawer and a button; a small arm and some toy blocks; a table scene; "
            "two zones and four blocks on a table"
        ),
    ),
    poses=anywhere,
    bodies=("palm", "left", "right", "wrist", *COLOURS, *(f"{zone} zone" for zone in ZONES), "face", "top", "button"),
    share=4,  # blocks, zones, drawer and button, each in relation to others
    coloured=(
        *COLOURS, *(f"{zone} zone" for zone in ZONES),
        "button", "lamp", "face", "bottom", "left side", "right side", "rear",
    ),
    pairs=(
        *((colour, "drawer") for colour in COLOURS), ("hand", "drawer"), ("drawer", "lamp"),
        ("red", "green"), ("blue", "yellow"), ("red", "yellow"), ("green", "blue"),
    ),
    asked={task: _asked(task) for task in TASKS},
)  # fmt: skip
