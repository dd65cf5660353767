"""Over-rewarded moments, against the definition as slowly as it reads."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrl.errors import ConfigError, ShapeError
from vlmrl.metrics.over_rewarded import over_rewarded, peaks, standing

coarse = st.integers(-4, 4).map(float)
pairs = st.lists(st.tuples(coarse, coarse), max_size=25)
several = st.lists(st.lists(coarse, max_size=12), max_size=4)


def stands(values, value):
    """The share of the others that lie below, those that tie counting half."""
    others = len(values) - 1
    below, beside = sum(v < value for v in values), sum(v == value for v in values) - 1
    return (below + beside / 2) / others if others else 0.5


@given(pairs)
def test_it_is_the_share_of_states_that_are_better_and_paid_less_minus_the_opposite(rows):
    slow = []
    for score, truth in rows:
        better = sum(t > truth and s < score for s, t in rows)
        worse = sum(t < truth and s > score for s, t in rows)
        slow.append((better - worse) / max(1, len(rows) - 1))
    scores, oracle = [a for a, _ in rows], [b for _, b in rows]
    found = over_rewarded(scores, oracle)
    np.testing.assert_allclose(found, np.array(slow).reshape(-1), atol=1e-12)
    assert (np.abs(found) <= 1).all()


@given(st.permutations(range(12)), st.permutations(range(12)))
def test_without_ties_it_is_how_much_higher_a_state_stands_by_score(scores, oracle):
    np.testing.assert_allclose(over_rewarded(scores, oracle), standing(scores) - standing(oracle), atol=1e-12)


@given(st.lists(coarse, max_size=25))
def test_standing_is_the_share_of_the_others_below_ties_counting_half(values):
    np.testing.assert_allclose(standing(values), [stands(values, one) for one in values], atol=1e-12)


def test_noise_among_states_that_are_equally_good_accuses_nobody():
    noise = np.random.default_rng(0).uniform(0.9, 1.1, 50)
    np.testing.assert_array_equal(over_rewarded(np.append(noise, 0.0), np.append(np.ones(50), 0.5)), 0)


def test_a_part_at_a_time_gives_the_same(monkeypatch):
    rng = np.random.default_rng(1)
    scores, oracle = rng.normal(size=(2, 100)).round(1)
    whole = over_rewarded(scores, oracle)
    monkeypatch.setattr("vlmrl.metrics.over_rewarded.PAIRS", 700)
    np.testing.assert_array_equal(over_rewarded(scores, oracle), whole)


@given(pairs)
def test_units_do_not_matter_and_swapping_the_two_turns_the_sign(rows):
    scores, oracle = np.array([a for a, _ in rows]), np.array([b for _, b in rows])
    found = over_rewarded(scores, oracle)
    np.testing.assert_array_equal(over_rewarded(3 * scores - 7, np.exp(oracle)), found)
    np.testing.assert_array_equal(over_rewarded(oracle, scores), -found)


def test_the_best_paid_of_the_worst_states_is_1_and_agreement_is_0():
    np.testing.assert_allclose(over_rewarded([9, 1, 2], [0.0, 0.5, 1.0]), [1, -0.5, -0.5])
    np.testing.assert_array_equal(over_rewarded([1, 2, 3], [0.1, 0.2, 0.9]), 0)
    np.testing.assert_array_equal(standing([5.0, 5.0, 5.0]), 0.5)
    np.testing.assert_array_equal(standing([5.0]), 0.5)
    assert over_rewarded([], []).shape == (0,)


def slow_peaks(episodes, count, apart, above):
    """Every moment from the highest on, kept if nothing kept before is near."""
    moments = [(-value, e, t) for e, values in enumerate(episodes) for t, value in enumerate(values) if value > above]
    kept: list[tuple[int, int]] = []
    for _, episode, step in sorted(moments):
        if len(kept) < count and all(e != episode or abs(t - step) >= apart for e, t in kept):
            kept.append((episode, step))
    return tuple(kept)


@given(several, st.integers(0, 6), st.integers(1, 5), coarse)
def test_peaks_are_those_of_the_greedy_search(episodes, count, apart, above):
    assert peaks(episodes, count, apart, above) == slow_peaks(episodes, count, apart, above)


def test_a_hill_gives_its_top_alone_and_the_next_hill_its_own():
    hills = np.array([0, 2, 3, 2, 0, 0, 1, 2, 1, 0], dtype=float)
    assert peaks([hills], 5, apart=4, above=0) == ((0, 2), (0, 7))
    assert peaks([hills, hills + 1], 2, apart=4) == ((1, 2), (0, 2))


def test_what_makes_no_sense_is_named():
    with pytest.raises(ShapeError, match="same length"):
        over_rewarded([1.0], [1.0, 2.0])
    with pytest.raises(ShapeError, match="nan"):
        over_rewarded([np.nan], [1.0])
    with pytest.raises(ConfigError, match="apart=0"):
        peaks([[1.0]], 1, apart=0)
    with pytest.raises(ShapeError, match="nan"):
        peaks([[np.nan]], 1)
