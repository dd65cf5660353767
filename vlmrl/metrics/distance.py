"""How far a reward is from another, whatever its scale and its shaping: EPIC, DARD and STARC.

All three bring both rewards to a canonical form that shaping does not change, to the same size, and measure what is
left between them. Where the dynamics are known as a table, the distances are exact: ``transition`` is floats ``(S, A,
S)``, the probability of each next state, both rewards are floats ``(S, A, S)`` over state, action and next state, and
``gamma`` lies in [0, 1). Of frames there are only samples: :func:`starc_samples`.

A reward whose canonical form is zero (a constant, or shaping and nothing else) asks for nothing and has no direction.
Scaled to any size it stays zero, so its distance from any other is the size of the other's alone, half the largest
distance; two such rewards are the same, at distance 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vlmrl.errors import ConfigError, ShapeError
from vlmrl.metrics import canonical
from vlmrl.metrics.intervals import Interval, cluster_bootstrap
from vlmrl.metrics.rank import Floats, finite


def epic(transition: ArrayLike, r: ArrayLike, q: ArrayLike, gamma: float, on_dynamics: bool = False) -> float:
    """EPIC's distance, Pearson's form: ``sqrt((1 - correlation) / 2)`` of the canonical forms (Gleave et al., 2021).

    States, actions and next states are drawn uniformly and apart from one another. So it asks what impossible
    transitions pay, which no policy can ever see, and two rewards that agree on all that can happen may lie far apart.

    Args:
        transition: floats ``(S, A, S)``, here only a weight, and unused without ``on_dynamics``.
        r: floats ``(S, A, S)``.
        q: floats ``(S, A, S)``.
        gamma: in [0, 1).
        on_dynamics: compare the forms where the dynamics lead, instead of everywhere. The forms themselves still mix
            in what impossible transitions pay.

    Returns:
        in [0, 1]: 0 for the same but for scale and shaping, 0.707 uncorrelated, 1 opposite; 0.5 where one of the two
        has a form of zero, 0 where both have.

    Raises:
        ShapeError: shapes that do not fit, a number that is not finite, or a transition that is no probability.
        ConfigError: gamma out of range.
    """
    chance, first, second = canonical.check(transition, r, q, gamma=gamma)
    return _pearson(canonical.epic(first, gamma), canonical.epic(second, gamma), _coverage(chance, on_dynamics))


def dard(transition: ArrayLike, r: ArrayLike, q: ArrayLike, gamma: float, on_dynamics: bool = True) -> float:
    """DARD's distance: as :func:`epic`, with the dynamics in the canonical form (Wulfe et al., 2022).

    Args:
        transition: floats ``(S, A, S)``.
        r: floats ``(S, A, S)``.
        q: floats ``(S, A, S)``.
        gamma: in [0, 1).
        on_dynamics: compare the forms where the dynamics lead, as the paper does; else everywhere. One term of the form
            still asks for transitions between the successors of different states, which may be impossible.

    Returns:
        in [0, 1], as :func:`epic`.

    Raises:
        ShapeError: shapes that do not fit, a number that is not finite, or a transition that is no probability.
        ConfigError: gamma out of range.
    """
    chance, first, second = canonical.check(transition, r, q, gamma=gamma)
    forms = canonical.dard(chance, first, gamma), canonical.dard(chance, second, gamma)
    return _pearson(*forms, _coverage(chance, on_dynamics))


def starc(transition: ArrayLike, r: ArrayLike, q: ArrayLike, gamma: float) -> float:
    """STARC's distance, with the exact value of the uniform policy as the potential (Skalse et al., 2024).

    Both forms are brought to length 1, where a transition weighs as much as it is likely from a uniform state and
    action, and subtracted: VALPotential with a T-weighted L2 norm. Impossible transitions count for nothing. Of two
    rewards that pay differently for the next states of an action, and the same on average, it still sees the
    difference: only averaging over next states (VAL) would not.

    Args:
        transition: floats ``(S, A, S)``.
        r: floats ``(S, A, S)``.
        q: floats ``(S, A, S)``.
        gamma: in [0, 1).

    Returns:
        in [0, 2]: 0 for the same but for scale and shaping, 1.414 unrelated, 2 opposite; 1 where one of the two has a
        form of zero, 0 where both have.

    Raises:
        ShapeError: shapes that do not fit, a number that is not finite, or a transition that is no probability.
        ConfigError: gamma out of range.
    """
    chance, first, second = canonical.check(transition, r, q, gamma=gamma)
    forms = canonical.value(chance, first, gamma), canonical.value(chance, second, gamma)
    return _apart(*forms, _coverage(chance, on_dynamics=True))


@dataclass(frozen=True)
class Transitions:
    """Steps that some fixed policy took, with what a linear value function may see of their states.

    The value function is a linear one, so features should hold what the rewards' potentials are made of: an embedding
    of the frame, a pose with its squares, or one indicator a state; and be few beside the steps, at most a tenth.

    Attributes:
        before: floats ``(N, D)``, features of the state a step starts in, all finite.
        after: floats ``(N, D)``, of the state it leads to, before any reset.
        episode: ints ``(N,)``, which episode each step belongs to; the order of the steps does not matter.
        terminated: bool ``(N,)``, True where the step truly ended its episode, after which nothing is worth anything;
            a time limit is no such end. None where there are none.

    Raises:
        ShapeError: shapes that do not fit, no step, or a feature that is not finite.
    """

    before: Floats
    after: Floats
    episode: NDArray[np.int64]
    terminated: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        shape = np.shape(self.before)
        if len(shape) != 2 or not shape[0] or np.shape(self.after) != shape:
            raise ShapeError(f"before {shape}, after {np.shape(self.after)}: must both be (N, D), N at least 1")
        if not (np.isfinite(self.before).all() and np.isfinite(self.after).all()):
            raise ShapeError("before, after: hold a nan or an infinity; leave out steps without features")
        for name in ("episode", "terminated"):
            value = getattr(self, name)
            if value is not None and np.shape(value) != shape[:1]:
                raise ShapeError(f"{name} {np.shape(value)}: must be {shape[:1]}, one a step")


def td_errors(steps: Transitions, rewards: Floats, gamma: float, ridge: float = 1e-6) -> Floats:
    """Each reward, shaped by its own value under the policy that took the steps: ``r + gamma V(s') - V(s)``.

    V is linear in the features and fitted by least-squares temporal differences (LSTD; Bradtke and Barto, Machine
    Learning 1996), with one operator for all rewards. Shaping by a potential that is linear in the features therefore
    falls out of the result exactly, in any sample and at any noise; regressing returns would leave what the potential
    is at the end of each cut-off episode.

    Args:
        steps: N steps.
        rewards: float64 ``(N, k)``, what each of k rewards pays for them, all finite.
        gamma: in [0, 1).
        ridge: at least 0: weight of the squared coefficients beside one step, for features of unit variance.

    Returns:
        float64 ``(N, k)``; a column that is zero but for rounding is exactly zero.
    """
    return _errors(*_design(steps), rewards, gamma, ridge)


def starc_samples(
    steps: Transitions,
    r: ArrayLike,
    q: ArrayLike,
    gamma: float,
    ridge: float = 1e-6,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """STARC's distance from samples: the root mean square between two rewards' TD errors, each of size 1.

    As :func:`starc`, with the policy that took the steps in place of the uniform one, and transitions weighing as often
    as they were taken. Episodes are resampled whole, and each resample fits its own values. That takes seconds for
    thousands of steps with tens of features, and minutes with hundreds: project embeddings on fewer directions first.

    Args:
        steps: N steps of several episodes.
        r: floats ``(N,)``, what one reward pays for each, all finite.
        q: floats ``(N,)``, what the other pays.
        gamma: in [0, 1).
        ridge: as for :func:`td_errors`.
        level: share of resampled distances inside the interval, in (0, 1).
        resamples: how many times the episodes are drawn anew.
        seed: of the drawing.

    Returns:
        the distance in [0, 2], as :func:`starc`, and its bounds, which are ``nan`` where there is a single episode.

    Raises:
        ShapeError: not one reward a step, or one that is not finite.
        ConfigError: gamma, ridge, level or resamples out of range.
    """
    canonical.discount(gamma)
    if not ridge >= 0:
        raise ConfigError(f"ridge={ridge}: must be 0 or more, for example 1e-6")
    rewards = np.column_stack([_one_a_step("r", r, steps), _one_a_step("q", q, steps)])
    _, place = np.unique(steps.episode, return_inverse=True)
    order, ends = np.argsort(place, kind="stable"), np.cumsum(np.bincount(place))[:-1]

    def between(now: Floats, then: Floats, paid: Floats) -> float:
        errors = _errors(now, then, paid, gamma, ridge)
        return _apart(errors[:, 0], errors[:, 1], np.full(len(errors), 1 / len(errors)))

    columns = (np.split(column[order], ends) for column in (*_design(steps), rewards))
    return cluster_bootstrap(between, *columns, level=level, resamples=resamples, seed=seed)


def _design(steps: Transitions) -> tuple[Floats, Floats]:
    """Features before and after as float64 ``(N, D + 1)``: of mean 0 and variance 1, and a 1 for the level."""
    both = np.concatenate([steps.before, steps.after]).astype(np.float64)
    scale = both.std(axis=0)
    scale[scale <= canonical.ROUNDING * np.abs(both).max(axis=0)] = 1.0  # a constant: only its rounding varies
    both = np.column_stack([(both - both.mean(axis=0)) / scale, np.ones(len(both))])
    now, then = np.split(both, 2)
    if steps.terminated is not None:
        then[np.asarray(steps.terminated, dtype=bool)] = 0.0
    return now, then


def _errors(now: Floats, then: Floats, rewards: Floats, gamma: float, ridge: float) -> Floats:
    onward = now - gamma * then
    damping = np.diag(np.append(np.full(now.shape[1] - 1, ridge), 0.0))  # none for the level, so constants vanish
    values = np.linalg.lstsq(now.T @ onward / len(now) + damping, now.T @ rewards / len(now), rcond=None)[0]
    left = rewards - onward @ values
    return np.column_stack([canonical.settled(*pair, gamma) for pair in zip(left.T, rewards.T, strict=True)])


def _one_a_step(name: str, reward: ArrayLike, steps: Transitions) -> Floats:
    data = finite(name, reward)
    if len(data) != len(steps.before):
        raise ShapeError(f"{name} {data.shape}: must be ({len(steps.before)},), one a step")
    return data


def _coverage(transition: Floats, on_dynamics: bool) -> Floats:
    """How much each transition counts: float64 ``(S, A, S)`` that sums to 1."""
    states, actions = transition.shape[:2]
    return transition / (states * actions) if on_dynamics else np.full(transition.shape, 1 / transition.size)


def _pearson(a: Floats, b: Floats, weights: Floats) -> float:
    # Half the distance of two rows of mean 0 and size 1 is sqrt((1 - correlation) / 2), without its loss of digits near
    # a correlation of 1.
    return _apart(_centred(a, weights), _centred(b, weights), weights) / 2


def _centred(form: Floats, weights: Floats) -> Floats:
    counted = weights > 0
    centred = form - (weights * form).sum()
    # What a constant leaves is rounding, and has no direction.
    size = canonical.ROUNDING * np.abs(form[counted]).max()
    return centred if np.abs(centred[counted]).max() > size else np.zeros_like(form)


def _apart(a: Floats, b: Floats, weights: Floats) -> float:
    """The weighted root mean square between two arrays, each divided by its own; zeros stay zeros."""
    sizes = [float(np.sqrt((weights * form**2).sum())) for form in (a, b)]
    first, second = (form / size if size > 0 else form for form, size in zip((a, b), sizes, strict=True))
    return float(min(np.sqrt((weights * (first - second) ** 2).sum()), 2.0))
