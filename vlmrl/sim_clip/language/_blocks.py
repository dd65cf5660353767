"""What is said of blocks, zones, a drawer and a hand, and of where one is to the other; no held-out noun but last."""

from __future__ import annotations

from itertools import product
from typing import Final

from vlmrl.envs.tabletop import grammar
from vlmrl.envs.tabletop.scene import COLOURS, ZONES
from vlmrl.sim_clip.grammar import ways

Said = tuple[str, ...]


def nouns(name: str) -> Said:
    """What a place or thing is called, as in training."""
    if name in COLOURS:
        return (f"the {name} block", f"the {name} cube")
    if name in ZONES:
        return (f"the {name} zone", f"the {name} circle")
    return ways(
        {
            "button": "the button; the pink button",
            "handle": "the drawer handle; the handle of the drawer",
            "drawer": "the drawer; the open drawer",
        }[name]
    )


def unseen(name: str) -> str:
    """What it is called in held-out wordings alone."""
    noun = grammar.BLOCK_HELD_OUT[0] if name in COLOURS else grammar.ZONE_HELD_OUT[0]
    return f"the {name} {noun}" if name in (*COLOURS, *ZONES) else nouns(name)[0]


SIGHTS: Final[dict[str, tuple[str, str]]] = {
    "at": (
        "touches {}; is at {}; is touching {}; has reached {}; is right at {}; has its fingers on {}; is next to {}; "
        "rests against {}; makes contact with {}",
        "touching {}; right at {}; that has reached {}; next to {}; with its fingers on {}; in contact with {}",
    ),
    "far": (
        "is far from {}; is away from {}; is far away from {}; is nowhere near {}; has not reached {}; is a long way "
        "from {}; keeps its distance from {}",
        "far from {}; away from {}; nowhere near {}; a long way from {}; at a distance from {}",
    ),
    "in": (
        "is in {}; lies in {}; is on {}; lies inside {}; sits on {}; covers the middle of {}; is within {}; rests in "
        "{}; stands in {}",
        "in {}; inside {}; lying on {}; in the middle of {}; within {}; sitting on {}",
    ),
    "outside": (
        "is outside {}; is not in {}; lies outside {}; is off {}; has not got to {}; is away from {}; misses {}",
        "outside {}; that is not in {}; off {}; lying outside {}; away from {}; that misses {}",
    ),
    "drawer": (
        "is in {}; lies in {}; is inside {}; sits inside {}; is kept in {}; has been dropped into {}; rests in {}; is "
        "put away in {}",
        "in {}; inside {}; lying in {}; put away in {}; that sits in {}; resting inside {}",
    ),
    "no drawer": (
        "is outside {}; is not in {}; lies outside {}; has been left out of {}; is missing from {}; is not inside {}",
        "outside {}; not in {}; left out of {}; that is not inside {}; missing from {}",
    ),
    "on": (
        "is on top of {}; stands on {}; is stacked on {}; sits on {}; lies on top of {}; rests on {}; is on {}; is "
        "right above {}; crowns {}",
        "on top of {}; stacked on {}; standing on {}; sitting on {}; resting on top of {}; above {}",
    ),
    "beside": (
        "is on the table beside {}; is beside {}; is next to {}; lies close to {}; stands alongside {}; is by the "
        "side of {}; neighbours {}",
        "beside {}; next to {}; close to {}; alongside {}; on the table beside {}; by the side of {}",
    ),
    "by": (
        "is {}; lies {}; stands {}; can be seen {}",
        "{}; lying {}; that is {}; seen {}",
    ),
}
"""What is said of a thing and its place: predicates and phrases; the last of each is held out."""

RELATIONS: Final = {
    "left of": ways("left of; to the left of; on the left of"),
    "right of": ways("right of; to the right of; on the right of"),
    "in front of": ways("in front of; before; on the near side of"),
    "behind": ways("behind; beyond; on the far side of"),
}
SIDES: Final = {
    "left": ways("left side; left; left-hand side; left end; left edge; left part"),
    "right": ways("right side; right; right-hand side; right end; right edge; right part"),
    "front": ways("front; front edge; near side; near edge; front part; nearest part"),
    "back": ways("back; back edge; far side; far edge; back part; farthest part"),
}

LIFTED_SAID: Final = (
    ways(
        "is up in the air; is held up in the air; is in the gripper above the table; hangs from the gripper; has been "
        "picked up; has been lifted off the table; is high above the table; floats over the table; is off the table"
    ),
    ways(
        "up in the air; held in the gripper; lifted off the table; high above the table; hanging from the gripper; "
        "in the robot's grip"
    ),
)
LYING_SAID: Final = (
    ways(
        "lies on the table; is on the table; rests on the tabletop; is down on the table; is not lifted; stands on "
        "the table; has not left the table"
    ),
    ways(
        "lying on the table; on the table; resting on the tabletop; down on the table; that is not lifted; standing "
        "on the table"
    ),
)


def said_of(sight: str, places: Said, last: str) -> tuple[Said, Said]:
    """Predicates and phrases of a sight for every way to name the place; held-out ones name it ``last``."""
    found = []
    for text in SIGHTS[sight]:
        patterns = ways(text)
        found.append((*(p.format(place) for place in places for p in patterns[:-1]), patterns[-1].format(last)))
    return found[0], found[1]


def by_side_of(relation: str, place: str) -> tuple[Said, Said]:
    named = (*nouns(place), f"the {place} one") if place in COLOURS else nouns(place)
    trained, last = RELATIONS[relation][:-1], RELATIONS[relation][-1]
    places = tuple(f"{way} {noun}" for noun, way in product(named, trained))
    return said_of("by", (*places, f"{last} {named[0]}"), f"{relation} {unseen(place)}")


def at_side(side: str) -> tuple[Said, Said]:
    *parts, last = SIDES[side]
    verbs, forms = ("is", "lies", "stands"), ("", "lying ", "standing ")
    places = tuple(f"at the {part}{of}" for part in parts for of in (" of the table", ""))
    predicates = tuple(f"{verb} {place}" for place in places for verb in verbs)
    phrases = tuple(f"{form}{place}" for place in places for form in forms)
    return (*predicates, f"is over at the {last}"), (*phrases, f"over at the {last}")


ASKING: Final = ways(
    "{}; please {}; robot, {}; you should {}; now {}; could you {}; the task is to {}; I want you to {}; go and {}"
)
"""Frames around commands, of which a value would else have too few beside hundreds of clauses."""
