import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vlmrl.errors import ShapeError
from vlmrl.metrics.rank import auroc, kendall, pearson, ranks, spearman

coarse = st.integers(-4, 4).map(float)  # few values, so that ties are common
fine = st.integers(-1000, 1000).map(lambda number: number / 8)


@given(st.lists(coarse, min_size=0, max_size=30))
def test_ranks_are_scipys(values):
    np.testing.assert_array_equal(ranks(values), stats.rankdata(values))


@given(st.lists(st.tuples(coarse, coarse), min_size=2, max_size=30))
def test_spearman_is_scipys_ties_and_constants_included(pairs):
    a, b = np.array(pairs).T
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.ConstantInputWarning)
        expected = stats.spearmanr(a, b).statistic
    assert spearman(a, b) == pytest.approx(expected, abs=1e-12, nan_ok=True)


@given(st.lists(st.tuples(coarse, coarse), min_size=2, max_size=20))
def test_kendall_counts_pairs_as_tau_b_is_written(pairs):
    a, b = np.array(pairs).T
    first, second = (np.sign(np.subtract.outer(one, one))[np.triu_indices(len(one), 1)] for one in (a, b))
    told = np.sqrt((first != 0).sum() * (second != 0).sum())
    expected = (first * second).sum() / told if told else float("nan")
    assert kendall(a, b) == pytest.approx(expected, abs=1e-12, nan_ok=True)


@given(st.lists(st.tuples(fine, fine), min_size=2, max_size=30))
def test_pearson_is_scipys(pairs):
    a, b = np.array(pairs).T
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = stats.pearsonr(a, b).statistic
    assert pearson(a, b) == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_pearson_keeps_its_digits_where_values_are_large_and_close():
    step = np.arange(5.0)
    assert pearson(1e9 + 1e-6 * step, step) == pytest.approx(1.0, abs=1e-3)
    assert pearson(1e-200 * step, 1e200 * step) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("measure", [spearman, kendall, pearson])
@given(values=st.lists(coarse, min_size=2, max_size=20).filter(lambda values: len(set(values)) > 1))
def test_a_row_agrees_with_itself_and_is_opposite_to_its_negative(measure, values):
    assert measure(values, values) == pytest.approx(1.0, abs=1e-12)
    assert measure(values, np.negative(values)) == pytest.approx(-1.0, abs=1e-12)


@given(st.lists(st.tuples(coarse, st.booleans()), min_size=1, max_size=30))
def test_auroc_counts_pairs_ties_as_half(pairs):
    above = [score for score, positive in pairs if positive]
    below = [score for score, positive in pairs if not positive]
    won = [float(high > low) + 0.5 * float(high == low) for high in above for low in below]
    expected = float(np.mean(won)) if won else float("nan")
    scores, positive = zip(*pairs, strict=True)
    assert auroc(scores, positive) == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_what_has_no_answer_is_nan_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for correlation in (spearman, kendall, pearson):
            assert np.isnan(correlation([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]))
            assert np.isnan(correlation([1.0, 2.0, 3.0], [1.0, 1.0, 1.0]))
            assert np.isnan(correlation([1.0], [2.0]))
            assert np.isnan(correlation([], []))
        assert abs(kendall([1.0, 2.0], [3.0, 1.0])) == 1.0
        assert np.isnan(auroc([1.0, 2.0], [True, True]))
        assert np.isnan(auroc([1.0, 2.0], [False, False]))
        assert np.isnan(auroc([], []))


def test_constants_that_do_not_add_up_exactly_still_have_no_order():
    assert np.isnan(spearman([0.1] * 7, range(7)))
    assert np.isnan(pearson([0.1] * 7, range(7)))


def test_constant_scores_tell_nothing_apart():
    assert auroc([0.3] * 5, [True, False, True, False, False]) == 0.5


def test_infinities_are_ordered():
    assert spearman([-np.inf, 0.0, np.inf], [1.0, 2.0, 3.0]) == 1.0
    assert kendall([-np.inf, 0.0, np.inf], [1.0, 2.0, 3.0]) == 1.0


def test_infinities_lie_on_no_line():
    with pytest.raises(ShapeError, match=r"a: holds an infinity.*finite"):
        pearson([-np.inf, 0.0, np.inf], [1.0, 2.0, 3.0])


@pytest.mark.parametrize("measure", [spearman, kendall, pearson, auroc])
def test_rows_that_do_not_fit_are_refused(measure):
    with pytest.raises(ShapeError, match="same length"):
        measure([1.0, 2.0], [1.0])
    with pytest.raises(ShapeError, match="nan"):
        measure([1.0, np.nan], [0.0, 1.0])
    with pytest.raises(ShapeError, match=r"\(n,\)"):
        measure([[1.0, 2.0]], [0.0, 1.0])


def test_classes_are_true_or_false():
    with pytest.raises(ShapeError, match="true or false"):
        auroc([1.0, 2.0], [0.2, 1.0])
