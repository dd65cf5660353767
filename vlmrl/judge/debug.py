"""Where a reward goes wrong: what every voice says of the same frames, and where it strays from the truth."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from PIL import Image

from vlmrl.metrics.inspection import Curve, Kind, Moment, Played
from vlmrl.metrics.over_rewarded import over_rewarded, peaks, standing
from vlmrl.metrics.rank import spearman
from vlmrl.scoring.occlusion import occlusion_map
from vlmrl.scoring.scorer import Scorer
from vlmrl.types import Array, Words

SHOWN = 4
"""Moments of each kind and curve."""
APART = 10
"""Moments of one episode lie at least its length by this number apart."""
LEAST = 0.1
"""Share of all states that must be better and yet paid less, before a state is worth a look; or the opposite."""
READ = 384
"""Pixels of a side that encoders read at most."""

See: TypeAlias = Callable[[Sequence[tuple[int, int]]], Sequence[Array]]
"""From ``(episode, step)`` pairs to their frames uint8 ``(H, W, 3)``, as the reward saw them."""


@dataclass(frozen=True)
class Voice:
    """Whoever says something of a frame.

    Attributes:
        name: the sentence, for a legend.
        note: which reward with which encoder.
        scorer: gives the scores.
        words: what it is asked with.
    """

    name: str
    note: str
    scorer: Scorer
    words: Words

    def __call__(self, frames: Array) -> Array:
        """float32 ``(B,)`` scores of uint8 ``(B, H, W, 3)`` frames; errors as for :meth:`Scorer.frames`."""
        return self.scorer.frames(frames, self.words)


def curve(voice: Voice, scores: Sequence[Array], episodes: Sequence[Played]) -> Curve:
    """What a voice said, and where it says otherwise than the truth, if that is known.

    Args:
        voice: who spoke.
        scores: ``(T,)`` for each episode.
        episodes: their truth.
    """
    said = Curve(voice.name, voice.note, tuple(scores), words=voice.words)
    truth = [one.oracle for one in episodes if one.oracle is not None]
    if len(truth) < len(episodes):
        return said
    all_scores, all_truth = np.concatenate(scores), np.concatenate(truth)
    agreed = spearman(all_scores, all_truth)
    return replace(
        said,
        excess=tuple(_parted(over_rewarded(all_scores, all_truth), scores)),
        spearman=None if math.isnan(agreed) else agreed,
    )


def moments(
    voices: Sequence[Voice],
    curves: Sequence[Curve],
    episodes: Sequence[Played],
    see: See,
    places: int = 12,
    say: Callable[[str], object] = lambda line: None,
) -> tuple[Moment, ...]:
    """The states of each curve that deserve a look, with what part of them carries the score.

    Args:
        voices: who spoke.
        curves: what each of them said.
        episodes: their truth.
        see: fetches frames.
        places: of the occluding patch along each side of a frame; 0 makes no maps.
        say: tells the user what is under way.

    Returns:
        :data:`SHOWN` at most of each kind, curve after curve, the worst of its kind first.

    Raises:
        Abstained: a voice gave no number for a covered frame.
    """
    found = [one for index, said in enumerate(curves) for one in _picked(index, said, episodes)]
    frames = see([(one.episode, one.step) for one in found])
    if places and found:
        say(f"{len(found)} moments: {len(found) * places**2:,} covered copies are scored for their maps")
    return tuple(
        replace(one, frame=frame, heat=occlusion_map(_small(frame), voices[one.curve], places) if places else None)
        for one, frame in zip(found, frames, strict=True)
    )


def _small(frame: Array) -> Array:
    """A frame with as many pixels as encoders read: of a large film every covered copy would be shrunk to that."""
    return np.asarray(Image.fromarray(frame).reduce(-(-max(frame.shape[:2]) // READ)))


def _picked(index: int, said: Curve, episodes: Sequence[Played]) -> list[Moment]:
    """The moments of one curve, their frames still missing."""
    apart = max(1, max(map(len, said.values)) // APART)
    if said.excess is None:
        sought: tuple[tuple[Kind, Sequence[Array], float], ...] = (
            ("high", said.values, -np.inf),
            ("low", [-one for one in said.values], -np.inf),
        )
    else:
        sought = (("over", said.excess, LEAST), ("under", [-one for one in said.excess], LEAST))
    stands = _parted(standing(np.concatenate(said.values)), said.values)
    truth = [one.oracle for one in episodes if one.oracle is not None]
    truly = _parted(standing(np.concatenate(truth)), said.values) if said.excess is not None else None
    return [
        Moment(
            kind,
            index,
            episode,
            step,
            np.empty((0, 0, 3), np.uint8),
            score=float(said.values[episode][step]),
            standing=float(stands[episode][step]),
            oracle=None if truly is None else float(truth[episode][step]),
            true_standing=None if truly is None else float(truly[episode][step]),
        )
        for kind, values, above in sought
        for episode, step in peaks(values, SHOWN, apart, above)
    ]


def _parted(values: Array, like: Sequence[Array]) -> list[Array]:
    """One long row, cut into episodes again."""
    return np.split(values, np.cumsum([len(one) for one in like])[:-1])
