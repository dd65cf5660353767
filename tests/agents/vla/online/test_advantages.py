"""Advantages, against their definitions written as they read."""

import numpy as np
import pytest

from vlmrl.agents.vla.online.advantages import beside_group, by_critic, discounted


def test_an_episode_is_compared_with_its_group_alone():
    returns = np.array([1.0, 2.0, 6.0, 0.0, 0.0, 1.0])
    found, kept = beside_group(returns, 3, alike=1e-4)
    for first in (0, 3):
        group = returns[first : first + 3]
        for place, one in enumerate(group):
            spread = (sum((other - group.mean()) ** 2 for other in group) / 3) ** 0.5
            assert found[first + place] == pytest.approx((one - group.mean()) / (spread + 1e-6))
    assert kept.all()


def test_without_the_deviation_only_the_mean_goes():
    found, _ = beside_group(np.array([1.0, 3.0, 10.0, 14.0]), 2, 1e-4, standardise=False)
    assert found.tolist() == [-1.0, 1.0, -2.0, 2.0]


def test_groups_all_alike_are_left_out():
    found, kept = beside_group(np.array([1.0, 1.0, 0.0, 1.0, 0.3, 0.30001]), 2, alike=1e-4)
    assert kept.tolist() == [False, False, True, True, False, False]
    assert found.tolist() == pytest.approx([0, 0, -1, 1, 0, 0], abs=1e-5)


def slow(paid, values, steps, there, gamma, lam):
    """A_k = sum over later plans of their errors, each discounted by every step and lambda between."""
    found = np.zeros(paid.shape)
    for episode in range(len(paid)):
        plans = [plan for plan in range(paid.shape[1]) if there[episode, plan]]
        for plan in plans:
            share = 1.0
            for later in range(plan, len(plans)):
                after = values[episode, later + 1] if later + 1 < len(plans) else 0.0
                discount = gamma ** steps[episode, later]
                error = paid[episode, later] + discount * after - values[episode, later]
                found[episode, plan] += share * error
                share *= discount * lam
    return found


@pytest.mark.parametrize(("gamma", "lam"), [(1.0, 1.0), (0.9, 0.95), (0.99, 0.0)])
def test_advantages_by_a_critic_are_those_of_the_paper(gamma, lam):
    rng = np.random.default_rng(0)
    paid, values = rng.normal(size=(2, 6, 5))
    lengths = rng.integers(1, 6, 6)
    there = np.arange(5) < lengths[:, None]
    steps = np.where(there, rng.integers(1, 5, (6, 5)), 0)
    found, returns = by_critic(paid, values, steps, there, gamma, lam)
    np.testing.assert_allclose(found, slow(paid, values, steps, there, gamma, lam), atol=1e-12)
    np.testing.assert_allclose(returns[there], (found + values)[there])
    assert not found[~there].any()
    assert not returns[~there].any()


def test_with_lambda_one_the_critic_learns_what_is_still_to_be_paid():
    rewards = np.random.default_rng(1).normal(size=(3, 7))
    gamma, every = 0.9, 3
    paid = discounted(rewards, every, gamma)
    steps = np.array([[3, 3, 1]] * 3)
    _, returns = by_critic(paid, np.zeros((3, 3)), steps, steps > 0, gamma, 1.0)
    for episode in range(3):
        for plan, first in enumerate((0, 3, 6)):
            left = sum(gamma ** (step - first) * rewards[episode, step] for step in range(first, 7))
            assert returns[episode, plan] == pytest.approx(left)
