"""Sentences of the tabletop: every instruction in many wordings, and back from a sentence to its instruction.

Two things are held out from training: combinations (:attr:`Instruction.held_out`), and wordings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Final, Literal, TypeAlias

from vlmrl.envs.tabletop.instruction import SIDES, Instruction, every_instruction
from vlmrl.envs.tabletop.scene import COLOURS, ZONES
from vlmrl.errors import ConfigError, UnknownName

Split: TypeAlias = Literal["train", "held_out"]
Patterns: TypeAlias = dict[str, tuple[str, ...]]

BLOCK, ZONE = ("block", "cube"), ("zone", "circle")
"""Nouns, which go together: who says block says zone."""
BLOCK_HELD_OUT, ZONE_HELD_OUT = ("brick",), ("disc",)

WORDINGS: Final[Patterns] = {
    "reach": ("reach {thing}", "touch {thing}", "move the gripper to {thing}"),
    "lift": ("lift {thing}", "pick up {thing}", "lift {thing} off the table"),
    "push to": (
        "push {thing} to the {side}",
        "slide {thing} to the {side} side",
        "push {thing} to the {side} of the table",
    ),
    "push onto": ("push {thing} onto {place}", "slide {thing} onto {place}", "push {thing} over to {place}"),
    "put in": ("put {thing} in {place}", "place {thing} on {place}", "move {thing} to {place}"),
    "put drawer": ("put {thing} in the drawer", "place {thing} inside the drawer", "drop {thing} into the drawer"),
    "put by": ("put {thing} {relation} {place}", "place {thing} {relation} {place}", "move {thing} {relation} {place}"),
    "stack": ("stack {thing} on {place}", "put {thing} on top of {place}", "place {thing} on {place}"),
    "open": ("open the drawer", "pull the drawer open", "pull out the drawer"),
    "close": ("close the drawer", "shut the drawer", "push the drawer shut"),
    "press": ("press the button", "push the button down", "press down on the button"),
}
"""Of each form, for training."""
HELD_OUT: Final[Patterns] = {
    "reach": ("go to {thing}", "bring the fingertips to {thing}"),
    "lift": ("raise {thing}", "hold {thing} up in the air"),
    "push to": ("shove {thing} over to the {side} side", "nudge {thing} towards the {side} of the table"),
    "push onto": ("shove {thing} into {place}", "nudge {thing} until it lies on {place}"),
    "put in": ("set {thing} down on {place}", "bring {thing} into {place}"),
    "put drawer": ("store {thing} in the drawer", "leave {thing} in the drawer"),
    "put by": ("set {thing} down {relation} {place}", "bring {thing} {relation} {place}"),
    "stack": ("set {thing} down on top of {place}", "build a tower of {thing} on {place}"),
    "open": ("get the drawer open", "slide the drawer out"),
    "close": ("get the drawer shut", "slide the drawer back in"),
    "press": ("hit the button", "hold the button down"),
}
"""Of each form, never for training."""
RELATION: Final = {
    "left of": ("left of", "to the left of"),
    "right of": ("right of", "to the right of"),
    "in front of": ("in front of",),
    "behind": ("behind",),
}
OPPOSITE: Final = {
    "left of": "right of",
    "right of": "left of",
    "in front of": "behind",
    "behind": "in front of",
    "left": "right",
    "right": "left",
    "front": "back",
    "back": "front",
}
BASELINE = "a robot arm over a table with coloured blocks, a drawer and a button"


def instructions(split: Split | None = None) -> tuple[Instruction, ...]:
    """All that can be asked; of a split alone, its combinations of words.

    Raises:
        ConfigError: another split.
    """
    _check(split)
    return tuple(one for one in every_instruction() if split is None or one.held_out == (split == "held_out"))


def sentences(split: Split | None = None) -> dict[str, Instruction]:
    """Every sentence of the grammar with its instruction, in a fixed order.

    Those of ``train`` are training wordings of training combinations; all others are ``held_out``: known words in new
    combinations, known combinations in new words, and both.

    Raises:
        ConfigError: another split.
    """
    _check(split)
    return {
        sentence: asked
        for sentence, (asked, held_out) in _book().items()
        if split is None or held_out == (split == "held_out")
    }


def wordings(asked: Instruction, split: Split | None = None) -> tuple[str, ...]:
    """The ways to say one instruction, the plainest first; ``split`` keeps training's wordings, or the others.

    Raises:
        ConfigError: another split.
    """
    _check(split)
    known = tuple(_said(asked, WORDINGS, BLOCK, ZONE)) if split != "held_out" else ()
    return known + (tuple(_said(asked, HELD_OUT, BLOCK_HELD_OUT, ZONE_HELD_OUT)) if split != "train" else ())


def parse(sentence: str) -> Instruction:
    """The instruction that a sentence of the grammar gives, whatever its case, spaces and full stop.

    Raises:
        UnknownName: it is no sentence of the grammar; the message names the nearest.
    """
    plain = " ".join(re.sub(r"[^a-z ]", " ", sentence.lower()).split())
    if plain not in _book():
        raise UnknownName("instruction", sentence, _book())
    return _book()[plain][0]


def caption(asked: Instruction) -> str:
    """What is to be seen when it is done."""
    return _sights(asked)[0]


def miss(asked: Instruction) -> str:
    """What is to be seen when it is clearly not done."""
    return _sights(asked)[1]


def _sights(asked: Instruction) -> tuple[str, str]:
    """What is to be seen when it is done, and when it is not."""
    thing, place = _noun(asked.thing), _noun(asked.place)
    relation, side = asked.relation, asked.place
    return {
        "reach": (f"the gripper touches {thing}", f"the gripper is far from {thing}"),
        "lift": (f"the gripper holds {thing} up in the air", f"{thing} lies on the table"),
        "push to": (f"{thing} is at the {side} of the table", f"{thing} is at the {OPPOSITE.get(side)} of the table"),
        "push onto": (f"{thing} is in {place}", f"{thing} is outside {place}"),
        "put in": (f"{thing} is in {place}", f"{thing} is outside {place}"),
        "put drawer": (f"{thing} is in the open drawer", f"{thing} is on the table and the drawer is empty"),
        "put by": (f"{thing} is {relation} {place}", f"{thing} is {OPPOSITE.get(relation)} {place}"),
        "stack": (f"{thing} is on top of {place}", f"{thing} is on the table beside {place}"),
        "open": ("the drawer is open", "the drawer is closed"),
        "close": ("the drawer is closed", "the drawer is open"),
        "press": ("the gripper presses the button and the lamp is up", "the gripper is away from the button"),
    }[asked.form]


def _check(split: Split | None) -> None:
    if split not in (None, "train", "held_out"):
        raise ConfigError(f"split={split}: must be train or held_out, or None for both")


@cache
def _book() -> dict[str, tuple[Instruction, bool]]:
    """Every sentence, its instruction, and whether it is held out."""
    book: dict[str, tuple[Instruction, bool]] = {}
    for asked in every_instruction():
        for split in ("train", "held_out"):
            for sentence in wordings(asked, split):
                if book.setdefault(sentence, (asked, asked.held_out or split == "held_out"))[0] != asked:
                    raise AssertionError(f"{sentence!r} means two things")
    return book


def _said(asked: Instruction, patterns: Patterns, blocks: tuple[str, ...], zones: tuple[str, ...]) -> Iterator[str]:
    """The wordings of an instruction, each once."""
    relations = RELATION.get(asked.relation, ("",))
    said = {
        pattern.format(thing=_noun(asked.thing, block, zone), place=place, relation=relation, side=asked.place): None
        for (block, zone), relation, pattern in product(
            zip(blocks, zones, strict=True), relations, patterns[asked.form]
        )
        for place in _places(asked, block, zone)
    }
    yield from said


def _places(asked: Instruction, block: str, zone: str) -> tuple[str, ...]:
    """How the place can be called; of two blocks the second needs no noun of its own."""
    named = _noun(asked.place, block, zone)
    return (named, f"the {asked.place} one") if asked.place in COLOURS else (named,)


def _noun(name: str, block: str = BLOCK[0], zone: str = ZONE[0]) -> str:
    if name in COLOURS:
        return f"the {name} {block}"
    if name in ZONES:
        return f"the {name} {zone}"
    if name in SIDES or not name:
        return name
    return "the drawer handle" if name == "handle" else f"the {name}"
