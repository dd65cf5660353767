import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from vlmrl.errors import ConfigError, ShapeError
from vlmrl.metrics.intervals import Interval, bootstrap, cluster_bootstrap, difference, iqm, mean, rate
from vlmrl.metrics.rank import auroc, spearman

finite = st.floats(-1e6, 1e6)


@given(arrays(np.float64, st.integers(1, 40), elements=finite))
def test_iqm_is_scipys_trimmed_mean(values):
    assert iqm(values) == pytest.approx(stats.trim_mean(values, 0.25), rel=1e-12, abs=1e-6)


def test_iqm_works_along_any_axis():
    values = np.random.default_rng(0).normal(size=(3, 9, 2))
    np.testing.assert_allclose(iqm(values, axis=1), stats.trim_mean(values, 0.25, axis=1))


def test_iqm_of_nothing_is_refused():
    with pytest.raises(ShapeError, match="at least one"):
        iqm([])


@pytest.mark.parametrize(("ours", "theirs"), [(mean, np.mean), (iqm, lambda x, axis: stats.trim_mean(x, 0.25, axis))])
def test_bounds_are_those_of_scipys_percentile_bootstrap(ours, theirs):
    values = np.random.default_rng(1).gamma(2.0, size=30)
    found = bootstrap(values, level=0.9, resamples=20_000, statistic=ours)
    expected = stats.bootstrap(
        (values,), theirs, confidence_level=0.9, n_resamples=20_000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    assert found.mean == pytest.approx(theirs(values, axis=0))
    width = expected.high - expected.low
    assert found.low == pytest.approx(expected.low, abs=0.03 * width)
    assert found.high == pytest.approx(expected.high, abs=0.03 * width)


def test_intervals_hold_the_true_mean_about_as_often_as_they_say():
    rng = np.random.default_rng(3)
    held = 0
    for trial in range(300):
        interval = bootstrap(rng.normal(size=40), level=0.9, resamples=400, seed=trial)
        held += interval.low <= 0.0 <= interval.high
    assert 0.83 <= held / 300 <= 0.95


def test_the_same_seed_gives_the_same_bounds_and_another_seed_others():
    values = np.random.default_rng(4).normal(size=20)
    assert bootstrap(values, seed=5) == bootstrap(values, seed=5)
    assert bootstrap(values, seed=5) != bootstrap(values, seed=6)


def test_many_episodes_are_resampled_in_blocks(monkeypatch):
    values = np.random.default_rng(4).normal(size=50)
    whole = bootstrap(values, resamples=500)
    monkeypatch.setattr("vlmrl.metrics.intervals.BLOCK", 120)  # two resamples at a time
    assert bootstrap(values, resamples=500) == whole


def test_a_single_episode_has_a_mean_and_no_interval():
    interval = bootstrap([3.0])
    assert interval.mean == 3.0
    assert np.isnan([interval.low, interval.high]).all()


def test_agents_are_drawn_before_episodes_so_that_their_spread_counts():
    rng = np.random.default_rng(7)
    runs = np.repeat(np.arange(5), 20)
    values = runs + rng.normal(scale=0.1, size=100)  # the seed of training decides, the episode hardly matters
    flat, clustered = bootstrap(values, resamples=1000), bootstrap(values, resamples=1000, runs=runs.tolist())
    assert clustered.mean == flat.mean
    assert clustered.high - clustered.low > 3 * (flat.high - flat.low)


def test_a_rate_is_bootstrapped_where_outcomes_differ():
    outcomes = [True] * 30 + [False] * 20
    assert rate(outcomes) == bootstrap([float(one) for one in outcomes])


@pytest.mark.parametrize("count", [1, 8, 50])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_a_rate_of_all_or_nothing_has_the_exact_interval(count, level):
    exact = stats.binomtest(count, count).proportion_ci(level, method="exact")
    assert rate([True] * count, level).low == pytest.approx(exact.low)
    assert rate([True] * count, level).high == 1.0
    assert rate([False] * count, level).high == pytest.approx(1 - exact.low)


@pytest.mark.parametrize("values", [[], [[1.0, 2.0]], [1.0, np.nan], [np.inf]])
def test_values_that_are_no_row_of_numbers_are_refused(values):
    with pytest.raises(ShapeError, match="values"):
        bootstrap(values)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, -0.5])
def test_a_level_outside_its_range_is_named(level):
    with pytest.raises(ConfigError, match=rf"level={level}.*between 0 and 1"):
        bootstrap([1.0, 2.0], level=level)
    with pytest.raises(ConfigError, match="level="):
        rate([True, True], level=level)


def test_other_bad_arguments_are_named():
    with pytest.raises(ConfigError, match="resamples=0"):
        bootstrap([1.0, 2.0], resamples=0)
    with pytest.raises(ShapeError, match="runs"):
        bootstrap([1.0, 2.0], runs=["a"])
    with pytest.raises(ShapeError, match="true or false"):
        rate([0.5, 1.0])


