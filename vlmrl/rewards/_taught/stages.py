"""Stages of the way to a success: where each begins, how far through it a frame is, and what share of the way it is.

Where nobody has said where stages begin they are found by us: along each film of a task its frames are cut, in order,
into as many pieces as there are stages, so that each frame lies near its stage's mean embedding; the means follow the
pieces, in turns, from pieces of equal length on. It is k-means whose clusters come in an order.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vlmrl.errors import ConfigError
from vlmrl.rewards._taught.causal import LEAST_SPREAD
from vlmrl.rewards._taught.learned import Course, Film

Starts: TypeAlias = tuple[int, ...]
"""Frames at which stages begin, the first one's 0 among them."""
Floats = NDArray[np.float64]

ROUNDS = 50
"""Turns of pieces and means at most."""


@lru_cache(maxsize=16)
def starts_of(course: Course, count: int) -> dict[Film, Starts]:
    """Where the stages of each success begin: as it is annotated, or as found here.

    Args:
        course: its films.
        count: stages.

    Raises:
        ConfigError: a film is annotated with another number of stages, or not while others of its task are.
    """
    found: dict[Film, Starts] = {}
    for task in range(len(course.right)):
        films = [film for film in course.successes if film.task == task]
        told = [film for film in films if film.stages]
        for film in films if told else ():
            if len(film.stages) != count - 1:
                raise ConfigError(
                    f"data: {film.name} has {len(film.stages) + 1} stages in its stages.json, {told[0].name} has "
                    f"{len(told[0].stages) + 1}, and reward.stages={count}; all of a task must have that many"
                )
        cut = (
            [(0, *film.stages) for film in films]
            if told
            else pieces([film.seen[: film.end + 1] for film in films], count)
        )
        found |= dict(zip(films, cut, strict=True))
    return found


def pieces(ways: Sequence[Tensor], count: int) -> list[Starts]:
    """Cut ways ``(n, D)`` into pieces, where each is most like the same piece of the others.

    Args:
        ways: embeddings, one way or more.
        count: pieces.

    Returns:
        Where the pieces of each way begin. Ways of fewer frames than pieces are cut into equal ones.
    """
    equal = [tuple(int(at) for at in np.arange(count) * len(way) // count) for way in ways]
    long = [place for place, way in enumerate(ways) if len(way) >= count]
    if not long or count == 1:
        return equal
    rows = torch.cat([ways[place] for place in long]).double()
    centre, spread = rows.mean(0), rows.std(0).clamp_min(LEAST_SPREAD)
    seen = [((ways[place].double() - centre) / spread).numpy() for place in long]
    cut = [equal[place] for place in long]
    for _ in range(ROUNDS):
        means = np.stack(
            [
                np.concatenate([_piece(one, at, stage) for one, at in zip(seen, cut, strict=True)]).mean(0)
                for stage in range(count)
            ]
        )
        before, cut = cut, [cheapest(((one[:, None] - means) ** 2).sum(-1)) for one in seen]
        if cut == before:
            break
    found = dict(zip(long, cut, strict=True))
    return [found.get(place, starts) for place, starts in enumerate(equal)]


def cheapest(cost: Floats) -> Starts:
    """Where pieces begin such that what frames ``n`` cost in their pieces ``K`` sums up to the least, none empty.

    Args:
        cost: float64 ``(n, K)``, n at least K.
    """
    frames, count = cost.shape
    total = np.full((frames, count), np.inf)
    total[0, 0] = cost[0, 0]
    moved = np.zeros((frames, count), dtype=bool)  # whether the frame before lies in the piece before
    for at in range(1, frames):
        stay, come = total[at - 1], np.concatenate([[np.inf], total[at - 1, :-1]])
        moved[at] = come < stay
        total[at] = cost[at] + np.minimum(stay, come)
    starts, piece = [], count - 1
    for at in range(frames - 1, 0, -1):
        if moved[at, piece]:
            starts.append(at)
            piece -= 1
    return (0, *reversed(starts))


def within(film: Film, starts: Starts) -> tuple[Tensor, Tensor]:
    """The stage of each frame of a success, from 0, and the share of it that is over: float32 ``(T,)`` each.

    A stage lasts until the next begins, the last one until the film's end; one of no length is over. NaN where the film
    was lost again after its end.
    """
    bounds = np.array([*starts, film.end])
    at = np.minimum(np.arange(len(film)), film.end)
    stage = np.searchsorted(bounds[:-1], at, side="right") - 1
    length = bounds[stage + 1] - bounds[stage]
    share = np.where(length > 0, (at - bounds[stage]) / np.maximum(length, 1), 1.0)
    lost = film.left.isnan()
    return tuple(torch.from_numpy(one.astype(np.float32)).masked_fill(lost, torch.nan) for one in (stage, share))  # type: ignore[return-value]


def shares(course: Course, count: int) -> Tensor:
    """What share of the way each stage is, the mean over all successes: float32 ``(count,)``, their sum 1."""
    starts = starts_of(course, count)
    parts = [np.diff([*at, film.end]) / film.end for film, at in starts.items()]
    return torch.tensor(np.mean(parts, axis=0), dtype=torch.float32)


def _piece(rows: Floats, starts: Starts, stage: int) -> NDArray[Any]:
    return rows[starts[stage] : (*starts, len(rows))[stage + 1]]
