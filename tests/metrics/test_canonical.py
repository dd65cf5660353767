"""Each form beside the same one written as slowly as its paper reads."""

import numpy as np
import pytest

from vlmrl.errors import ConfigError, ShapeError
from vlmrl.metrics import canonical

GAMMA = 0.9
SEEDS = range(5)


def world(seed, states=5, actions=3):
    """A random MDP where about half of the transitions cannot happen, and a reward."""
    rng = np.random.default_rng(seed)
    chance = rng.gamma(0.7, size=(states, actions, states)) * (rng.random((states, actions, states)) < 0.5)
    chance += np.eye(states)[rng.integers(states, size=(states, actions))] * 0.1
    return chance / chance.sum(axis=2, keepdims=True), rng.normal(size=(states, actions, states))


def each(reward):
    return np.ndindex(*reward.shape)


@pytest.mark.parametrize("seed", SEEDS)
def test_epics_form_is_the_papers(seed):
    _, reward = world(seed)
    states, actions = reward.shape[:2]
    expected = np.empty_like(reward)
    drawn = [(a, x) for a in range(actions) for x in range(states)]
    for s, a, x in each(reward):
        total = 0.0
        for other in range(states):
            for act, onto in drawn:
                total += GAMMA * reward[x, act, onto] - reward[s, act, onto] - GAMMA * reward[other, act, onto]
        expected[s, a, x] = reward[s, a, x] + total / (len(drawn) * states)
    np.testing.assert_allclose(canonical.epic(reward, GAMMA), expected, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_dards_form_is_the_papers(seed):
    chance, reward = world(seed)
    states, actions = reward.shape[:2]
    expected = reward.copy()
    for s, a, x in each(reward):
        for act in range(actions):
            for one in range(states):
                for two in range(states):
                    likely = chance[s, act, one] * chance[x, act, two] / actions
                    expected[s, a, x] += likely * (
                        GAMMA * reward[x, act, two] - reward[s, act, one] - GAMMA * reward[one, act, two]
                    )
    np.testing.assert_allclose(canonical.dard(chance, reward, GAMMA), expected, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_values_form_is_that_of_repeated_backups(seed):
    chance, reward = world(seed)
    values = np.zeros(len(reward))
    for _ in range(500):
        values = (chance * (reward + GAMMA * values)).sum(axis=2).mean(axis=1)
    expected = reward + GAMMA * values - values[:, None, None]
    np.testing.assert_allclose(canonical.value(chance, reward, GAMMA), expected, atol=1e-9)


def forms(chance, reward):
    return canonical.epic(reward, GAMMA), canonical.dard(chance, reward, GAMMA), canonical.value(chance, reward, GAMMA)


@pytest.mark.parametrize("seed", SEEDS)
def test_shaping_changes_no_form_and_scale_only_its_scale(seed):
    chance, reward = world(seed)
    potential = np.random.default_rng(seed + 100).normal(size=len(reward))
    shaped = 3 * reward + GAMMA * potential - potential[:, None, None]
    for before, after in zip(forms(chance, reward), forms(chance, shaped), strict=True):
        np.testing.assert_allclose(after, 3 * before, atol=1e-11)


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e9])
def test_what_asks_for_nothing_is_exactly_zero(size):
    chance, reward = world(0)
    potential = size * np.random.default_rng(1).normal(size=len(reward))
    hollow = np.broadcast_to(GAMMA * potential - potential[:, None, None], reward.shape)
    for nothing in (np.zeros_like(reward), np.full_like(reward, size / 3), hollow):
        for form in forms(chance, nothing):
            np.testing.assert_array_equal(form, 0.0)
    for form in forms(chance, size * reward):
        assert np.abs(form).max() > 0.1 * size


def test_the_value_knows_nothing_of_the_impossible():
    chance, reward = world(0)
    possible = chance > 0
    junk = np.where(possible, 1.0, 1e6 * reward)
    np.testing.assert_array_equal(canonical.value(chance, junk, GAMMA), 0.0)
    far = canonical.value(chance, np.where(possible, reward, 1e6), GAMMA)
    np.testing.assert_allclose(far[possible], canonical.value(chance, reward, GAMMA)[possible], atol=1e-12)


def test_what_is_no_mdp_is_refused():
    chance, reward = world(0)
    with pytest.raises(ShapeError, match=r"one shape \(S, A, S\)"):
        canonical.check(chance, reward[:, :2], gamma=GAMMA)
    with pytest.raises(ShapeError, match=r"one shape \(S, A, S\)"):
        canonical.check(chance[:4], reward[:4], gamma=GAMMA)
    with pytest.raises(ShapeError, match="sum to 1"):
        canonical.check(2 * chance, reward, gamma=GAMMA)
    with pytest.raises(ShapeError, match="at least 0"):
        canonical.check(0.4 - chance, reward, gamma=GAMMA)  # sums to 1 over 5 states
    with pytest.raises(ShapeError, match="nan"):
        canonical.check(chance, np.where(chance > 0, reward, np.nan), gamma=GAMMA)
    for gamma in (1.0, -0.1, float("nan")):
        with pytest.raises(ConfigError, match=rf"gamma={gamma}.*below 1"):
            canonical.check(chance, reward, gamma=gamma)
