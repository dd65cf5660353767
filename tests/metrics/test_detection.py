import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrl.errors import ConfigError, ShapeError
from vlmrl.metrics.detection import average_precision, false_positives

scored = st.lists(st.tuples(st.integers(-3, 3).map(float), st.booleans()), min_size=2, max_size=30).filter(
    lambda pairs: len({positive for _, positive in pairs}) == 2
)


def counts(pairs, threshold):
    """Positives and all at or above a threshold."""
    taken = [positive for score, positive in pairs if score >= threshold]
    return sum(taken), len(taken)


@given(scored)
def test_average_precision_is_its_definition(pairs):
    total = sum(positive for _, positive in pairs)
    expected, before = 0.0, 0.0
    for threshold in sorted({score for score, _ in pairs}, reverse=True):
        found, taken = counts(pairs, threshold)
        expected += (found / total - before) * found / taken
        before = found / total
    assert average_precision(*zip(*pairs, strict=True)) == pytest.approx(expected, abs=1e-12)


@given(scored.filter(lambda pairs: len({score for score, _ in pairs}) == len(pairs)))
def test_without_ties_it_is_the_mean_precision_at_each_positive(pairs):
    at_each = [np.divide(*counts(pairs, score)) for score, positive in pairs if positive]
    assert average_precision(*zip(*pairs, strict=True)) == pytest.approx(np.mean(at_each), abs=1e-12)


@given(scored, st.randoms())
def test_the_order_of_rows_does_not_count(pairs, random):
    mixed = random.sample(pairs, len(pairs))
    for measure in (average_precision, false_positives):
        assert measure(*zip(*mixed, strict=True)) == measure(*zip(*pairs, strict=True))


@given(scored, st.floats(0.01, 1.0))
def test_false_positives_are_those_at_the_highest_threshold_that_keeps_the_recall(pairs, recall):
    total = sum(positive for _, positive in pairs)
    keeping = [score for score, _ in pairs if counts(pairs, score)[0] / total >= recall]
    found, taken = counts(pairs, max(keeping))
    expected = (taken - found) / (len(pairs) - total)
    scores, positive = zip(*pairs, strict=True)
    assert false_positives(scores, positive, recall) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("recall", [0.07, 0.3, 0.55, 0.95])
def test_recall_is_reached_where_it_is_a_round_number_of_positives(recall):
    """0.07 of 100 positives are 7, though the product rounds to 7.000000000000001."""
    positives = np.arange(100, 0, -1)
    for count in (10, 20, 100):
        needed = round(recall * count)
        if needed != pytest.approx(recall * count):
            continue
        threshold = positives[needed - 1]
        scores = np.concatenate([positives[:count], [threshold, threshold - 0.5]])
        assert false_positives(scores, np.arange(count + 2) < count, recall) == 0.5


def test_perfect_scores_raise_no_false_alarm():
    scores, positive = [0.1, 0.2, 0.8, 0.9], [False, False, True, True]
    assert average_precision(scores, positive) == 1.0
    assert false_positives(scores, positive) == 0.0


def test_constant_scores_have_the_precision_of_guessing():
    assert average_precision([0.5] * 5, [True, False, False, False, False]) == pytest.approx(0.2)
    assert false_positives([0.5] * 5, [True, False, False, False, False]) == 1.0


def test_infinite_scores_that_tie_are_one_threshold():
    scores, positive = [np.inf, np.inf, -np.inf, -np.inf], [True, False, True, False]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert average_precision(scores, positive) == 0.5


def test_a_missing_class_is_nan_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for measure in (average_precision, false_positives):
            assert np.isnan(measure([1.0, 2.0], [True, True]))
            assert np.isnan(measure([1.0, 2.0], [False, False]))
            assert np.isnan(measure([], []))


@pytest.mark.parametrize("measure", [average_precision, false_positives])
def test_rows_that_do_not_fit_are_refused(measure):
    with pytest.raises(ShapeError, match="same length"):
        measure([1.0, 2.0], [True])
    with pytest.raises(ShapeError, match="nan"):
        measure([1.0, np.nan], [True, False])
    with pytest.raises(ShapeError, match="true or false"):
        measure([1.0, 2.0], [0.5, 1.0])


@pytest.mark.parametrize("recall", [0.0, -0.1, 95.0, float("nan")])
def test_a_recall_out_of_range_is_named(recall):
    with pytest.raises(ConfigError, match=rf"recall={recall}.*0\.95"):
        false_positives([1.0, 2.0], [True, False], recall)
