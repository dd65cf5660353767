"""Arithmetic of many rows that must end in the very bits of one row's."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vlmrl.envs.batch.robot import length, sum_of_squares

ROWS = arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 9)), elements=st.floats(-1e3, 1e3))


@given(rows=ROWS)
def test_a_length_is_that_of_the_row_alone(rows: np.ndarray) -> None:
    np.testing.assert_array_equal(length(rows), [np.linalg.norm(row) for row in rows])
    strided = np.concatenate((rows, rows), axis=1)[:, : rows.shape[1]]
    np.testing.assert_array_equal(length(strided), length(rows))


@given(rows=ROWS)
def test_a_sum_of_squares_is_that_of_the_row_alone(rows: np.ndarray) -> None:
    np.testing.assert_array_equal(sum_of_squares(rows), [np.square(row).sum() for row in rows])
