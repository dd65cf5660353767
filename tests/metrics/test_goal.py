import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal

from vlmrl.errors import ConfigError, ShapeError
from vlmrl.metrics.goal import (
    deepest_valley,
    false_optima,
    goal_rank,
    grounding,
    margin,
    second_hills,
)

coarse = st.integers(-4, 4).map(float)
rows = st.lists(coarse, max_size=30)
noise = st.integers(0, 4).map(lambda number: number / 2)


@given(st.lists(coarse, min_size=1, max_size=20), st.lists(coarse, max_size=5))
def test_goal_rank_counts_those_above_and_half_of_those_beside(pool, goals):
    expected = [(1 + sum(s > g for s in pool) + sum(s == g for s in pool) / 2) / (len(pool) + 1) for g in goals]
    found = goal_rank(pool, goals)
    np.testing.assert_allclose(found, np.array(expected).reshape(-1))
    assert ((found > 0) & (found <= 1)).all()


def test_the_best_goal_ranks_first_and_the_worst_last():
    pool = np.arange(99.0)
    np.testing.assert_allclose(goal_rank(pool, [100.0, -1.0, np.inf]), [0.01, 1.0, 0.01])
    assert goal_rank(pool, 100.0).shape == ()
    np.testing.assert_allclose(goal_rank([0.5] * 9, [0.5]), [0.55])


def test_ranks_that_have_no_answer_are_refused():
    with pytest.raises(ShapeError, match="at least one state"):
        goal_rank([], [1.0])
    with pytest.raises(ShapeError, match=r"goal.*nan"):
        goal_rank([1.0], [np.nan])
    with pytest.raises(ShapeError, match=r"goal \(1, 1\)"):
        goal_rank([1.0], [[1.0]])


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 10))
    scores = draw(st.lists(coarse, min_size=count, max_size=count))
    near = draw(st.lists(st.lists(st.integers(-1, count - 1), min_size=3, max_size=3), min_size=count, max_size=count))
    goal = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    return scores, near, goal


@given(graphs(), noise)
def test_false_optima_are_above_every_neighbour_and_no_goal(graph, by):
    scores, near, goal = graph
    expected = 0
    for state, score in enumerate(scores):
        others = [scores[one] for one in near[state] if one not in (-1, state)]
        expected += bool(others) and not goal[state] and all(score > other + by for other in others)
    assert false_optima(scores, near, goal, by) == expected


def test_a_hill_beside_the_goal_is_one_false_optimum():
    scores = [0.0, 0.5, 0.2, 0.6, 1.0]
    line = [[-1, 1], [0, 2], [1, 3], [2, 4], [3, -1]]
    goal = [False, False, False, False, True]
    assert false_optima(scores, line, goal) == 1
    assert false_optima(scores, line, goal, margin=0.29) == 1
    assert false_optima(scores, line, goal, margin=0.31) == 0
    assert false_optima(scores, line, [False] * 5) == 2


def test_a_state_that_also_leads_to_itself_may_be_a_top():
    assert false_optima([0.0, 1.0], [[0, 1], [0, 1]], [True, False]) == 1


def test_plateaus_and_lone_states_are_no_tops():
    assert false_optima([0.0, 1.0, 1.0], [[1, -1], [0, 2], [1, -1]], [False] * 3) == 0
    assert false_optima([0.0, 1.0], [[-1], [-1]], [False] * 2) == 0
    assert false_optima([0.0, 1.0], np.empty((2, 0), dtype=int), [False] * 2) == 0
    assert false_optima([], np.empty((0, 4), dtype=int), []) == 0


@pytest.mark.parametrize("near", [[[2], [0]], [[-2], [0]]])
def test_a_neighbour_that_is_no_state_is_named(near):
    with pytest.raises(ShapeError, match=r"neighbours: must be states from 0 to 1"):
        false_optima([0.0, 1.0], near, [False, False])


@pytest.mark.parametrize("near", [[[0.0], [1.0]], [[1]], [1, 0]])
def test_neighbours_are_rows_of_integers(near):
    with pytest.raises(ShapeError, match=r"neighbours.*integers \(2, K\)"):
        false_optima([0.0, 1.0], near, [False, False])


def most_falls(values, by):
    """The most falls that any choice of places along the path has, when all falls and all rises between are real."""
    fallen, risen = [0] * len(values), [0] * len(values)
    for now, value in enumerate(values):
        for before in range(now):
            if values[before] - value > by:
                fallen[now] = max(fallen[now], risen[before] + 1)
            if value - values[before] > by:
                risen[now] = max(risen[now], fallen[before])
    return max(fallen, default=0)


@given(rows, noise)
def test_second_hills_are_as_many_as_there_are_real_falls(values, by):
    assert second_hills(values, by) == most_falls(values, by)


