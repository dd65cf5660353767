"""Trainings of several seeds in several tasks, against slow references."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu, spearmanr, trim_mean

from vlmrl.errors import ShapeError
from vlmrl.metrics.reliable import foretold, improvement, stratified_iqm

runs = st.lists(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=5), min_size=1, max_size=4)


@given(runs)
def test_the_interquartile_mean_is_that_of_all_runs_together(tasks):
    assert stratified_iqm(tasks, resamples=1).mean == pytest.approx(trim_mean(np.concatenate(tasks), 0.25))


@given(runs, st.integers(0, 9))
def test_improvement_is_the_mean_over_tasks_of_mann_and_whitneys_share(ours, seed):
    rng = np.random.default_rng(seed)
    theirs = [rng.choice([0.0, 0.5, 1.0], size=3) for _ in ours]
    shares = [mannwhitneyu(a, b).statistic / (len(a) * len(b)) for a, b in zip(ours, theirs, strict=True)]
    assert improvement(ours, theirs, resamples=1).mean == pytest.approx(np.mean(shares))
    assert improvement(theirs, ours, resamples=1).mean == pytest.approx(1 - np.mean(shares))


def test_seeds_are_drawn_within_their_task_so_that_tasks_that_differ_add_no_doubt():
    interval = improvement([[0.0, 0.0], [1.0, 1.0]], [[0.5, 0.5], [0.5, 0.5]])
    assert (interval.low, interval.mean, interval.high) == (0.5, 0.5, 0.5)
    easy_and_hard = stratified_iqm([[0.0] * 8, [1.0] * 8])
    assert (easy_and_hard.low, easy_and_hard.high) == (0.5, 0.5)


def test_one_seed_a_task_has_no_interval():
    assert np.isnan(stratified_iqm([[0.3], [0.9]]).low)


def test_what_foretells_is_spearmans_correlation_over_all_rewards_and_tasks():
    rng = np.random.default_rng(0)
    measure = {"a": rng.random(6), "b": np.append(rng.random(4), np.nan)}
    reached = {"a": measure["a"] ** 2, "b": rng.random(5)}
    pooled = [np.concatenate([side["a"], side["b"][:4]]) for side in (measure, reached)]
    found = foretold(measure, reached)
    assert found.mean == pytest.approx(spearmanr(*pooled).statistic)
    assert found.low < found.mean < found.high


def test_nothing_foretells_what_is_not_known():
    nothing = foretold({"a": np.array([np.nan, np.nan])}, {"a": np.array([0.0, 1.0])})
    assert np.isnan(nothing.mean)
    constant = foretold({"a": np.ones(4)}, {"a": np.arange(4.0)})
    assert np.isnan(constant.mean)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: stratified_iqm([]),
        lambda: stratified_iqm([[]]),
        lambda: improvement([[1.0]], [[1.0], [1.0]]),
        lambda: foretold({"a": np.ones(2)}, {"b": np.ones(2)}),
        lambda: foretold({"a": np.ones(2)}, {"a": np.ones(3)}),
    ],
)
def test_what_does_not_fit_is_refused(wrong):
    with pytest.raises(ShapeError):
        wrong()
