"""A conjunction is done when each condition holds, and near by their product."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrl.envs.conjunction import Condition, Conjunction
from vlmrl.envs.task import State
from vlmrl.errors import ConfigError


def states(qpos) -> State:
    qpos = np.asarray(qpos, dtype=float)
    return State(qpos, *[np.zeros((*qpos.shape[:-1], 0))] * 7)


def first(state):
    return state.qpos[..., 0]


def last(state):
    return state.qpos[..., -1]


def all_of_it(state):
    return state.qpos


HIGH = Condition("the first is above 1", first, holds=1, none=-1)
LOW = Condition("the last is below 2", last, holds=2, none=6)


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=1, max_size=5))
def test_done_is_what_a_person_would_say_and_near_is_the_product(rows):
    truth = Conjunction(HIGH, LOW)
    for one, done, near in zip(rows, truth(states(rows)), truth.nearness(states(rows)), strict=True):
        assert done == (one[0] >= 1 and one[1] <= 2)
        by_hand = min(max((one[0] + 1) / 2, 0), 1) * min(max((6 - one[1]) / 4, 0), 1)
        assert near == pytest.approx(by_hand)
        assert (near == 1) == done


def test_what_half_holds_is_not_nearly_done():
    both = states([[1.0, 6.0], [0.0, 4.0]])
    np.testing.assert_allclose(Conjunction(HIGH, LOW).nearness(both), [0.0, 0.25])


def test_of_both_sides_the_worse_counts():
    sides = Condition("both are above 1", all_of_it, holds=1, none=0, both=True)
    np.testing.assert_allclose(sides.nearness(states([[0.2, 0.9], [3, 0.5], [1, 1]])), [0.2, 0.5, 1])


def test_one_state_and_many_and_a_journey_to_a_worker():
    truth = pickle.loads(pickle.dumps(Conjunction(HIGH, LOW)))
    assert truth(states([1.0, 2.0])).shape == ()
    assert truth.nearness(states(np.zeros((3, 4, 2)))).shape == (3, 4)


def test_it_says_what_it_asks_for():
    assert Conjunction(HIGH, LOW).__doc__ == "True while the first is above 1; the last is below 2."


def test_a_condition_without_a_way_and_a_truth_without_conditions_are_refused():
    with pytest.raises(ConfigError, match="holds=1 and none=1 must differ"):
        Condition("x", first, 1, 1)
    with pytest.raises(ConfigError, match="at least one"):
        Conjunction()
