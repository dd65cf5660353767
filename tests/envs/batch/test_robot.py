"""Arithmetic of many rows that must end in the very bits of one row's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vlmrl.envs.batch.robot import evenly, length, sum_of_squares

ROWS = arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 9)), elements=st.floats(-1e3, 1e3))


@given(rows=ROWS)
def test_a_length_is_that_of_the_row_alone(rows: np.ndarray) -> None:
    np.testing.assert_array_equal(length(rows), [np.linalg.norm(row) for row in rows])
    strided = np.concatenate((rows, rows), axis=1)[:, : rows.shape[1]]
    np.testing.assert_array_equal(length(strided), length(rows))


@given(rows=ROWS)
def test_a_sum_of_squares_is_that_of_the_row_alone(rows: np.ndarray) -> None:
    np.testing.assert_array_equal(sum_of_squares(rows), [np.square(row).sum() for row in rows])


@given(st.floats(1e-3, 10), st.integers(1, 40), st.integers(0, 2**32))
def test_even_noise_is_what_each_generator_gives_alone(scale: float, count: int, seed: int) -> None:
    alone = [np.random.default_rng(seed + i).uniform(-scale, scale, count) for i in range(3)]
    assert np.array_equal(evenly([np.random.default_rng(seed + i) for i in range(3)], scale, count), alone)


def test_even_noise_is_right_too_where_the_compiler_fuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vlmrl.envs.batch.robot._uniform_rounds_twice", lambda: False)
    drawn = evenly([np.random.default_rng(1)], 0.01, 4)
    assert np.array_equal(drawn[0], np.random.default_rng(1).uniform(-0.01, 0.01, 4))
