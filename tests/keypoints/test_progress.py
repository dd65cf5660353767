"""Progress along ways: against the words of the method, read as slowly as they are written."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrl.keypoints.progress import LEAST, along

NEAR = 0.02


def slowly(way, at, point, upto, near):
    """One point on one way, step by step."""
    lengths = [float(np.linalg.norm(b - a)) for a, b in itertools.pairwise(way)]
    here = min(at, upto)
    if np.linalg.norm(point - way[here + 1]) <= near:
        here = min(here + 1, upto)
    best: tuple[float, int, float] = (np.inf, 0, 0.0)
    for segment in dict.fromkeys([here, min(here + 1, upto)]):
        a, b = way[segment], way[segment + 1]
        part = 0.0 if lengths[segment] == 0 else float(np.dot(point - a, b - a)) / lengths[segment] ** 2
        part = min(max(part, 0.0), 1.0)
        off = float(np.linalg.norm(point - (a + part * (b - a))))
        if off < best[0]:
            best = off, segment, sum(lengths[:segment]) + part * lengths[segment]
    off, segment, arc = best
    whole = sum(lengths)
    scale = max(whole, LEAST)
    return segment, 1 - (whole - arc) / scale, off / scale, whole - arc


coordinate = st.floats(-1, 1).map(lambda x: round(x, 3))
place = st.tuples(coordinate, coordinate, coordinate)


@given(data=st.data(), segments=st.integers(1, 4), count=st.integers(1, 5))
def test_many_at_once_are_what_one_is(data, segments, count):
    ways = np.array(
        data.draw(
            st.lists(st.lists(place, min_size=segments + 1, max_size=segments + 1), min_size=count, max_size=count)
        )
    )
    points = np.array(data.draw(st.lists(place, min_size=count, max_size=count)))
    at = np.array(data.draw(st.lists(st.integers(0, segments - 1), min_size=count, max_size=count)))
    upto = np.array(data.draw(st.lists(st.integers(0, segments - 1), min_size=count, max_size=count)))
    found = along(ways, at, points, upto, NEAR)
    for row in range(count):
        segment, share, off, left = slowly(ways[row], at[row], points[row], upto[row], NEAR)
        # Equally near segments may be told apart by rounding alone.
        if found.at[row] == segment:
            np.testing.assert_allclose(
                [found.share[row], found.off[row], found.left[row]], [share, off, left], atol=1e-9
            )
        else:
            np.testing.assert_allclose(found.off[row], off, atol=1e-7)


@given(data=st.data(), segments=st.integers(1, 4))
def test_the_order_is_kept_whatever_the_points_do(data, segments):
    way = np.array(data.draw(st.lists(place, min_size=segments + 1, max_size=segments + 1)))[None]
    at = np.zeros(1, np.int64)
    for point in data.draw(st.lists(place, min_size=1, max_size=12)):
        found = along(way, at, np.array([point]), None, NEAR)
        assert at[0] <= found.at[0] <= min(at[0] + 2, segments - 1)
        assert found.share[0] <= 1 + 1e-9
        assert found.off[0] >= 0
        at = found.at


SQUARE = np.array([[[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 0.0]]])
"""A way that ends where it began."""


def test_a_way_that_ends_where_it_began_is_not_done_at_the_beginning():
    found = along(SQUARE, np.zeros(1, np.int64), np.zeros((1, 3)))
    assert (found.at[0], found.share[0], found.left[0]) == (0, 0.0, 4.0)
    at = np.zeros(1, np.int64)
    shares = []
    for time in np.linspace(0, 4, 81):
        corner, part = min(int(time), 3), time - min(int(time), 3)
        point = SQUARE[:, corner] + part * (SQUARE[:, corner + 1] - SQUARE[:, corner])
        found = along(SQUARE, at, point, None, NEAR)
        at = found.at
        shares.append(found.share[0])
    assert np.all(np.diff(shares) >= -1e-12)
    assert shares[-1] == pytest.approx(1)


def test_the_way_back_is_off_the_way():
    at = np.array([2])
    found = along(SQUARE, at, np.array([[0.5, 0.0, 0.0]]))  # on the first side again
    assert found.at[0] >= 2
    assert found.off[0] > 0.1


def test_nobody_goes_past_a_waypoint_that_is_shut():
    found = along(SQUARE, np.zeros(1, np.int64), np.array([[1.0, 1.0, 0.0]]), np.zeros(1, np.int64), NEAR)
    assert (found.at[0], found.share[0], found.off[0]) == (0, 0.25, 0.25)


def test_a_short_way_is_measured_by_the_least_length():
    way = np.array([[[0, 0, 0], [0.01, 0, 0.0]]])
    near, astray = (along(way, np.zeros(1, np.int64), np.array([[x, 0.0, 0.0]])) for x in (0.01, 0.06))
    assert near.share[0] == pytest.approx(1)
    assert near.off[0] == 0
    assert astray.off[0] == pytest.approx(0.05 / LEAST)
