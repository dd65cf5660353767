"""What debugging a reward found: what every model says of every state, where it goes wrong, and all of it as JSON.

The judge fills these in and the report draws them; neither knows the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from vlmrl.types import Array, Words

Kind: TypeAlias = Literal["over", "under", "high", "low"]
"""Paid more than the truth warrants, or less; where nobody knows the truth, the highest scores and the lowest."""


@dataclass(frozen=True)
class Played:
    """One episode, or one film.

    Attributes:
        name: who acts ("agent", "random"), or the film's file.
        frames: uint8 ``(T, H, W, 3)``, to show; T is at least 1.
        oracle: float64 ``(T,)`` in [0, 1], nearness to the goal; None where nobody knows it, as the two below.
        success: bool ``(T,)``, the task is done in this state.
        succeeded: the episode as a whole.
        seed: of the episode; None for a film.
    """

    name: str
    frames: Array
    oracle: Array | None = None
    success: Array | None = None
    succeeded: bool | None = None
    seed: int | None = None

    @property
    def title(self) -> str:
        """Who acts, and from which start."""
        return self.name if self.seed is None else f"{self.name}, seed {self.seed}"


@dataclass(frozen=True)
class Curve:
    """What one voice says of every state.

    Attributes:
        name: the sentence that it was asked with, or what else it is.
        note: which reward with which encoder.
        values: floats ``(T,)`` for each episode.
        excess: float64 ``(T,)`` for each episode, in [-1, 1]: how much each state is paid beyond its due
            (:func:`vlmrl.metrics.over_rewarded.over_rewarded`); None without truth, and for what is no score.
        spearman: with the oracle, over all states; None where it has no answer.
        words: what was asked; None for what is no score.
    """

    name: str
    note: str
    values: tuple[Array, ...]
    excess: tuple[Array, ...] | None = None
    spearman: float | None = None
    words: Words | None = None

    @property
    def bounds(self) -> tuple[float, float]:
        """The lowest and the highest value over all episodes."""
        return min(float(np.min(one)) for one in self.values), max(float(np.max(one)) for one in self.values)


@dataclass(frozen=True)
class Moment:
    """A state worth looking at.

    Attributes:
        kind: why.
        curve: the number of the curve that it is about.
        episode: the number of the episode.
        step: index into the episode's arrays.
        frame: uint8 ``(H, W, 3)``, as the reward saw it.
        score: what the curve says of it.
        standing: share of all states that score lower, in [0, 1].
        oracle: how near it is to the goal, in [0, 1]; None where nobody knows.
        true_standing: share of all states that are less near to it; None likewise.
        heat: float32, what each part of the frame adds to the score
            (:func:`vlmrl.scoring.occlusion.occlusion_map`), ``(H, W)`` or less of a large frame; or None.
    """

    kind: Kind
    curve: int
    episode: int
    step: int
    frame: Array
    score: float
    standing: float
    oracle: float | None = None
    true_standing: float | None = None
    heat: Array | None = None


@dataclass(frozen=True)
class Inspection:
    """A reward, state by state.

    Attributes:
        subject: what was looked at: a run's directory, a film's file.
        world: the task or Gymnasium id; empty for a film.
        note: what else to say of the subject ("6,000 steps, last checkpoint").
        curves: scores first, the first one is what it is all about.
        episodes: each curve has values for all of them.
        moments: of each curve, the worst first.
        fps: states a second.
        every: of a film, one frame in so many was taken.
    """

    subject: str
    world: str
    note: str
    curves: tuple[Curve, ...]
    episodes: tuple[Played, ...]
    moments: tuple[Moment, ...] = ()
    fps: float = 30.0
    every: int = 1

    @property
    def judged(self) -> bool:
        """Whether the truth is known."""
        return all(one.oracle is not None for one in self.episodes)

    @property
    def of_film(self) -> bool:
        """A film's frames are counted from 0, an episode's states by the steps that led to them."""
        return all(one.seed is None for one in self.episodes)

    def number(self, step: int) -> int:
        """What a person calls the state at this index: that after step 1, 2, ..., or frame 0, 1, ... of a film."""
        return step * self.every if self.of_film else step + 1

    def to_json(self) -> dict[str, Any]:
        """Everything but frames and maps, as plain values."""
        return {
            "subject": self.subject,
            "world": self.world,
            "note": self.note,
            "fps": self.fps,
            "every": self.every,
            "curves": [
                {
                    "name": curve.name,
                    "note": curve.note,
                    "words": None if curve.words is None else vars(curve.words),
                    "spearman": curve.spearman,
                    "values": _plain(curve.values),
                    "over_rewarded": _plain(curve.excess),
                }
                for curve in self.curves
            ],
            "episodes": [
                {
                    "name": one.name,
                    "seed": one.seed,
                    "succeeded": one.succeeded,
                    "oracle": None if one.oracle is None else one.oracle.tolist(),
                    "success": None if one.success is None else one.success.tolist(),
                }
                for one in self.episodes
            ],
            "moments": [
                {key: value for key, value in vars(moment).items() if key not in ("frame", "heat")}
                for moment in self.moments
            ],
        }


def _plain(rows: tuple[Array, ...] | None) -> list[list[float]] | None:
    return None if rows is None else [np.asarray(row, dtype=np.float64).tolist() for row in rows]
