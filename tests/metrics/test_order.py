import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vlmrl.errors import ConfigError, ShapeError
from vlmrl.metrics.order import cycle_order, direction, recovered, value_order

coarse = st.integers(-4, 4).map(float)
rows = st.lists(coarse, min_size=3, max_size=30)
timed = st.lists(st.tuples(coarse, st.integers(1, 5).map(lambda width: width / 4)), min_size=2, max_size=20)


@given(rows)
def test_value_order_is_spearmans_with_time_and_nothing_for_a_constant(values):
    varied = len(set(values)) > 1
    expected = stats.spearmanr(values, range(len(values))).statistic if varied else 0.0
    assert value_order(values) == pytest.approx(expected, abs=1e-12)


@given(rows)
def test_a_clip_played_backwards_has_the_opposite_order(values):
    assert value_order(values[::-1]) == pytest.approx(-value_order(values), abs=1e-12)


def test_two_values_are_too_few_for_an_order():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan([value_order([]), value_order([1.0]), value_order([1.0, 2.0])]).all()
        assert np.isnan([cycle_order([1.0, 2.0, 1.0], 1), cycle_order([1.0, 2.0, 3.0, 2.0], 2)]).all()


def test_a_value_that_goes_up_and_comes_back_has_the_order_of_a_cycle():
    assert cycle_order([0.0, 1.0, 2.0, 1.0, 0.0], 2) == 1.0
    assert cycle_order([2.0, 1.0, 0.0, 1.0, 2.0], 2) == -1.0


@given(rows)
def test_a_value_that_ignores_the_way_back_gains_nothing_from_it(values):
    """A frame counter rises in both halves; a constant follows neither."""
    there, back = list(range(len(values))), list(range(len(values), 2 * len(values)))
    assert cycle_order(there + back, len(values)) == 0.0
    assert cycle_order([0.3] * 9, 4) == 0.0


@given(rows)
def test_a_clip_and_its_mirror_have_the_order_of_the_clip(values):
    assert cycle_order(values + values[-2::-1], len(values) - 1) == pytest.approx(value_order(values), abs=1e-12)


@given(timed)
def test_direction_is_the_sum_over_pairs(pairs):
    values, weights = zip(*pairs, strict=True)
    signed = absolute = 0.0
    for i in range(len(pairs)):
        for j in range(i + 1, len(pairs)):
            signed += weights[i] * weights[j] * (values[j] - values[i])
            absolute += weights[i] * weights[j] * abs(values[j] - values[i])
    assert direction(values, weights) == pytest.approx(signed / absolute if absolute else 0.0, abs=1e-12)


@given(timed, st.floats(0.01, 100.0), st.floats(-1e6, 1e6))
def test_direction_ignores_scale_level_and_unit_of_time(pairs, scale, level):
    values, weights = np.array(pairs).T
    assert direction(scale * values + level, scale * weights) == pytest.approx(direction(values, weights), abs=1e-6)


def test_direction_counts_values_by_the_time_they_stand_for():
    """A value held for longer is the same as the value twice; what lasts decides between a rise and a fall."""
    values = [0.0, 1.0, 0.5]
    assert direction(values) == pytest.approx(direction(values, [2.0, 2.0, 2.0]))
    assert direction([0.0, 1.0, 1.0, 0.5]) == pytest.approx(direction(values, [1.0, 2.0, 1.0]))
    assert direction(values, [1.0, 9.0, 9.0]) < 0 < direction(values, [9.0, 1.0, 1.0])


def test_direction_of_rise_fall_and_nothing():
    assert direction([0.0, 0.0, 2.0, 3.0]) == 1.0
    assert direction([3.0, 2.0, 2.0, 0.0]) == -1.0
    assert direction([0.1] * 7) == 0.0
    assert direction([1.0, 0.0, 1.0]) == 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan([direction([]), direction([1.0])]).all()


FELL_AND_ROSE = [0.6, 0.4, 0.1, 0.0, 0.3, 0.5, 0.8, 0.9]
HALVES = [(0, 4), (4, 8)]


def test_an_episode_recovers_where_every_stage_heads_its_way():
    assert recovered(FELL_AND_ROSE, HALVES, [False, True])
    assert not recovered(FELL_AND_ROSE, HALVES, [True, True])
    assert not recovered(FELL_AND_ROSE, HALVES, [False, False])
    assert not recovered(FELL_AND_ROSE[::-1], HALVES, [False, False])


def test_a_flat_stage_neither_rises_nor_falls_but_does_not_rise():
    flat = [0.5] * 8
    assert [recovered(flat, [(0, 8)], [wanted]) for wanted in (True, False, None)] == [False, False, True]
    assert recovered(FELL_AND_ROSE, [(0, 4)], [None])
    assert not recovered(FELL_AND_ROSE, [(4, 8)], [None])


def test_a_stage_of_one_value_is_never_right():
    assert not any(recovered([1.0, 2.0], [(0, 1)], [wanted]) for wanted in (True, False, None))


def test_stages_are_weighed_by_time():
    values = [0.0, 1.0, 0.5]
    assert recovered(values, [(0, 3)], [True], weights=[9.0, 1.0, 1.0])
    assert recovered(values, [(0, 3)], [False], weights=[1.0, 9.0, 9.0])


def test_what_does_not_fit_is_refused():
    with pytest.raises(ConfigError, match=r"turn=5.*5 values"):
        cycle_order([0.0, 1.0, 2.0, 1.0, 0.0], 5)
    with pytest.raises(ConfigError, match=r"turn=-1"):
        cycle_order([0.0, 1.0, 2.0], -1)
    with pytest.raises(ShapeError, match="nan"):
        value_order([0.0, np.nan, 1.0])
    with pytest.raises(ShapeError, match="infinity"):
        direction([0.0, np.inf])
    with pytest.raises(ShapeError, match=r"weights.*above 0"):
        direction([0.0, 1.0], [1.0, 0.0])
    with pytest.raises(ShapeError, match="same length"):
        direction([0.0, 1.0], [1.0])
    with pytest.raises(ShapeError, match="same length"):
        recovered([0.0, 1.0], [(0, 2)], [True, False])
    with pytest.raises(ConfigError, match="stages: are none"):
        recovered([0.0, 1.0], [], [])
    for stage in ((0, 3), (1, 1), (-1, 2)):
        with pytest.raises(ConfigError, match="within the 2 values"):
            recovered([0.0, 1.0], [stage], [True])
