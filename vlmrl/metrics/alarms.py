"""Signs that an agent is paid for something other than what was asked for, in what was watched of it while it learned.

Each alarm is a question to arrays, answered with an :class:`Alarm` or None, and none of them proves anything: it says
where a person should look. Scores are compared with their own :func:`spread`, so that a reward of any unit can be
asked, and a reward without spread raises nothing: it says the same of everything, which is another fault
(``vlmrl check`` names it). Names and bounds are ours; the first is the check of reward against truth over the
checkpoints of one run that studies of reward hacking draw as a curve.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from vlmrl.metrics.rank import Floats, row, same_length, spearman

RISEN = 0.1
"""Share of the spread by which the words' mean score must rise: a tenth of all that lies between bad states and good
ones is progress that somebody would expect to see in the success."""
FALLEN = 0.25
"""Loss of success, as a share of episodes: two of the eight that a run is judged on by default; one is chance."""
FEW = 20
"""A twentieth of the frames is one in this many."""
CARRIED = 0.5
"""Share of an episode's reward that so few frames may carry: at more, an agent that does nothing else does best."""
HIDDEN = 0.5
"""Share of the robot that must be in view: of less, the frame shows something else than what was asked about."""
AWAY = 0.25
"""Share of an episode that it may be hidden for: who falls out of view at the end of a fall is no hacker."""
MOVED = 0.25
"""Median change of a score by one pixel's shift, as a share of the spread: where ``vlmrl check`` turns amber."""
AGREED = 0.5
"""Spearman's correlation of two ways of asking the same: below it, they share less than a quarter of their ranks'
variance."""
LIKE_DONE = 0.9
"""Share of the way from a random agent's median score to that of goal states from which on a frame is paid like one
where the task is done: what is left to gain there is small beside what was gained."""
LONG = 0.5
"""Share of an episode's frames that may be paid so while the task is not done: who is on the way there passes through,
and who stays has found a place that pays as well."""
APART = 0.5
"""Share of the spread that these two medians must be apart: nearer, a score between them says little."""
ALIVE = 0.5
"""Share of the spread that scores must cover now before their order is asked for: a robot at rest has none."""
LEAST = 10
"""Frames that an order needs."""
RESOLVED = 1e-6
"""What float32 tells apart, as a share of the largest score: a spread below it is rounding."""

Pair: TypeAlias = tuple[Sequence[ArrayLike], Sequence[ArrayLike]]
"""What two voices say: floats ``(K,)`` for each episode, of one and of the other."""


@dataclass(frozen=True)
class Alarm:
    """Something that a person should look at.

    Attributes:
        name: which.
        value: what was found.
        bound: what it should have stayed on the other side of.
        said: both in a sentence.
        episode: index of the watched episode that shows it best.
    """

    name: str
    value: float
    bound: float
    said: str
    episode: int = 0


def spread(scores: ArrayLike) -> float:
    """How far apart scores lie: from the 5th to the 95th percentile; from lowest to highest where these are equal.

    Args:
        scores: floats ``(n,)``, every score of the run so far.

    Returns:
        at least 0; 0 for a constant, also up to rounding, and for no score.

    Raises:
        ShapeError: not ``(n,)``, or a ``nan``.
    """
    found = row("scores", scores)
    if not len(found):
        return 0.0
    finest = RESOLVED * float(np.abs(found).max())
    low, high = np.percentile(found, [5, 95])
    wide = float(high - low) if high - low > finest else float(np.ptp(found))
    return wide if wide > finest else 0.0


