"""Facts in graded words: what a sentence says, how near a state is to it, and hundreds of ways to say it.

A :class:`Value` is one thing that can be said of a state. Its ``near`` tells how near a state is to it over the whole
range, 1 where it is true and 0 where the state is as far from it as can be. A sentence that says two things is their
conjunction, and its nearness the product: a mean would pay half for a robot that kneels with a straight back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from vlmrl.envs.task import PoseFn, State
from vlmrl.types import Array

CLAUSE_FRAMES = (
    "{}", "{}", "{}", "we see that {}", "in this picture {}", "a frame in which {}", "{} in the simulation", "{} now",
    "the camera shows that {}", "make sure that {}", "a scene where {}", "in the image {}", "here {}",
    "the goal is that {}", "the picture shows that {}", "right now {}", "see to it that {}", "{} at this moment",
    "as one sees, {}", "{} in this frame", "what we want is that {}", "a moment when {}", "it looks as if {}",
    "you can see that {}",
)  # fmt: skip
PHRASE_FRAMES = (
    "{}", "{}", "{}", "a picture of {}", "an image of {}", "a rendering of {}", "this is {}", "a photo of {}",
    "a view of {}", "a simulation of {}", "a screenshot of {}", "a still of {}", "there is {}", "here is {}",
    "we see {}", "the image shows {}", "a frame with {}", "a video of {}", "an animation of {}", "a drawing of {}",
    "the scene has {}", "the goal is {}", "a clear shot of {}", "a snapshot showing {}",
)  # fmt: skip
"""Frames around clauses and around noun phrases. The last of each is held out: never trained on, only tested."""

JOINTS = ("{} and {}", "{}, and {}", "{} while {}", "{}, {}", "{} with {} too", "{}; {}", "{} and also {}", "{} as {}")
"""Ways to say two things at once; the last is held out."""


@dataclass(frozen=True)
class Value:
    """One thing that can be said of a state.

    Attributes:
        name: ``fact.value``, such as ``pole.upright``.
        near: ``State (...) -> (...)`` in [0, 1].
        predicates: what completes "the pole …"; the last is held out where there are four or more.
        phrases: what completes "a pole …"; likewise.
        commands: whole sentences that ask for it; likewise.
    """

    name: str
    near: Callable[[State], Array]
    predicates: tuple[str, ...]
    phrases: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()

    @property
    def fact(self) -> str:
        """The fact that this is a value of."""
        return self.name.split(".")[0]


@dataclass(frozen=True)
class Domain:
    """What can be said about one simulated world, and the states in which it is said.

    Attributes:
        tasks: the tasks of this world; the first gives simulator and camera.
        subjects: for each fact, ways to name what it is about ("the pole"); the last of four or more is held out.
        values: everything that can be said.
        neutral: sentences true of every frame.
        poses: draws states over the whole reachable space.
        bodies: names of the geoms that are the robot, for telling whether it is in view.
        pairs: facts that are said together.
        withheld: values that no caption says, though their words are known: what a model makes of new combinations.
        share: how many times as many frames and captions it is taught as a world of a few facts.
        coloured: names of the geoms that sentences call by their colour: random looks keep its hue.
        asked: for each task, the value or values that its goal names.
    """

    tasks: tuple[str, ...]
    subjects: dict[str, tuple[str, ...]]
    values: tuple[Value, ...]
    neutral: tuple[str, ...]
    poses: PoseFn
    bodies: tuple[str, ...]
    asked: dict[str, tuple[str, ...]]
    pairs: tuple[tuple[str, str], ...] = ()
    coloured: tuple[str, ...] = ()
    withheld: tuple[Value, ...] = ()
    share: int = 1
    index: dict[str, int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.index.update({value.name: i for i, value in enumerate(self.values)})

    def nearness(self, state: State) -> Array:
        """How near states are to every value: ``(..., V)`` float32 in [0, 1]."""
        return nearness(self.values, state)


def nearness(values: Sequence[Value], state: State) -> Array:
    """How near states are to each of some values: ``(..., V)`` float32 in [0, 1]."""
    columns = [np.clip(value.near(state), 0, 1) for value in values]
    lead = state.qpos.shape[:-1]
    return np.stack(columns, axis=-1).astype(np.float32) if columns else np.empty((*lead, 0), np.float32)


@dataclass(frozen=True)
class Sentence:
    """A sentence and what it says: indices of values, or nothing for a neutral one."""

    text: str
    says: tuple[int, ...]


def ways(text: str) -> tuple[str, ...]:
    """Ways to say something, written as ``"one way; another way"``."""
    return tuple(text.split("; "))


def trained(options: tuple[str, ...]) -> tuple[str, ...]:
    """The options that training may use: all but the last where there are four or more."""
    return options[:-1] if len(options) >= 4 else options


def held(options: tuple[str, ...]) -> tuple[str, ...]:
    """The option that training never sees."""
    return options[-1:] if len(options) >= 4 else ()


def _a(subject: str) -> str:
    """``a pole`` for ``the pole``."""
    noun = subject.removeprefix("the ")
    if noun == subject:
        return subject
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def clauses(domain: Domain, value: Value, pick: Callable[[tuple[str, ...]], tuple[str, ...]]) -> list[str]:
    """``the pole stands upright``, for every subject trained on and every predicate picked."""
    return [f"{s} {p}" for s, p in product(trained(domain.subjects[value.fact]), pick(value.predicates))]


def noun_phrases(domain: Domain, value: Value, pick: Callable[[tuple[str, ...]], tuple[str, ...]]) -> list[str]:
    """``a pole standing upright``, likewise."""
    return [f"{_a(s)} {p}" for s, p in product(trained(domain.subjects[value.fact]), pick(value.phrases))]


def wordings(domain: Domain, value: Value) -> list[str]:
    """Every trained wording of one value, each once."""
    said = [f.format(c) for f, c in product(trained(CLAUSE_FRAMES), clauses(domain, value, trained))]
    said += [f.format(c) for f, c in product(trained(PHRASE_FRAMES), noun_phrases(domain, value, trained))]
    return list(dict.fromkeys([*said, *trained(value.commands)]))


def held_out_wordings(domain: Domain, value: Value) -> list[str]:
    """Wordings from templates never trained on: a held-out predicate, phrase, command, frame or subject."""
    said = clauses(domain, value, held) + noun_phrases(domain, value, held) + list(held(value.commands))
    said += [f.format(c) for f, c in product(held(CLAUSE_FRAMES), clauses(domain, value, trained))]
    said += [f.format(c) for f, c in product(held(PHRASE_FRAMES), noun_phrases(domain, value, trained))]
    said += [f"{s} {p}" for s, p in product(held(domain.subjects[value.fact]), trained(value.predicates))]
    return list(dict.fromkeys(said))


def sample(domain: Domain, rng: np.random.Generator, singles: int, pairs: int) -> list[Sentence]:
    """Draw sentences to train on: up to ``singles`` a value, ``pairs`` in all, every neutral one in every frame."""
    found: dict[str, tuple[int, ...]] = {}
    for i, value in enumerate(domain.values):
        every = wordings(domain, value)
        for text in rng.permutation(np.array(every, dtype=object))[:singles]:
            found.setdefault(str(text), (i,))
    for _ in range(pairs if domain.pairs else 0):
        first, second = domain.pairs[rng.integers(len(domain.pairs))]
        a, b = (_draw_value(domain, fact, rng) for fact in (first, second))
        if rng.random() < 0.5:
            a, b = b, a
        said = [rng.choice(clauses(domain, domain.values[i], trained)) for i in (a, b)]
        found.setdefault(str(rng.choice(trained(JOINTS))).format(*said), (a, b))
    for frame, text in product(dict.fromkeys(trained(PHRASE_FRAMES)), domain.neutral):
        found.setdefault(frame.format(text), ())
    return [Sentence(text, says) for text, says in found.items()]


def _draw_value(domain: Domain, fact: str, rng: np.random.Generator) -> int:
    return int(rng.choice([i for i, value in enumerate(domain.values) if value.fact == fact]))


def near(x: Array, at: float, low: float, high: float) -> Array:
    """1 at ``at``, falling in a straight line to 0 at the farther of ``low`` and ``high``."""
    return 1 - np.abs(x - at) / max(at - low, high - at)


def near_angle(angle: Array, at: float) -> Array:
    """1 at the angle ``at``, falling in a straight line to 0 on the other side of the circle [rad]."""
    return 1 - np.abs((angle - at + np.pi) % (2 * np.pi) - np.pi) / np.pi


def off_vertical(angle: Array) -> Array:
    """How far an angle is from 0, either way round: [0, pi] [rad]."""
    return np.abs((angle + np.pi) % (2 * np.pi) - np.pi)
