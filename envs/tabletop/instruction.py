"""What can be asked on the tabletop: a verb, the thing that it is about, and where that thing is to be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Final

from vlmrl.envs.tabletop.scene import COLOURS, ZONES
from vlmrl.errors import ConfigError

SIDES: Final = ("left", "right", "front", "back")
"""Of the table, as the front camera sees it."""
RELATIONS: Final = ("left of", "right of", "in front of", "behind")
"""Between a block and another block or a zone, as the front camera sees them."""
REACHED: Final = (*COLOURS, *ZONES, "button", "handle")
FORMS: Final = (
    "reach",
    "lift",
    "push to",
    "push onto",
    "put in",
    "put drawer",
    "put by",
    "stack",
    "open",
    "close",
    "press",
)
"""The kinds of instructions; those of one kind differ in colours and directions alone."""


@dataclass(frozen=True)
class Instruction:
    """One thing to do. A colour of :data:`COLOURS` names a block, one of :data:`ZONES` a zone.

    Attributes:
        verb: ``reach``, ``lift``, ``push``, ``put``, ``stack``, ``open``, ``close`` or ``press``.
        thing: what it is about: a block's colour; of ``reach`` also a zone's colour, ``button`` or ``handle``; of the
            last three verbs ``drawer``, ``drawer`` and ``button``.
        relation: ``to`` a side, ``onto`` a zone, ``in`` a zone or the drawer, ``on`` a block, or one of
            :data:`RELATIONS`; empty where the verb says all.
        place: a side, a block's or zone's colour, or ``drawer``; empty where the verb says all.

    Raises:
        ConfigError: nobody can do that here.
    """

    verb: str
    thing: str
    relation: str = ""
    place: str = ""

    def __post_init__(self) -> None:
        if (self.verb, self.thing, self.relation, self.place) not in _every():
            raise ConfigError(
                f"instruction={self.verb} {self.thing} {self.relation} {self.place}: cannot be asked on the tabletop; "
                "vlmrl.envs.tabletop.instructions() has all that can"
            )

    @property
    def form(self) -> str:
        """Its kind, of :data:`FORMS`."""
        if self.verb == "push":
            return f"push {self.relation}"
        if self.verb == "put":
            return {"in": "put drawer" if self.place == "drawer" else "put in"}.get(self.relation, "put by")
        return self.verb

    @property
    def name(self) -> str:
        """As in a task's name: ``put_red_left_of_blue``."""
        words = (self.verb, self.thing, self.relation, self.place)
        return "_".join(" ".join(word for word in words if word).split())

    @property
    def held_out(self) -> bool:
        """Whether agents must not be trained on it: each verb with each relation withholds one colour of four.

        Every colour, verb and relation is there in training; the combination is not. What has no colour of a block is
        always there.
        """
        if self.thing not in COLOURS:
            return False
        step = FORMS.index(self.form) + (*RELATIONS, *SIDES, *ZONES, "").index(self._direction)
        return step % len(COLOURS) == COLOURS.index(self.thing)

    @property
    def _direction(self) -> str:
        if self.form == "put by":
            return self.relation
        return self.place if self.form in ("push to", "push onto", "put in") else ""


@cache
def _every() -> dict[tuple[str, str, str, str], None]:
    """All that can be asked, in order."""
    pairs = [(one, other) for one, other in product(COLOURS, COLOURS) if one != other]
    every = [("reach", thing, "", "") for thing in REACHED]
    every += [("lift", colour, "", "") for colour in COLOURS]
    every += [("push", colour, "to", side) for colour, side in product(COLOURS, SIDES)]
    every += [("push", colour, "onto", zone) for colour, zone in product(COLOURS, ZONES)]
    every += [("put", colour, "in", place) for colour, place in product(COLOURS, (*ZONES, "drawer"))]
    every += [("put", one, relation, other) for (one, other), relation in product(pairs, RELATIONS)]
    every += [("put", one, relation, zone) for one, relation, zone in product(COLOURS, RELATIONS, ZONES)]
    every += [("stack", one, "on", other) for one, other in pairs]
    every += [("open", "drawer", "", ""), ("close", "drawer", "", ""), ("press", "button", "", "")]
    return dict.fromkeys(every)


@cache
def every_instruction() -> tuple[Instruction, ...]:
    """All that can be asked, in a fixed order."""
    return tuple(Instruction(*words) for words in _every())
