"""Canonical forms of a reward: what is left of it when shaping by a potential is taken out.

Two rewards that differ by ``gamma * phi(s') - phi(s)`` ask for the same behaviour (Ng, Harada and Russell, ICML 1999),
and have the same canonical form; each form is linear in the reward. They differ in which transitions they look at:
EPIC's asks for transitions that cannot happen, DARD's for some of them, the value's for none.

Throughout, ``transition`` is float64 ``(S, A, S)``, the probability of each next state, ``reward`` is float64 ``(S, A,
S)`` and ``gamma`` lies in [0, 1). Actions, and for EPIC states, are drawn uniformly. A form that is zero but for
rounding, as that of a constant, is exactly zero. All arguments must have gone through :func:`check`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from vlmrl.errors import ConfigError, ShapeError
from vlmrl.metrics.rank import Floats

ROUNDING = 1e-10
"""What is smaller than this, beside the largest reward times the horizon 1 / (1 - gamma), is rounding."""


def epic(reward: Floats, gamma: float) -> Floats:
    """EPIC's form: the reward, less the mean potential that uniform states and actions see in it.

    ``R(s, a, s') + gamma m(s') - m(s) - gamma M`` with ``m(x) = E R(x, A, S')`` and ``M = E m(S)`` (Gleave et al., ICLR
    2021, arXiv 2006.13900, definition 4.1).

    Returns:
        float64 ``(S, A, S)``.
    """
    seen = reward.mean(axis=(1, 2))
    form = reward + gamma * seen[None, None, :] - seen[:, None, None] - gamma * seen.mean()
    return settled(form, reward, gamma)


def dard(transition: Floats, reward: Floats, gamma: float) -> Floats:
    """DARD's form: as EPIC's, with next states from the dynamics.

    ``R(s, a, s') + E[gamma R(s', A, S'') - R(s, A, S') - gamma R(S', A, S'')]``, with S' from (s, A), S'' from (s', A)
    and the same A throughout (Wulfe et al., ICLR 2022, arXiv 2201.10081). The last term pairs S' with the S'' of
    another state, which may be impossible.

    Returns:
        float64 ``(S, A, S)``.
    """
    seen = np.einsum("iaj,iaj->i", transition, reward) / reward.shape[1]
    chance, paid = transition.swapaxes(0, 1), reward.swapaxes(0, 1)  # (A, S, S): a matrix for each action
    crossed = (chance @ paid @ chance.swapaxes(1, 2)).mean(axis=0)
    form = reward + gamma * seen[None, None, :] - seen[:, None, None] - gamma * crossed[:, None, :]
    return settled(form, reward, gamma)


def value(transition: Floats, reward: Floats, gamma: float) -> Floats:
    """The value's form: the reward, shaped by the value V that the uniform policy has under it.

    ``R(s, a, s') + gamma V(s') - V(s)``, V solved for exactly: VALPotential of Skalse et al. (STARC, ICLR 2024, arXiv
    2309.15257). What impossible transitions would pay has no influence on possible ones.

    Returns:
        float64 ``(S, A, S)``; where ``transition`` is 0 the numbers mean nothing.
    """
    states, actions = reward.shape[:2]
    onward = transition.sum(axis=1) / actions
    paid = np.einsum("iaj,iaj->i", transition, reward) / actions
    values = np.linalg.solve(np.eye(states) - gamma * onward, paid)
    form = reward + gamma * values[None, None, :] - values[:, None, None]
    possible = transition > 0
    return form if settled(form[possible], reward[possible], gamma).any() else np.zeros_like(form)


def settled(form: Floats, reward: Floats, gamma: float, rounding: float = ROUNDING) -> Floats:
    """The form, or zeros where nothing is left of the reward but rounding."""
    size = rounding * np.abs(reward).max(initial=0.0) / (1 - gamma)
    return form if np.abs(form).max(initial=0.0) > size else np.zeros_like(form)


def check(transition: ArrayLike, *rewards: ArrayLike, gamma: float) -> tuple[Floats, ...]:
    """The transition and the rewards as float64 arrays.

    Raises:
        ShapeError: not all of one shape ``(S, A, S)``, a number that is not finite, or rows of the transition that are
            no probabilities.
        ConfigError: gamma out of range.
    """
    discount(gamma)
    arrays = tuple(np.asarray(one, dtype=np.float64) for one in (transition, *rewards))
    shapes = [one.shape for one in arrays]
    first = shapes[0]
    if len(first) != 3 or first[0] != first[2] or 0 in first or len(set(shapes)) > 1:
        raise ShapeError(f"transition, rewards {shapes}: must have one shape (S, A, S)")
    if not all(np.isfinite(one).all() for one in arrays):
        raise ShapeError("transition, rewards: hold a nan or an infinity; give what cannot happen any number, as 0")
    if (arrays[0] < 0).any() or not np.allclose(arrays[0].sum(axis=2), 1.0):
        raise ShapeError("transition: must be at least 0 and sum to 1 over the next states")
    return arrays


def discount(gamma: float) -> None:
    """Nothing, where gamma is a discount of endless episodes.

    Raises:
        ConfigError: it is not.
    """
    if not 0.0 <= gamma < 1.0:
        raise ConfigError(f"gamma={gamma}: must be at least 0 and below 1, for example 0.99")
