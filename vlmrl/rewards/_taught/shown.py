"""How films are shown to a network that learns from them: which frames in which order, and beside which words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize

from vlmrl.rewards._taught.learned import Course, Film

SURE = 0.1
"""Difference of progress that makes a preference 73 % sure."""
Places = NDArray[np.int64]
"""Numbers of frames in the order they are shown, ``(n,)``."""


def said(course: Course, rng: np.random.Generator, rows: tuple[int, ...], blur: float, most: int = 8) -> Tensor:
    """The direction of some sentences together, blurred so that other wordings are read alike: ``(D,)``.

    Args:
        course: knows the sentences.
        rng: draws.
        rows: of ``course.texts``, which to draw from.
        blur: standard deviation of what is added, in lengths.
        most: sentences together.
    """
    some = rng.permutation(len(rows))[: rng.integers(1, min(most, len(rows)) + 1)]
    direction = normalize(course.texts[[rows[at] for at in some]].mean(0), dim=0)
    noise = torch.from_numpy(rng.standard_normal(len(direction)).astype(np.float32)) * blur / len(direction) ** 0.5
    return normalize(direction + noise * rng.random(), dim=0)


def asked(course: Course, rng: np.random.Generator, film: Film, right: bool, blur: float) -> Tensor:
    """What is said beside a film: sentences that ask for its task together, or one that asks for something else."""
    if right:
        return said(course, rng, course.right[film.task], blur)
    return said(course, rng, course.wrong[film.task], blur, 1)


def rivals(course: Course, rng: np.random.Generator, count: int) -> Iterator[tuple[Film, Film]]:
    """Draw up to ``count`` times a success and a failure of the same task."""
    for _ in range(count if course.failures else 0):
        worse = course.failures[rng.integers(len(course.failures))]
        able = [film for film in course.successes if film.task == worse.task]
        if able:
            yield able[rng.integers(len(able))], worse


def reach(rng: np.random.Generator, film: Film) -> int:
    """So many frames of a film are shown at most: mostly not far beyond its end, now and then all."""
    return len(film) if rng.random() < 0.25 else film.reach


def stretch(rng: np.random.Generator, film: Film, window: int, anchored: float) -> Places:
    """Irregular steps from a start to an end, ``window`` frames at most.

    Args:
        rng: draws.
        film: whose frames.
        window: frames, 2 or more.
        anchored: share of the films that are shown from their first frame on; the others begin anywhere.
    """
    end = reach(rng, film)
    start = 0 if rng.random() < anchored else int(rng.integers(max(end - 2, 1)))
    stop = int(rng.integers(start, end))
    most = min(window, stop - start + 1)
    inner = rng.permutation(np.arange(start + 1, stop))[: max(most - 2, 0)]
    return np.unique(np.concatenate([[start, stop], inner]).astype(np.int64))


def rewound(rng: np.random.Generator, places: Places, window: int, share: float) -> Places:
    """Frames in another order, with probability ``share``: backwards, shuffled, or there and back.

    Without it a count of frames would do (ReWiND).
    """
    if rng.random() >= share or len(places) < 3:
        return places
    kind = rng.random()
    if kind < 0.25:
        return places[::-1].copy()
    if kind < 0.5:
        return rng.permutation(places)
    turn = int(rng.integers(1, len(places)))  # so many are shown again, from the last back
    back = places[::-1][1 : turn + 1]
    return np.concatenate([places, back])[-window:] if rng.random() < 0.5 else _fitted(places, window)


def row(film: Film, places: Places, text: Tensor, window: int, *labels: Tensor) -> tuple[Tensor, ...]:
    """What a network is shown, filled up to the window with what is not learned from.

    Args:
        film: whose frames.
        places: which, ``window`` at most.
        text: the sentence ``(D,)``.
        window: frames.
        labels: each float32 ``(T,)``, of the film's frames.

    Returns:
        Frames ``(window, D)``, the sentence, each of the labels ``(window,)``, NaN beyond the last place, and that
        place's number ``()``.
    """
    there = torch.from_numpy(places)
    last = len(places) - 1
    filled = torch.cat([there, there[-1:].expand(window - len(places))])
    beyond = torch.arange(window) > last
    told = (one[filled].masked_fill(beyond, torch.nan) for one in labels)
    return (film.seen[filled], text, *told, torch.tensor(last))


def _fitted(places: Places, window: int) -> Places:
    """A way and its way back, thinned so that both fit into a window."""
    both = np.concatenate([places, places[::-1][1:]])
    return both[np.round(np.linspace(0, len(both) - 1, min(window, len(both)))).astype(np.int64)]
