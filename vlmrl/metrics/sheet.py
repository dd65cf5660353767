"""What a reward said of labelled episodes, and every measure of it: how a leaderboard is filled.

A measure is a statistic of what each episode holds, so that whole episodes can be drawn anew for its interval. What it
is made of stands in the module that it is taken from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vlmrl.errors import ShapeError
from vlmrl.metrics import detection, goal, order, rank
from vlmrl.metrics.best_of import best_of
from vlmrl.metrics.distance import Transitions, starc_samples
from vlmrl.metrics.intervals import Interval, cluster_bootstrap

Floats = NDArray[np.float64]
Column: TypeAlias = list[NDArray[Any]]
"""An array an episode."""

VERSION = 1
"""Of the measures: rises where one comes to mean something else, so that what was measured before is measured anew."""
UNTRAINED = ("random", "still", "push", "shake")
"""Actors that learned nothing; all others did, and their failures are the hard ones."""
NEARLY = 0.75
"""States that are not done and stand this far up among all such, by the oracle: near misses."""
NOISE = 0.05
"""A hill lower than this share of the scores' spread is none."""
LEAST_NOISE = 0.01
"""Of the scores' spread, for the margin: a score that saturates has no noise of its own."""
BEST_OF = 16
"""Episodes among which the reward picks."""
GAMMA = 0.99
"""Discount of STARC's value functions, a moment."""


@dataclass(frozen=True)
class Sheet:
    """Scores of E episodes at K moments each, beside what is true there.

    Attributes:
        score: float64 ``(E, K)``, all finite.
        oracle: float64 ``(E, K)`` in [0, 1], nearness to the goal.
        done: bool ``(E, K)``, whether the task is done at that moment.
        succeeded: bool ``(E,)``, whether the episode did what was asked.
        actor: who acted, one an episode.
        state: float64 ``(E, K, D)``, what a value function may see of a state: positions and velocities.
        wrong: float64 ``(E, W, 2)``, scores of the first and the last moment for W other sentences; W may be 0.
        cycle: float64 ``(E,)``, :func:`~vlmrl.metrics.order.cycle_order` of its way to the goal played forward and
            then backward to the reward as one clip; ``nan`` where it was not played.
        back: float64 ``(E,)``, :func:`~vlmrl.metrics.order.value_order` of that way played backward alone; ``nan``
            where it was not played. None: nowhere.

    Raises:
        ShapeError: shapes that do not fit, or a score that is not finite.
    """

    score: Floats
    oracle: Floats
    done: NDArray[np.bool_]
    succeeded: NDArray[np.bool_]
    actor: tuple[str, ...]
    state: Floats
    wrong: Floats
    cycle: Floats
    back: Floats | None = None

    def __post_init__(self) -> None:
        shape = np.shape(self.score)
        if len(shape) != 2 or 0 in shape or np.shape(self.oracle) != shape or np.shape(self.done) != shape:
            raise ShapeError(
                f"score {shape}, oracle {np.shape(self.oracle)}, done {np.shape(self.done)}: must be alike, (E, K)"
            )
        for name in ("succeeded", "actor", "state", "wrong", "cycle", "back"):
            if getattr(self, name) is not None and len(getattr(self, name)) != shape[0]:
                raise ShapeError(f"{name} ({len(getattr(self, name))},): must hold one for each of {shape[0]} episodes")
        if not np.isfinite(self.score).all():
            raise ShapeError("score: holds a nan or an infinity")

    @property
    def trained(self) -> NDArray[np.bool_]:
        """Whether somebody acted who had learned something, bool ``(E,)``."""
        return np.array([name not in UNTRAINED for name in self.actor])


def way(done: NDArray[np.bool_]) -> slice:
    """The moments ``(K,)`` of an episode up to where it is done for good; all of them where it never is."""
    unfinished = np.flatnonzero(~done)
    first = 0 if not len(unfinished) else int(unfinished[-1]) + 1
    return slice(0, min(first + 1, len(done)))


@dataclass(frozen=True)
class Measure:
    """A number that says how good a reward is.

    Attributes:
        name: as in the tables.
        about: what it is, in a sentence.
        better: which way.
        columns: what it needs of each episode.
        statistic: of the pooled columns; ``nan`` for no answer.
    """

    name: str
    about: str
    better: Literal["higher", "lower"]
    columns: Callable[[Sheet], tuple[Column, ...]]
    statistic: Callable[..., float]

    def of(self, sheet: Sheet, resamples: int = 300, seed: int = 0) -> Interval:
        """The measure with its 95 % interval, whole episodes drawn anew."""
        return cluster_bootstrap(self.statistic, *self.columns(sheet), resamples=resamples, seed=seed)

    def change(self, before: Sheet, after: Sheet, resamples: int = 300, seed: int = 0) -> Interval:
        """How much higher it is for other scores of the same episodes, which are drawn alike for both."""
        old, new = self.columns(before), self.columns(after)

        def apart(*columns: NDArray[Any]) -> float:
            return self.statistic(*columns[len(old) :]) - self.statistic(*columns[: len(old)])

        return cluster_bootstrap(apart, *old, *new, resamples=resamples, seed=seed)


