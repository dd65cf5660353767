"""Numbers on their way to the network and back: quantiles, and bins."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vlmrl.agents.vla.bins import middles, tokens
from vlmrl.agents.vla.quantiles import Quantiles
from vlmrl.errors import ConfigError


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=20), st.integers(2, 300))
def test_a_number_comes_back_within_half_a_bin(values, bins):
    there = torch.tensor(values, dtype=torch.float32)
    found = tokens(there, bins)
    assert found.min() >= 0
    assert found.max() < bins
    assert (middles(found, bins) - there).abs().max() <= 1 / bins + 1e-6


def test_an_odd_number_of_bins_has_one_for_nothing():
    assert middles(tokens(torch.zeros(1), 33), 33).item() == pytest.approx(0.0, abs=1e-7)


def test_numbers_beyond_the_quantiles_fall_into_the_last_bins():
    assert tokens(torch.tensor([-7.0, 7.0]), 5).tolist() == [0, 4]


@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_quantiles_bring_their_own_range_to_one_and_back(seed, width):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(400, width)) * rng.uniform(0.1, 10, width) + rng.normal(size=width)
    found = Quantiles.of(rows)
    unit = found.to_unit(rows)
    assert np.abs(np.quantile(unit, 0.01, axis=0) + 1).max() < 1e-3
    assert np.abs(np.quantile(unit, 0.99, axis=0) - 1).max() < 1e-3
    np.testing.assert_allclose(found.from_unit(unit), rows, rtol=1e-4, atol=1e-3)


def test_a_number_that_never_varies_is_nothing_and_comes_back():
    found = Quantiles.of(np.full((10, 1), -1.0))
    assert found.to_unit(np.array([[-1.0]])).item() == 0.0
    assert found.from_unit(np.array([[0.0]])).item() == -1.0


def test_quantiles_survive_json():
    found = Quantiles.of(np.random.default_rng(0).normal(size=(50, 3)))
    again = Quantiles.read(found.to_json())
    assert np.array_equal(found.low, again.low)
    assert np.array_equal(found.high, again.high)


def test_quantiles_of_what_is_no_number_are_refused():
    with pytest.raises(ConfigError, match="finite"):
        Quantiles.of(np.array([[np.nan]]))