def test_a_difference_of_rates_is_newcombes():
    """The paper's own example: 56 of 70 beside 48 of 80, method 10, from the Wilson interval of each."""
    found = difference(Interval(0.8, 0.6918, 0.8769), Interval(0.6, 0.4904, 0.7004))
    assert (found.mean, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=2e-4)


def test_two_certain_rates_differ_by_nothing_and_that_is_not_certain():
    sure = rate(np.ones(150))
    found = difference(sure, sure)
    assert found.mean == 0
    assert -0.05 < found.low < 0 < found.high < 0.05


def episodes(count, seed=0):
    """Episodes of different lengths, each with a level of its own: two columns."""
    rng = np.random.default_rng(seed)
    levels = rng.normal(size=count)
    steps = [rng.normal(size=length) for length in rng.integers(3, 30, size=count)]
    return (
        [level + 0.1 * step for level, step in zip(levels, steps, strict=True)],
        [level + rng.normal(size=len(step)) for level, step in zip(levels, steps, strict=True)],
    )


def test_a_statistic_of_pooled_steps_has_the_bounds_of_a_slow_loop():
    a, b = episodes(12)
    rng, found = np.random.default_rng(8), []
    for _ in range(3000):
        one, other = [], []
        for _ in range(12):
            drawn = int(rng.random() * 12)
            one.extend(a[drawn])
            other.extend(b[drawn])
        found.append(stats.pearsonr(one, other).statistic)
    low, high = np.quantile(found, [0.05, 0.95])
    interval = cluster_bootstrap(lambda x, y: np.corrcoef(x, y)[0, 1], a, b, level=0.9, resamples=3000)
    assert interval.mean == pytest.approx(np.corrcoef(np.concatenate(a), np.concatenate(b))[0, 1])
    assert interval.low == pytest.approx(low, abs=0.05 * (high - low))
    assert interval.high == pytest.approx(high, abs=0.05 * (high - low))


def test_steps_of_one_episode_are_not_taken_for_many_findings():
    a, _ = episodes(10)
    whole = cluster_bootstrap(np.mean, a, resamples=500)
    loose = bootstrap(np.concatenate(a), resamples=500)
    assert whole.mean == pytest.approx(loose.mean)
    assert whole.high - whole.low > 2 * (loose.high - loose.low)


def test_columns_stay_side_by_side_and_keep_their_type():
    a, _ = episodes(6)
    labels = [episode > 0 for episode in a]
    interval = cluster_bootstrap(auroc, a, labels, resamples=200)
    assert (interval.mean, interval.low, interval.high) == (1.0, 1.0, 1.0)
    assert cluster_bootstrap(lambda x: float(x.dtype == bool), labels, resamples=2).mean == 1.0


def test_the_same_seed_draws_the_same_episodes():
    a, b = episodes(8)
    first, again, other = (cluster_bootstrap(spearman, a, b, resamples=100, seed=seed) for seed in (5, 5, 6))
    assert first == again != other


def test_resamples_without_an_answer_are_left_out():
    """One success among three episodes: most, but not all, resamples draw both classes."""
    scores = [np.array([0.9]), np.array([0.1]), np.array([0.2])]
    labels = [np.array([True]), np.array([False]), np.array([False])]
    assert cluster_bootstrap(auroc, scores, labels, resamples=400) == Interval(1.0, 1.0, 1.0)


def test_bounds_are_nan_where_most_resamples_have_no_answer():
    alike = [np.zeros(3)] * 4 + [np.arange(3.0)]
    interval = cluster_bootstrap(lambda x: float("nan") if np.ptp(x) else 1.0, alike, resamples=400)
    assert np.isnan(interval.mean)
    assert np.isnan([interval.low, interval.high]).all()


def test_bounds_may_be_infinite():
    interval = cluster_bootstrap(lambda x: np.inf if x.sum() > 1 else 0.0, [np.ones(1), np.zeros(1)] * 4, resamples=400)
    assert interval.high == np.inf


def test_a_single_episode_has_a_statistic_and_no_interval():
    interval = cluster_bootstrap(np.mean, [np.arange(5.0)])
    assert interval.mean == 2.0
    assert np.isnan([interval.low, interval.high]).all()


def test_episodes_that_do_not_fit_are_refused():
    one = np.ones(3)
    with pytest.raises(ShapeError, match=r"columns \[\]"):
        cluster_bootstrap(np.mean)
    with pytest.raises(ShapeError, match=r"columns \[0\].*at least 1"):
        cluster_bootstrap(np.mean, [])
    with pytest.raises(ShapeError, match=r"columns \[2, 1\].*equally many"):
        cluster_bootstrap(spearman, [one, one], [one])
    with pytest.raises(ShapeError, match="single number"):
        cluster_bootstrap(np.mean, list(np.array([1.0, 2.0])))
    with pytest.raises(ConfigError, match="level=95"):
        cluster_bootstrap(np.mean, [one], level=95)
    with pytest.raises(ConfigError, match="resamples=0"):
        cluster_bootstrap(np.mean, [one], resamples=0)
