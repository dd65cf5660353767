"""What is taught and what is held out: episodes and sentences, split alike every time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vlmrl.encoders.base import Encoder
from vlmrl.errors import ConfigError
from vlmrl.learned.films import Films
from vlmrl.rewards._taught.learned import Course, Film

HELD = 4
"""Of the episodes of each task and outcome every so many is held out, where there are two or more."""
WRONG_HELD = 3
"""Of the sentences that ask for something else every so many is held out."""


@dataclass(frozen=True)
class Sentences:
    """What is said of each task.

    Attributes:
        right: sentences that ask for it.
        wrong: sentences that ask for something else.
    """

    right: tuple[tuple[str, ...], ...]
    wrong: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Split:
    """Films and sentences in two parts.

    Attributes:
        taught: what is learned from.
        held: other films, the same sentences: by these it is told when to stop.
        films: held out.
        known, unseen: of each task the wordings that were taught, and those that were not; the latter may be none.
        wrong: of each task sentences that ask for something else and were not taught as wrong; taught ones where there
            are no others.
    """

    taught: Course
    held: Course
    films: tuple[Film, ...]
    known: tuple[tuple[str, ...], ...]
    unseen: tuple[tuple[str, ...], ...]
    wrong: tuple[tuple[str, ...], ...]


def split(films: Films, said: Sentences, encoder: Encoder) -> Split:
    """Hold out episodes and sentences.

    The last wording of each task is held out where it has two or more. A task's own sentences are wrong for the other
    tasks of the data.

    Args:
        films: all of them.
        said: of each task.
        encoder: embeds sentences.

    Raises:
        ConfigError: a task without two successes, no two failures, or a sentence that is right and wrong.
    """
    _check(films, said)
    taught, held = parted(films)
    known = tuple(right[:-1] if len(right) > 1 else right for right in said.right)
    unseen = tuple(right[-1:] if len(right) > 1 else () for right in said.right)
    others = [_others(films, said, known, task) for task in range(len(films.tasks))]
    learned = tuple(tuple(one for at, one in enumerate(wrong) if at % WRONG_HELD != 1) for wrong in others)
    new = tuple(tuple(one for at, one in enumerate(wrong) if at % WRONG_HELD == 1) for wrong in others)
    every = list(dict.fromkeys(one for several in (*known, *learned) for one in several))
    rows = {sentence: row for row, sentence in enumerate(every)}
    right, wrong = (tuple(tuple(rows[one] for one in several) for several in side) for side in (known, learned))
    texts = encoder.texts(every).detach().cpu().float()
    courses = [Course(tuple(some), texts, right, wrong) for some in (taught, held)]
    tried = tuple(one or taught_ for one, taught_ in zip(new, learned, strict=True))
    return Split(courses[0], courses[1], tuple(held), known, unseen, tried)


def parted(films: Films) -> tuple[list[Film], list[Film]]:
    """The films that are learned from, and those that are held out."""
    before: dict[tuple[int, bool, bool], int] = {}
    taught: list[Film] = []
    held: list[Film] = []
    for film in films.films:
        kind = film.task, film.succeeded, film.end > 0
        place = before[kind] = before.get(kind, -1) + 1
        (held if place % HELD == 1 else taught).append(film)
    return taught, held


def _others(films: Films, said: Sentences, known: Sequence[tuple[str, ...]], task: int) -> list[str]:
    """Sentences that ask for something else: other tasks of the data first, then what was named."""
    own = set(said.right[task])
    found = [one for other in range(len(films.tasks)) if other != task for one in known[other]]
    return [one for one in dict.fromkeys([*found, *said.wrong[task]]) if one not in own]


def _check(films: Films, said: Sentences) -> None:
    for number, task in enumerate(films.tasks):
        own = [film for film in films.films if film.task == number]
        won = [film for film in own if film.succeeded and film.end > 0]
        if len(won) < 2:
            only = f"; only {won[0].name} did" if won else ""
            raise ConfigError(
                f"data: {len(won)} of {len(own)} episodes of {task.name} came to success{only}; 2 or more must: `vlmrl "
                f"collect task={task.name} agents=script out=FOLDER`, or runs of agents that can do it"
            )
        if not said.right[number]:
            raise ConfigError(f"goal: {task.name} has no sentence; give one")
    failed = [film for film in films.films if not film.succeeded]
    if len(failed) < 2:
        raise ConfigError(
            f"data: {len(failed)} of {len(films.films)} episodes failed, from {films.films[0].name} on; 2 must, "
            f"or nothing tells failure: `vlmrl collect task={films.tasks[0].name} agents=random out=FOLDER`"
        )