def _moments(sheet: Sheet) -> tuple[Column, ...]:
    return list(sheet.score), list(sheet.oracle)


def _labelled(sheet: Sheet) -> tuple[Column, ...]:
    return list(sheet.score), list(sheet.done)


def _against(trained: bool) -> Callable[[Sheet], tuple[Column, ...]]:
    """All moments in which the task is done, and those of one kind of actor in which it is not."""

    def columns(sheet: Sheet) -> tuple[Column, ...]:
        kept = [done | (one == trained) for done, one in zip(sheet.done, sheet.trained, strict=True)]
        pairs = [(row[keep], done[keep]) for row, done, keep in zip(sheet.score, sheet.done, kept, strict=True)]
        return [score for score, _ in pairs], [done for _, done in pairs]

    return columns


def _ends(sheet: Sheet) -> tuple[Column, ...]:
    """One value an episode, the mean of its last fifth, and whether it succeeded."""
    last = max(1, sheet.score.shape[1] // 5)
    return _single(sheet.score[:, -last:].mean(axis=1)), _single(sheet.succeeded)


def _means(sheet: Sheet) -> tuple[Column, ...]:
    return _single(sheet.score.mean(axis=1)), _single(sheet.oracle.mean(axis=1)), _single(sheet.succeeded)


def _single(values: NDArray[Any]) -> Column:
    return [values[row : row + 1] for row in range(len(values))]


def _each(value: Callable[[Sheet, int], float], of: Literal["success", "failure"]) -> Any:
    """One number an episode, of successes or of failures alone; an empty array for the others."""

    def columns(sheet: Sheet) -> tuple[Column, ...]:
        wanted = sheet.succeeded == (of == "success")
        found = [value(sheet, row) if wanted[row] else float("nan") for row in range(len(wanted))]
        return ([np.array([number] if number == number else [], dtype=np.float64) for number in found],)

    return columns


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _way_order(sheet: Sheet, row: int) -> float:
    return order.value_order(sheet.score[row, way(sheet.done[row])])


def _cycle(sheet: Sheet, row: int) -> float:
    return float(sheet.cycle[row])


def _back(sheet: Sheet, row: int) -> float:
    return float("nan") if sheet.back is None else float(sheet.back[row])


def _hills(sheet: Sheet, row: int) -> float:
    low, high = np.percentile(sheet.score, [5, 95])
    return float(goal.second_hills(sheet.score[row, way(sheet.done[row])], NOISE * float(high - low)))


def _grounded(sheet: Sheet, row: int) -> float:
    if not sheet.wrong.shape[1]:
        return float("nan")
    gained = sheet.score[row, -1] - sheet.score[row, 0]
    return goal.grounding(np.array([gained]), np.diff(sheet.wrong[row], axis=1).T)


def _goal_rank(score: Floats, done: NDArray[np.bool_]) -> float:
    if done.all() or not done.any():
        return float("nan")
    return float(goal.goal_rank(score[~done], float(np.median(score[done]))))


def _near(sheet: Sheet) -> tuple[Column, ...]:
    return list(sheet.score), list(sheet.oracle), list(sheet.done)


def _margin(score: Floats, oracle: Floats, done: NDArray[np.bool_]) -> float:
    if done.all() or not done.any():
        return float("nan")
    close = ~done & (oracle >= np.quantile(oracle[~done], NEARLY))
    low, high = np.percentile(score, [5, 95])
    return goal.margin(score[done], score[close], least=LEAST_NOISE * float(high - low))


def _picked(score: Floats, oracle: Floats, succeeded: NDArray[np.bool_]) -> float:
    """What the reward's favourite is worth, from 0 (one by chance) to 1 (the best there is)."""
    best, chance = float(oracle.max()), float(oracle.mean())
    if len(score) < BEST_OF or best <= chance:
        return float("nan")
    ideal = float(best_of(oracle, oracle, [BEST_OF])[0])
    return (float(best_of(score, oracle, [BEST_OF])[0]) - chance) / (ideal - chance)


def _hacked(score: Floats, oracle: Floats, succeeded: NDArray[np.bool_]) -> float:
    if succeeded.all() or not succeeded.any():
        return float("nan")
    return float(np.mean(score[~succeeded] >= np.median(score[succeeded])))


MEASURES: tuple[Measure, ...] = (
    Measure(
        "auroc_trained",
        "AUROC of moments in which the task is done against those of trained agents in which it is not",
        "higher",
        _against(True),
        rank.auroc,
    ),
    Measure(
        "auroc_untrained",
        "AUROC of moments in which the task is done against all others of agents that never learned anything",
        "higher",
        _against(False),
        rank.auroc,
    ),
    Measure(
        "fpr_trained",
        "false positives at 95 % recall among moments of trained agents",
        "lower",
        _against(True),
        detection.false_positives,
    ),
    Measure(
        "fpr_untrained",
        "false positives at 95 % recall among moments of agents that never learned",
        "lower",
        _against(False),
        detection.false_positives,
    ),
    Measure(
        "average_precision", "average precision over all moments", "higher", _labelled, detection.average_precision
    ),
    Measure("spearman", "Spearman's correlation with the oracle over all moments", "higher", _moments, rank.spearman),
    Measure("kendall", "Kendall's tau-b with the oracle over all moments", "higher", _moments, rank.kendall),
    Measure("pearson", "Pearson's correlation with the oracle over all moments", "higher", _moments, rank.pearson),
    Measure(
        "episode_auroc",
        "AUROC of an episode's last fifth: successes against all others",
        "higher",
        _ends,
        rank.auroc,
    ),
    Measure(
        "hacked",
        "share of failed episodes whose mean score reaches the median success's",
        "lower",
        _means,
        _hacked,
    ),
    Measure(
        "best_of_16",
        "nearness of the episode picked among 16: 0 by chance, 1 the oracle's own pick",
        "higher",
        _means,
        _picked,
    ),
    Measure(
        "goal_rank",
        "rank of the median done moment among all that are not, as a share",
        "lower",
        _labelled,
        _goal_rank,
    ),
    Measure(
        "margin",
        "how far done moments lie above near misses, in units of the scores' noise (or a hundredth of their spread)",
        "higher",
        _near,
        _margin,
    ),
    Measure(
        "value_order",
        "correlation with time on the way to the goal of successes, their moments shown in a shuffled order",
        "higher",
        _each(_way_order, "success"),
        _mean,
    ),
    Measure(
        "value_order_failure",
        "correlation with time on failures, where there is little to rise for",
        "lower",
        _each(_way_order, "failure"),
        _mean,
    ),
    Measure(
        "cycle_order",
        "correlation with time on successes played forward and then backward as one clip: a time counter gets 0",
        "higher",
        _each(_cycle, "success"),
        _mean,
    ),
    Measure(
        "reversed_order",
        "correlation with time on the way to the goal of successes played backward: a time counter gets 1",
        "lower",
        _each(_back, "success"),
        _mean,
    ),
    Measure(
        "second_hills",
        "hills on the way to the goal that must be given up",
        "lower",
        _each(_hills, "success"),
        _mean,
    ),
    Measure(
        "grounding",
        "share of successes whose score gains more under the right words than under all wrong ones",
        "higher",
        _each(_grounded, "success"),
        _mean,
    ),
)
"""Every measure that is a statistic of episodes; STARC's distance and the cost stand beside them."""

STARC = "starc"
ABOUT = {measure.name: measure.about for measure in MEASURES} | {
    STARC: "STARC's distance to the oracle on the episodes' own transitions: 0 the same task, 2 the opposite"
}
"""What each measure is, STARC's distance among them, in the order of the tables."""
HIGHER = {measure.name: measure.better == "higher" for measure in MEASURES} | {STARC: False}
"""Of each measure, whether higher is better."""


def measured(sheet: Sheet, resamples: int = 300, seed: int = 0) -> dict[str, Interval]:
    """Every measure of a sheet by its name, STARC's distance among them."""
    found = {measure.name: measure.of(sheet, resamples, seed) for measure in MEASURES}
    return found | {STARC: starc(sheet, resamples, seed)}


def starc(sheet: Sheet, resamples: int = 300, seed: int = 0) -> Interval:
    """STARC's distance between the score and the oracle, each paid for the moment that a step leads to.

    Values are linear in positions and velocities and their squares.
    """
    count, moments = sheet.score.shape
    seen = np.concatenate([sheet.state, sheet.state**2], axis=2)
    steps = Transitions(
        before=seen[:, :-1].reshape(-1, seen.shape[2]),
        after=seen[:, 1:].reshape(-1, seen.shape[2]),
        episode=np.repeat(np.arange(count), moments - 1),
    )
    said, true = sheet.score[:, 1:].ravel(), sheet.oracle[:, 1:].ravel()
    return starc_samples(steps, said, true, gamma=GAMMA, ridge=1e-3, resamples=resamples, seed=seed)


def overpaid(sheet: Sheet) -> dict[str, float]:
    """Of each actor's failed episodes, the share whose mean score reaches the median success's; its hackers stand out.

    Returns:
        by actor, those that failed at all; nothing where no episode succeeded.
    """
    if not sheet.succeeded.any():
        return {}
    mean = sheet.score.mean(axis=1)
    bar, actors = np.median(mean[sheet.succeeded]), np.array(sheet.actor)
    failed = {name: (actors == name) & ~sheet.succeeded for name in dict.fromkeys(sheet.actor)}
    return {name: float(np.mean(mean[rows] >= bar)) for name, rows in failed.items() if rows.any()}


def names() -> tuple[str, ...]:
    """The measures' names, in the order of the tables."""
    return tuple(ABOUT)
