"""What is made small: clipped ratios with more room above than below, and the distance from the clone."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

RATIOS = 20.0
"""Largest difference of logarithms that is taken to a power: beyond it nothing but overflow is gained."""


def clipped(
    now: Tensor,
    before: Tensor,
    advantages: Tensor,
    there: Tensor,
    clip: tuple[float, float],
    likelihood: Literal["token", "chunk"] = "token",
) -> Tensor:
    """``-min(r A, clip(r, 1 - low, 1 + high) A)``, the mean over what was done.

    PPO's surrogate (Schulman et al., arXiv 1707.06347) with DAPO's higher clip (arXiv 2503.14476). With ``token`` r is
    the ratio of each number of each action, with ``chunk`` the product over all of a plan that was carried out.

    Args:
        now: logarithms of probabilities ``(B, h, A)``, by the policy as it is.
        before: the same by the policy as it acted.
        advantages: ``(B,)``, of the plans.
        there: ``(B, h)``, 1 where an action was carried out and 0 elsewhere.
        clip: low and high.
        likelihood: which.
    """
    change = (now - before) * there[..., None]
    if likelihood == "chunk":
        ratios = change.sum((1, 2)).clamp(-RATIOS, RATIOS).exp()
        return -_lower(ratios, advantages, clip).mean()
    ratios = change.clamp(-RATIOS, RATIOS).exp()
    return -mean_of(_lower(ratios, advantages[:, None, None], clip), there)


def apart(now: Tensor, other: Tensor, there: Tensor) -> Tensor:
    """Distance (KL) of the policy as it is from another, from actions of its own: Schulman's k3, never below 0.

    The mean of ``exp(d) - d - 1`` with ``d = other - now``, per number of an action (VL-DAC, arXiv 2508.04280).

    Args:
        now: logarithms of probabilities ``(B, h, A)`` by who acted.
        other: the same by the other.
        there: ``(B, h)``, as in :func:`clipped`.
    """
    difference = ((other - now) * there[..., None]).clamp(-RATIOS, RATIOS)
    return mean_of(difference.exp() - difference - 1, there)


def mean_of(values: Tensor, there: Tensor) -> Tensor:
    """The mean of ``(B, h, A)`` over the actions that are there, ``(B, h)``."""
    return (values * there[..., None]).sum() / (there.sum() * values.shape[-1]).clamp(min=1.0)


def outside(now: Tensor, before: Tensor, there: Tensor, clip: tuple[float, float]) -> Tensor:
    """Share of what was done whose ratio lies outside the clip, in [0, 1]."""
    ratios = (now - before).clamp(-RATIOS, RATIOS).exp()
    return mean_of(((ratios < 1 - clip[0]) | (ratios > 1 + clip[1])).to(now), there)


def _lower(ratios: Tensor, advantages: Tensor, clip: tuple[float, float]) -> Tensor:
    return (ratios * advantages).minimum(ratios.clamp(1 - clip[0], 1 + clip[1]) * advantages)
