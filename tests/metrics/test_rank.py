import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vlmrl.errors import ShapeError
from vlmrl.metrics.rank import auroc, ranks, spearman

coarse = st.integers(-4, 4).map(float)  # few values, so that ties are common


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
        assert np.isnan(spearman([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]))
        assert np.isnan(spearman([1.0], [2.0]))
        assert np.isnan(spearman([], []))
        assert np.isnan(auroc([1.0, 2.0], [True, True]))
        assert np.isnan(auroc([1.0, 2.0], [False, False]))
        assert np.isnan(auroc([], []))


def test_constants_that_do_not_add_up_exactly_still_have_no_order():
    assert np.isnan(spearman([0.1] * 7, range(7)))


def test_constant_scores_tell_nothing_apart():
    assert auroc([0.3] * 5, [True, False, True, False, False]) == 0.5


def test_infinities_are_ordered():
    assert spearman([-np.inf, 0.0, np.inf], [1.0, 2.0, 3.0]) == 1.0


@pytest.mark.parametrize("measure", [spearman, auroc])
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