def diverging(words: ArrayLike, success: ArrayLike, spread: float, episode: int = 0) -> Alarm | None:
    """The words' mean score rose since the evaluation with the best success, while success fell.

    Args:
        words: floats ``(E,)``, mean score a step in each evaluation of the run, the newest last.
        success: floats ``(E,)``, share of episodes that succeeded by ground truth, in [0, 1].
        spread: of the run's scores.
        episode: to show for it.

    Returns:
        how far the words rose, in spreads; None where they rose by less than :data:`RISEN`, or success fell by less
        than :data:`FALLEN`. Of several evaluations with the best success the last counts.

    Raises:
        ShapeError: rows of different length, or a ``nan`` in them.
    """
    paid, done = row("words", words), row("success", success)
    same_length(words=paid, success=done)
    if not len(paid) or spread <= 0:
        return None
    best = len(done) - 1 - int(np.argmax(done[::-1]))
    rose, fell = float(paid[-1] - paid[best]) / spread, float(done[best] - done[-1])
    if rose < RISEN or fell < FALLEN:
        return None
    said = f"the words pay {rose:.0%} of their spread more than when success was best (bound {RISEN:.0%}), while "
    said += f"success went from {done[best]:.0%} to {done[-1]:.0%}"
    return Alarm("diverging", rose, RISEN, said, episode)


def unearned(
    scores: Sequence[ArrayLike],
    done: Sequence[ArrayLike],
    succeeded: Sequence[bool],
    levels: tuple[float, float],
    spread: float,
) -> Alarm | None:
    """A failed episode is paid, for half of its frames, as goal states are, and the task is not done in them.

    The one sign of hacking that needs no better day before: it rises also where success never came.

    Args:
        scores: floats ``(T,)`` for each episode.
        done: bool ``(T,)`` for each, whether the task's condition held in the state of that frame.
        succeeded: whether each succeeded as a whole; those that did are not asked.
        levels: median score of a random agent's frames, and of goal states.
        spread: of the run's scores.

    Returns:
        share of an episode's frames that are paid so, of the failed one where it is largest; None below :data:`LONG`,
        and where the levels are less than :data:`APART` of the spread apart.

    Raises:
        ShapeError: rows of different length, or a ``nan`` in them.
    """
    undone, goal = levels
    if spread <= 0 or not goal - undone >= APART * spread:
        return None
    bound = undone + LIKE_DONE * (goal - undone)
    shares = []
    for one, held, success in zip(scores, done, succeeded, strict=True):
        paid, true = row("scores", one), row("done", held)
        same_length(scores=paid, done=true)
        shares.append(0.0 if success or not len(paid) else float(np.mean((paid >= bound) & (true == 0))))
    if not shares or max(shares) < LONG:
        return None
    worst = int(np.argmax(shares))
    said = f"{shares[worst]:.0%} of a failed episode's frames are paid like goal states and are none "
    said += f"(bound {LONG:.0%}): {LIKE_DONE:.0%} of the way from a random agent's score, {undone:.3g}, to theirs, "
    said += f"{goal:.3g}"
    return Alarm("unearned", shares[worst], LONG, said, worst)


def concentrated(scores: Sequence[ArrayLike], spread: float) -> Alarm | None:
    """A twentieth of the frames carries more than half of an episode's reward above its minimum.

    Args:
        scores: floats ``(T,)`` for each episode; those shorter than :data:`FEW` frames, or whose scores cover less
            than the spread, are not asked: their tops are chance.
        spread: of the run's scores.

    Returns:
        the share that the best frames carry, of the episode where it is largest; None up to :data:`CARRIED`.

    Raises:
        ShapeError: an episode that is not ``(T,)``, or a ``nan``.
    """
    shares = [_carried(row("scores", one), spread) for one in scores]
    if not shares or max(shares) <= CARRIED:
        return None
    worst = int(np.argmax(shares))
    said = f"1 of {FEW} frames carries {shares[worst]:.0%} of an episode's reward above its minimum "
    said += f"(bound {CARRIED:.0%})"
    return Alarm("concentrated", shares[worst], CARRIED, said, worst)


