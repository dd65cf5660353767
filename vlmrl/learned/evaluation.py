"""What a learned reward makes of films that it was not taught: in order, backwards, shuffled, under other sentences.

A mere count of frames is asked the same questions, so that everybody sees which of them it fails.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from vlmrl.learned.course import Split
from vlmrl.metrics.order import cycle_order, value_order
from vlmrl.metrics.rank import auroc
from vlmrl.rewards._taught.learned import Film
from vlmrl.rewards.base import HistoryReward
from vlmrl.types import Array, Words


class Value(Protocol):
    """What is evaluated."""

    def __call__(self, seen: NDArray[np.float32], sentences: Sequence[str], since: int = 0) -> NDArray[np.float32]:
        """From embeddings ``(T, D)`` in the order they are shown, and sentences, to ``(T - since,)`` numbers."""


TURNS = 4
"""Orders in which each film is shuffled."""


@dataclass(frozen=True)
class Limit:
    """What a measure should be.

    Attributes:
        about: what is measured.
        low, high: between which it should lie.
    """

    about: str
    low: float = -math.inf
    high: float = math.inf

    def met(self, found: float) -> bool | None:
        """Whether a number lies there; None for none."""
        return None if math.isnan(found) else self.low <= found <= self.high

    @property
    def wanted(self) -> str:
        """In words."""
        if self.low == -math.inf:
            return f"{self.high:g} or less"
        return f"{self.low:g} or more" if self.high == math.inf else f"{self.low:g} to {self.high:g}"


MEASURES = {
    "forward": Limit("order on the way to success (Spearman's with time)", 0.9),
    "reversed": Limit("order on that way played backwards", high=-0.8),
    "shuffled": Limit("order on its frames shuffled", -0.2, 0.2),
    "cycled": Limit("order on the way there and back, as one film", 0.7),
    "gap": Limit("end of successes less end of failures", 0.3),
    "success": Limit("AUROC of successes among ends of episodes", 0.8),
    "unseen": Limit("what that AUROC loses under wordings that were not taught", high=0.1),
    "instruction": Limit("AUROC of the right sentence among wrong ones, at ends of successes", 0.9),
    "wrong": Limit("progress at ends of successes under wrong sentences", high=0.2),
}
"""Each measure and its bar."""


def value_of(model: HistoryReward) -> Value:
    """A reward as a function of embeddings."""

    def value(seen: NDArray[np.float32], sentences: Sequence[str], since: int = 0) -> NDArray[np.float32]:
        rows = torch.from_numpy(np.array(seen, order="C")).to(model.encoder.device)  # torch takes no step back
        with torch.no_grad():
            return model.score_seen([rows], [since], Words(tuple(sentences))).cpu().numpy()

    return value


def counter(longest: int) -> Value:
    """A reward that counts frames: 1 after ``longest``."""

    def value(seen: NDArray[np.float32], sentences: Sequence[str], since: int = 0) -> NDArray[np.float32]:
        return np.minimum(np.arange(since, len(seen), dtype=np.float32) / max(longest - 1, 1), 1.0)

    return value


def evaluated(value: Value, split: Split, seed: int = 0) -> dict[str, float]:
    """Every measure on the films that were held out, ``nan`` where one has no answer.

    Args:
        value: what is evaluated.
        split: what was held out.
        seed: of the shuffling.
    """
    won = [film for film in split.films if film.succeeded]
    orders = [_orders(value, film, split.known[film.task], seed) for film in won]
    found = {name: _mean([one[name] for one in orders]) for name in ("forward", "reversed", "shuffled", "cycled")}
    ends = np.array([_end(value, film, split.known[film.task]) for film in split.films])
    good = np.array([film.succeeded for film in split.films], dtype=bool)
    found["gap"] = _mean(ends[good]) - _mean(ends[~good])
    found["success"] = auroc(ends, good)
    found["unseen"] = found["success"] - _unseen(value, split, good, ends)
    wrong = [_end(value, film, (one,)) for film in won for one in split.wrong[film.task]]
    right = ends[good]
    found["instruction"] = auroc([*right, *wrong], [True] * len(right) + [False] * len(wrong))
    found["wrong"] = _mean(wrong)
    return found


def rows(found: dict[str, float], count: dict[str, float]) -> list[dict[str, Any]]:
    """A table: what was measured, what it should be, whether it is, and what a count of frames gets."""
    told = []
    for name, limit in MEASURES.items():
        met = limit.met(found[name])
        told.append(
            {
                "measure": name,
                "found": known(found[name]),
                "wanted": limit.wanted,
                "met": met,
                "a count of frames": known(count[name]),
                "about": limit.about,
            }
        )
    return told


def _orders(value: Value, film: Film, sentences: Sequence[str], seed: int) -> dict[str, float]:
    """How values follow time on the way to a success, in four orders."""
    way = film.seen.numpy()[: film.end + 1]
    rng = np.random.default_rng([seed, len(way)])
    mixed = [value(way[rng.permutation(len(way))], sentences) for _ in range(TURNS)]
    there_and_back = np.concatenate([way, way[-2::-1]])
    return {
        "forward": value_order(value(way, sentences)),
        "reversed": value_order(value(way[::-1], sentences)),
        "shuffled": _mean([value_order(one) for one in mixed]),
        "cycled": cycle_order(value(there_and_back, sentences), len(way) - 1),
    }


def _end(value: Value, film: Film, sentences: Sequence[str]) -> float:
    """What an episode is worth at its end."""
    return float(value(film.seen.numpy(), sentences, len(film) - 1)[-1])


def _unseen(value: Value, split: Split, good: NDArray[np.bool_], ends: NDArray[np.float64]) -> float:
    """AUROC of success under wordings that were not taught; ``nan`` where no task has any."""
    there = np.array([bool(split.unseen[film.task]) for film in split.films], dtype=bool)
    if not there.any():
        return math.nan
    new = [
        _end(value, film, split.unseen[film.task]) if has else 0.0 for film, has in zip(split.films, there, strict=True)
    ]
    # Where some tasks have none, these keep what they had: the loss is that of the others.
    return auroc(np.where(there, new, ends), good)


def _mean(values: Array | Sequence[float]) -> float:
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    return float(known.mean()) if len(known) else math.nan


def known(number: float) -> float | None:
    """A number as a table has it, None for ``nan``."""
    return None if math.isnan(number) else round(number, 4)