@given(st.permutations(range(12)), noise)
def test_second_hills_are_scipys_peaks_where_no_two_are_equally_high(values, by):
    peaks, _ = signal.find_peaks([-1e9, *values], prominence=by + 1e-9)
    assert second_hills(values, by) == len(peaks)


def test_second_hills_of_known_paths():
    assert second_hills([0.0, 1.0, 2.0, 3.0]) == 0
    assert second_hills([0.0, 1.0, 0.5, 2.0]) == 1
    assert second_hills([0.0, 1.0, 0.5, 2.0], margin=0.5) == 0  # not by more than the margin
    assert second_hills([0.0, 1.0, 0.5, 1.0, 0.0, 2.0], margin=0.6) == 1  # a dent does not make two hills
    assert second_hills([1.0, 0.0, 2.0]) == 1  # the start is given up
    assert second_hills([0.0, 1.0, 1.0, 0.0]) == 1  # a flat top is one
    assert second_hills([0.0, 2.0, 1.0]) == 1  # the goal lies lower
    assert second_hills([]) == second_hills([1.0]) == second_hills([1.0, 1.0]) == 0


@given(rows)
def test_the_deepest_valley_is_the_largest_fall(values):
    falls = [high - low for index, high in enumerate(values) for low in values[index:]]
    found = deepest_valley(values)
    assert found == max(falls) if falls else np.isnan(found)


@given(rows, noise)
def test_a_hill_is_given_up_where_a_valley_is_deep_enough(values, by):
    assert (second_hills(values, by) > 0) == (len(values) > 0 and deepest_valley(values) > by)


def test_the_margin_is_measured_in_standard_deviations_of_normal_scores():
    rng = np.random.default_rng(0)
    goals, misses = rng.normal(5.0, 2.0, size=4000), rng.normal(-1.0, 2.0, size=9000)
    assert margin(goals, misses) == pytest.approx(3.0, rel=0.05)
    assert margin(misses, goals) == pytest.approx(-margin(goals, misses))
    wild = np.append(goals, [1e9] * 100)
    assert margin(wild, misses) == pytest.approx(3.0, rel=0.1)


@given(st.lists(coarse, min_size=1, max_size=9), st.lists(coarse, min_size=1, max_size=9))
def test_the_margin_ignores_the_unit_and_zero_of_the_score(goals, misses):
    moved = margin(8 * np.array(goals) + 3, 8 * np.array(misses) + 3)
    assert moved == pytest.approx(margin(goals, misses))


def test_noise_that_scores_lack_may_be_granted():
    assert margin([1.0, 1.0, 1.0], [0.0, 0.0, 0.0], least=0.25) == 4
    hits, misses = [0.9, 1.0, 1.2], [0.1, 0.0, -0.2]
    assert margin(hits, misses, least=1e-3) == margin(hits, misses)
    with pytest.raises(ConfigError, match="least=-1"):
        margin([1.0], [0.0], least=-1)


def test_a_margin_without_noise_is_infinite_or_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert margin([1.0, 1.0], [0.0, 0.0]) == np.inf
        assert margin([0.0], [1.0]) == -np.inf
        assert margin([1.0, 1.0], [1.0]) == 0.0
        assert np.isnan(margin([], [1.0]))
        assert np.isnan(margin([1.0], []))


@given(st.lists(st.tuples(coarse, coarse, coarse), min_size=1, max_size=20))
def test_words_are_grounded_where_the_right_ones_gain_most(trials):
    right, *wrong = np.array(trials).T
    expected = np.mean([gain > max(first, second) for gain, first, second in trials])
    assert grounding(right, np.transpose(wrong)) == pytest.approx(expected)


def test_a_reward_that_ignores_its_words_is_not_grounded():
    assert grounding([0.5, 0.7], [[0.5, 0.1], [0.7, 0.7]]) == 0.0
    assert np.isnan(grounding([], np.empty((0, 3))))


@pytest.mark.parametrize("wrong", [[0.0, 1.0], [[0.0]], np.empty((2, 0))])
def test_every_trial_needs_wrong_words(wrong):
    with pytest.raises(ShapeError, match=r"wrong.*\(2, k\)"):
        grounding([1.0, 2.0], wrong)


def test_other_bad_arguments_are_named():
    with pytest.raises(ConfigError, match=r"margin=-1"):
        second_hills([1.0], -1)
    with pytest.raises(ConfigError, match=r"margin=nan"):
        false_optima([1.0], [[-1]], [False], float("nan"))
    with pytest.raises(ShapeError, match="goal: must be true or false"):
        false_optima([1.0], [[-1]], [0.5])
    with pytest.raises(ShapeError, match="infinity"):
        deepest_valley([np.inf])
    with pytest.raises(ShapeError, match="nan"):
        grounding([1.0], [[np.nan]])
