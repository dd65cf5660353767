"""Each alarm on numbers made to raise it, and on numbers made not to."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vlmrl.errors import ShapeError
from vlmrl.metrics import alarms

scores = arrays(np.float32, st.integers(1, 60), elements=st.floats(-10, 10, width=32))
units = st.floats(0.01, 100)


def episode(best, length=100):
    """An episode that pays 1 on its last ``best`` steps, and noise before."""
    paid = np.random.default_rng(0).uniform(0, 0.005, length)
    paid[0], paid[length - best :] = 0.0, 1.0
    return paid


def test_spread_is_that_of_the_check_and_rounding_is_none():
    assert alarms.spread(np.arange(101)) == pytest.approx(90)
    assert alarms.spread([]) == 0
    assert alarms.spread([0.1]) == 0
    assert alarms.spread(np.float32([0.7] * 50 + [0.7000001] * 50)) == 0
    assert alarms.spread([0.0] * 99 + [1.0]) == 1.0  # paid so rarely that its percentiles are equal


def test_words_that_rise_while_success_falls_diverge():
    found = alarms.diverging([0.2, 0.5, 0.8], [0.25, 1.0, 0.75], 2.0, episode=1)
    assert found == alarms.Alarm("diverging", pytest.approx(0.15), alarms.RISEN, found.said, 1)
    assert "15%" in found.said
    assert "10%" in found.said
    assert "from 100% to 75%" in found.said


@pytest.mark.parametrize(
    ("words", "success", "spread"),
    [
        ([0.2, 0.8], [0.25, 1.0], 1.0),  # both rose
        ([0.8, 0.2], [1.0, 0.0], 1.0),  # both fell
        ([0.5, 0.8], [1.0, 0.875], 1.0),  # one of eight episodes
        ([0.5, 0.55], [1.0, 0.0], 1.0),  # half a tenth of the spread
        ([0.1, 0.6, 0.65], [1.0, 1.0, 0.0], 1.0),  # since the last of the best
        ([0.5, 0.8], [1.0, 0.0], 0.0),
        ([0.5], [1.0], 1.0),
        ([], [], 1.0),
    ],
)
def test_these_do_not_diverge(words, success, spread):
    assert alarms.diverging(words, success, spread) is None


def test_who_stays_where_it_pays_as_well_has_not_earned_it():
    paid = [np.full(10, 0.95), np.linspace(0, 1, 10), np.full(10, 0.9)]
    done = [np.zeros(10, bool), np.zeros(10, bool), np.arange(10) < 6]
    found = alarms.unearned(paid, done, [False, False, False], (0.0, 1.0), 1.0)
    assert found == alarms.Alarm("unearned", 1.0, alarms.LONG, found.said, 0)
    assert "100% of a failed episode" in found.said
    found = alarms.unearned([0.5 * one + 3 for one in paid[::-1]], done[::-1], [False] * 3, (3.0, 3.5), 0.5)
    assert (found.value, found.episode) == (1.0, 2)  # of any unit


@pytest.mark.parametrize(
    ("paid", "done", "succeeded", "levels", "spread"),
    [
        ([0.95] * 10, [False] * 10, True, (0, 1), 1.0),  # it succeeded later
        ([0.95] * 10, [True] * 6 + [False] * 4, False, (0, 1), 1.0),  # it was done, and then lost
        ([0.95] * 4 + [0.89] * 6, [False] * 10, False, (0, 1), 1.0),  # passed through
        ([0.95] * 10, [False] * 10, False, (0.6, 1), 1.0),  # a random agent is nearly there
        ([0.95] * 10, [False] * 10, False, (1, 0), 1.0),  # goal states score less
        ([0.95] * 10, [False] * 10, False, (0, np.nan), 1.0),
        ([0.95] * 10, [False] * 10, False, (0, 1), 0.0),
        ([], [], False, (0, 1), 1.0),
    ],
)
def test_these_have_earned_it_or_cannot_be_asked(paid, done, succeeded, levels, spread):
    assert alarms.unearned([paid], [done], [succeeded], levels, spread) is None


def test_an_episode_whose_truth_has_another_length_is_refused():
    with pytest.raises(ShapeError, match="done"):
        alarms.unearned([[1.0, 1.0]], [[False]], [False], (0, 1), 1.0)
    assert alarms.unearned([], [], [], (0, 1), 1.0) is None


def test_few_frames_that_carry_an_episode_are_found_in_the_worst_one():
    found = alarms.concentrated([episode(80), episode(4), episode(5)], 1.0)
    assert (found.name, found.bound, found.episode) == ("concentrated", alarms.CARRIED, 2)
    slow = sorted(episode(5) - episode(5).min(), reverse=True)
    assert found.value == pytest.approx(sum(slow[:5]) / sum(slow))


@pytest.mark.parametrize(
    ("rows", "spread"),
    [
        ([episode(11)], 1.0),  # five of eleven frames carry less than half
        ([np.linspace(0, 1, 100)], 1.0),
        ([episode(5)], 2.0),  # covers less than the run's spread
        ([episode(1, 19)], 1.0),  # too short to have a twentieth
        ([np.ones(100)], 1.0),
        ([episode(5)], 0.0),
        ([], 1.0),
    ],
)
def test_these_are_not_concentrated(rows, spread):
    assert alarms.concentrated(rows, spread) is None


def test_half_hidden_for_a_quarter_of_an_episode_is_out_of_view():
    hidden = np.r_[np.ones(75), np.full(25, 0.4)]
    found = alarms.out_of_view([np.ones(10), hidden], 1.0)
    assert (found.name, found.value, found.bound, found.episode) == ("out_of_view", 0.25, alarms.AWAY, 1)
    assert alarms.out_of_view([hidden[:-1], np.full(50, 0.5)], 1.0) is None
    assert alarms.out_of_view([hidden], 0.0) is None
    assert alarms.out_of_view([], 1.0) is None


def test_a_score_that_a_pixel_moves_is_jittery_whichever_the_way():
    paid = [np.linspace(0, 1, 20), np.linspace(0, 1, 20)]
    moved = {"a pixel to the right": paid, "a pixel down": [paid[0] - 0.2, paid[1] + 0.4]}
    found = alarms.jittery(paid, moved, 1.0)
    assert (found.name, found.value, found.bound) == ("jittery", pytest.approx(0.3), alarms.MOVED)
    assert found.episode == 1
    assert "a pixel down" in found.said
    assert alarms.jittery(paid, moved, 1.3) is None
    assert alarms.jittery(paid, moved, 0.0) is None
    assert alarms.jittery([], {"a pixel down": []}, 1.0) is None


def test_voices_that_order_frames_otherwise_disagree():
    one, rng = np.linspace(0, 1, 40), np.random.default_rng(0)
    pairs = {"a and b": ([one, one], [one**3, one**3]), "a and c": ([one, one], [one, rng.permutation(one)[::-1]])}
    assert alarms.disagreeing([one, one], {"a and b": pairs["a and b"]}, 1.0) is None
    pairs["a and d"] = ([one, one], [one, -one])
    found = alarms.disagreeing([one, one], pairs, 1.0)
    assert (found.name, found.bound, found.episode) == ("disagreeing", alarms.AGREED, 1)
    assert found.value == pytest.approx(0.0, abs=0.05)
    assert found.said.startswith("a and d order")


def test_a_robot_at_rest_and_a_constant_voice_disagree_with_nobody():
    one = np.linspace(0, 1, 40)
    turned = {"a and b": ([one], [-one])}
    assert alarms.disagreeing([one], turned, 1.0) is not None
    assert alarms.disagreeing([one], turned, 3.0) is None  # covers less than half of the spread
    assert alarms.disagreeing([one[:9]], {"a and b": ([one[:9]], [-one[:9]])}, 0.1) is None
    assert alarms.disagreeing([one], {"a and b": ([one], [np.ones(40)])}, 1.0) is None
    assert alarms.disagreeing([one], {}, 1.0) is None
    assert alarms.disagreeing([one], turned, 0.0) is None


def test_rows_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match="same length"):
        alarms.diverging([1.0, 2.0], [1.0], 1.0)
    with pytest.raises(ShapeError, match="same length"):
        alarms.jittery([np.ones(3)], {"a pixel down": [np.ones(4)]}, 1.0)
    with pytest.raises(ShapeError, match="nan"):
        alarms.concentrated([np.full(30, np.nan)], 1.0)


@given(scores, units, st.floats(-5, 5))
def test_no_unit_and_no_constant_changes_what_rises(paid, unit, more):
    paid = np.round(paid.astype(np.float64), 2)
    other = unit * paid + more
    wide = alarms.spread(paid)
    assert alarms.spread(other) == pytest.approx(unit * wide, rel=1e-6, abs=1e-4)
    for rows, by in ((paid, 1.0), (other, unit)):
        found = alarms.concentrated([rows], by * wide * (1 - 1e-9))
        carried = alarms._carried(rows, by * wide * (1 - 1e-9))
        assert (found is not None) == (carried > alarms.CARRIED)
        assert 0 <= carried <= 1 + 1e-9


@given(scores)
def test_a_run_without_spread_raises_nothing(paid):
    rows = [paid]
    assert alarms.diverging([0, 1], [1, 0], 0.0) is None
    assert alarms.concentrated(rows, 0.0) is None
    assert alarms.out_of_view([np.zeros(len(paid))], 0.0) is None
    assert alarms.jittery(rows, {"a pixel down": [paid + 1]}, 0.0) is None
    assert alarms.disagreeing(rows, {"a and b": (rows, [-paid])}, 0.0) is None


@given(scores)
def test_a_reward_that_pixels_do_not_move_and_that_agrees_with_itself_is_left_alone(paid):
    wide = alarms.spread(paid)
    assert alarms.jittery([paid], {"a pixel down": [paid]}, wide) is None
    assert alarms.disagreeing([paid], {"a and b": ([paid], [paid])}, wide) is None
