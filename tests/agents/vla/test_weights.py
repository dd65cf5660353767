"""Weights of steps against their formulas, a step at a time."""

import numpy as np
import pytest

from vlmrl.agents.vla.weights import DISCOUNT, advantages, by_advantage, by_progress, gains


def test_gains_are_what_a_chunk_brings_and_stop_at_the_end():
    progress = np.array([0.0, 0.1, 0.4, 0.3, 1.0])
    assert gains(progress, 2).tolist() == pytest.approx([0.4, 0.2, 0.6, 0.7])
    assert gains(progress, 100).tolist() == pytest.approx([1.0, 0.9, 0.6, 0.7])


def test_progress_weighs_as_the_paper_reads():
    rng = np.random.default_rng(0)
    gained = np.concatenate([rng.normal(0.005, 0.01, 200), [0.0, 0.01, np.nan]])
    known = gained[:-1]
    mu, sigma = max(known.mean(), 0.0), known.std()
    for step, weight in enumerate(by_progress(gained, 0.01)):
        r = gained[step]
        if np.isnan(r) or r > 0.01:
            slow = 1.0
        elif r < 0:
            slow = 0.0
        else:
            slow = min(max((r - (mu - 2 * sigma)) / (4 * sigma + 1e-6), 0.0), 1.0)
        assert weight == pytest.approx(slow)


def test_where_nobody_knows_the_progress_all_count():
    assert by_progress(np.full(3, np.nan), 0.01).tolist() == [1, 1, 1]
    assert by_advantage(np.full(3, np.nan), 1.0, 20.0).tolist() == [1, 1, 1]


def test_advantages_are_returns_above_those_of_the_same_moment():
    progress = [np.array([0.0, 0.5, 1.0]), np.array([0.0, 0.0, 0.2]), np.array([0.0, 0.3])]
    first, second, third = advantages(progress)
    returns = [0.5 + DISCOUNT * 1.0, 0.0 + DISCOUNT * 0.2, 0.3]
    assert [first[0], second[0], third[0]] == pytest.approx([one - np.mean(returns) for one in returns])
    assert [first[1], second[1]] == pytest.approx([0.4, -0.4])
    assert len(third) == 1


def test_advantages_weigh_exponentially_and_no_more_than_most():
    found = np.array([-2.0, 0.0, 1.0, 5.0])
    weights = by_advantage(found, 0.5, 20.0)
    assert weights.tolist() == pytest.approx([min(np.exp(one / found.std() / 0.5), 20.0) for one in found])