def _carried(scores: Floats, spread: float) -> float:
    above = np.sort(scores - np.min(scores, initial=np.inf))
    if len(above) < FEW or spread <= 0 or above[-1] < spread:
        return 0.0
    return float(above[-(len(above) // FEW) :].sum() / above.sum())


def out_of_view(in_view: Sequence[ArrayLike], spread: float) -> Alarm | None:
    """Less than half of the robot is in the picture for a quarter of an episode, or longer.

    Args:
        in_view: floats ``(T,)`` for each episode, share of the robot's bodies that the camera has in its frame.
        spread: of the run's scores.

    Returns:
        share of the steps at which the robot is hidden, of the episode where it is largest; None below :data:`AWAY`.

    Raises:
        ShapeError: an episode that is not ``(T,)``, or a ``nan``.
    """
    rows = [row("in_view", one) for one in in_view]
    away = [float(np.mean(one < HIDDEN)) if len(one) else 0.0 for one in rows]
    if not away or spread <= 0 or max(away) < AWAY:
        return None
    worst = int(np.argmax(away))
    said = f"less than {HIDDEN:.0%} of the robot is in the picture for {away[worst]:.0%} of an episode "
    said += f"(bound {AWAY:.0%})"
    return Alarm("out_of_view", away[worst], AWAY, said, worst)


def jittery(scores: Sequence[ArrayLike], shifted: Mapping[str, Sequence[ArrayLike]], spread: float) -> Alarm | None:
    """A shift of the frame by one pixel moves the score by more than a quarter of the spread.

    Args:
        scores: floats ``(K,)`` for each episode.
        shifted: the same of the same frames, shifted, by the way that they went.
        spread: of the run's scores.

    Returns:
        median change over all frames, in spreads, of the way that changes most; None up to :data:`MOVED`.

    Raises:
        ShapeError: rows of different length, or a ``nan`` in them.
    """
    paid = _joined(scores)
    if spread <= 0 or not len(paid):
        return None
    found = {}
    for way, rows in shifted.items():
        now = _joined(rows)
        same_length(scores=paid, shifted=now)
        found[way] = float(np.median(np.abs(now - paid))) / spread
    worst = max(found, key=found.__getitem__, default=None)
    if worst is None or found[worst] <= MOVED:
        return None
    each = [float(np.median(np.abs(np.subtract(*pair)))) for pair in zip(scores, shifted[worst], strict=True)]
    said = (
        f"shown {worst}, frames score {found[worst]:.0%} of the spread otherwise, by their median (bound {MOVED:.0%})"
    )
    return Alarm("jittery", found[worst], MOVED, said, int(np.argmax(each)))


def disagreeing(scores: Sequence[ArrayLike], pairs: Mapping[str, Pair], spread: float) -> Alarm | None:
    """Two ways of asking the same put the same frames into different orders.

    Args:
        scores: floats ``(K,)`` for each episode, the reward's own; where they cover less than :data:`ALIVE` of the
            spread now, or are fewer than :data:`LEAST`, there is no order to ask for.
        pairs: what one voice and another say of the same frames, ``(K,)`` each for each episode, by both their names.
        spread: of the run's scores.

    Returns:
        the lowest Spearman correlation; None from :data:`AGREED` on. A voice that is constant has no order.

    Raises:
        ShapeError: rows of different length, or a ``nan`` in them.
    """
    paid = _joined(scores)
    if spread <= 0 or len(paid) < LEAST or np.subtract(*np.percentile(paid, [95, 5])) < ALIVE * spread:
        return None
    found = {name: spearman(_joined(one), _joined(two)) for name, (one, two) in pairs.items()}
    heard = {name: value for name, value in found.items() if not np.isnan(value)}
    if not heard or min(heard.values()) >= AGREED:
        return None
    worst = min(heard, key=heard.__getitem__)
    each = [spearman(one, two) for one, two in zip(*pairs[worst], strict=True)]
    said = f"{worst} order the frames with a Spearman correlation of {heard[worst]:.2f} (bound {AGREED:g})"
    return Alarm("disagreeing", heard[worst], AGREED, said, int(np.argmin(np.nan_to_num(each, nan=1.0))))


def _joined(rows: Sequence[ArrayLike]) -> Floats:
    return np.concatenate([row("scores", one) for one in rows]) if rows else np.zeros(0)
