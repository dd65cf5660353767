from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrl.errors import ConfigError, ShapeError
from vlmrl.metrics.best_of import best_of

judged = st.lists(st.tuples(st.integers(-2, 2).map(float), st.integers(-9, 9).map(float)), min_size=1, max_size=8)


@given(judged)
def test_every_subset_is_counted(pairs):
    proxy, truth = np.array(pairs).T
    expected = []
    for size in range(1, len(pairs) + 1):
        found = []
        for drawn in map(list, combinations(range(len(pairs)), size)):
            best = proxy[drawn] == proxy[drawn].max()
            found.append(truth[drawn][best].mean())
        expected.append(np.mean(found))
    np.testing.assert_allclose(best_of(proxy, truth, range(1, len(pairs) + 1)), expected, atol=1e-12)


@given(judged)
def test_the_truth_picks_ever_better_episodes(pairs):
    _, truth = np.array(pairs).T
    curve = best_of(truth, truth, range(1, len(pairs) + 1))
    assert (np.diff(curve) >= -1e-12).all()
    assert curve[-1] == pytest.approx(truth.max())


def test_one_is_the_mean_and_all_is_the_favourite():
    truth = [3.0, 1.0, 2.0, 6.0]
    np.testing.assert_allclose(best_of([0.1, 0.9, 0.2, 0.3], truth, [4, 1]), [1.0, 3.0])


def test_a_constant_proxy_picks_by_chance():
    np.testing.assert_allclose(best_of([0.5] * 5, [0.0, 1.0, 2.0, 3.0, 4.0], [1, 2, 5]), 2.0)


def test_a_proxy_that_is_wrong_at_the_top_is_found_out_by_picking_hard():
    """Goodhart's curve: it rises with the reward's help, and falls to its one great mistake."""
    truth = np.arange(100.0)
    truth[-1] = -100.0
    curve = best_of(np.arange(100.0), truth, [1, 4, 100])
    assert curve[0] < curve[1] > curve[2]
    assert curve[2] == -100.0


def test_many_episodes_neither_overflow_nor_lose_digits():
    """The expected maximum of n of 1 to N is n (N + 1) / (n + 1)."""
    count = 20_000
    worth = np.arange(1.0, count + 1)
    sizes = [1, 2, 64, 5_000, count]
    np.testing.assert_allclose(
        best_of(worth, worth, sizes), [size * (count + 1) / (size + 1) for size in sizes], rtol=1e-10
    )


def test_infinite_marks_have_a_place():
    np.testing.assert_allclose(best_of([-np.inf, 0.0, np.inf], [1.0, 2.0, 3.0], [3]), [3.0])


def test_no_size_is_no_number():
    assert best_of([1.0], [1.0], []).shape == (0,)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ShapeError, match="same length"):
        best_of([1.0, 2.0], [1.0], [1])
    with pytest.raises(ShapeError, match=r"truth.*finite"):
        best_of([1.0], [np.inf], [1])
    with pytest.raises(ShapeError, match="at least one episode"):
        best_of([], [], [])
    for size in (0, 3):
        with pytest.raises(ConfigError, match=rf"sizes={size}.*2 episodes"):
            best_of([1.0, 2.0], [1.0, 2.0], [size])
