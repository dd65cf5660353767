"""How much better than expected what was done turned out: beside its group (GRPO), or by a critic (PPO)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vlmrl.types import Array

Floats = NDArray[np.float64]

TINY = 1e-6


def beside_group(returns: Array, size: int, alike: float, standardise: bool = True) -> tuple[Floats, NDArray[np.bool_]]:
    """Advantages of episodes by the others that began in the same state (GRPO, Shao et al., arXiv 2402.03300).

    ``(R - mean) / (deviation + 1e-6)``, both over the group; without the deviation as Liu et al. ask (Dr. GRPO, arXiv
    2503.20783). Groups all alike teach nothing and are left out: dynamic sampling (DAPO, Yu et al., arXiv 2503.14476;
    for VLAs SimpleVLA-RL, arXiv 2509.09674).

    Args:
        returns: ``(E,)`` of episodes, ``size`` of one group after the other.
        size: of a group.
        alike: deviation of a group up to which its episodes count as alike.
        standardise: divide by the deviation.

    Returns:
        Advantages ``(E,)``, 0 in groups that are left out; and which episodes are kept, bool ``(E,)``.
    """
    table = np.asarray(returns, dtype=np.float64).reshape(-1, size)
    spread = table.std(axis=1, keepdims=True)
    kept = spread > alike
    found = table - table.mean(axis=1, keepdims=True)
    if standardise:
        found = found / (spread + TINY)
    return np.where(kept, found, 0.0).reshape(-1), np.broadcast_to(kept, table.shape).reshape(-1)


def by_critic(
    paid: Array, values: Array, steps: Array, there: Array, gamma: float, lam: float
) -> tuple[Floats, Floats]:
    """Generalised advantages from plan to plan (Schulman et al., ICLR 2016, arXiv 1506.02438).

    A plan of which n steps were carried out is one action that is paid ``R`` and after which ``gamma ** n`` discounts:
    ``delta_k = R_k + gamma ** n_k V_(k+1) - V_k``, ``A_k = delta_k + gamma ** n_k lam A_(k+1)``. Nothing follows an
    episode's last plan, for a critic that knows the time: its limit is an end like any other.

    Args:
        paid: ``(E, K)``, of each plan its steps' rewards, discounted to its beginning.
        values: ``(E, K)``, what the critic expects from each plan on.
        steps: int ``(E, K)``, how many were carried out.
        there: bool ``(E, K)``, the episode had that plan; those that it had come first.
        gamma: discount of a step.
        lam: lambda.

    Returns:
        Advantages and what the critic should have said, ``(E, K)`` each, 0 where there is no plan.
    """
    found = np.zeros(paid.shape)
    ahead, expected = np.zeros(len(paid)), np.zeros(len(paid))
    for plan in reversed(range(paid.shape[1])):
        discount = gamma ** np.asarray(steps[:, plan], dtype=np.float64)
        error = paid[:, plan] + discount * expected - values[:, plan]
        ahead = np.where(there[:, plan], error + discount * lam * ahead, 0.0)
        expected = np.where(there[:, plan], values[:, plan], 0.0)
        found[:, plan] = ahead
    return found, np.where(there, found + values, 0.0)


def discounted(rewards: Array, every: int, gamma: float) -> Floats:
    """Rewards ``(E, T)`` of ``every`` steps each, discounted to the first of them: ``(E, ceil(T / every))``."""
    episodes, length = rewards.shape
    padded = np.zeros((episodes, -(-length // every) * every))
    padded[:, :length] = rewards
    found: Floats = padded.reshape(episodes, -1, every) @ gamma ** np.arange(every, dtype=np.float64)
    return found
