"""Rewards in units of their spread, which is measured once."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrl.errors import ConfigError
from vlmrl.shaping import Chain, Steps
from vlmrl.shaping.delta import Delta
from vlmrl.shaping.score import Score
from vlmrl.shaping.spread import Spread


def walk(seed: int, size: float = 1.0) -> Steps:
    scores = size * np.random.default_rng(seed).normal(0.3, 1, (2, 30, 2)).astype(np.float32)
    return Steps(scores[0], scores[1], np.zeros(scores.shape[1:], dtype=bool))


@pytest.mark.parametrize("base", [Score(), Delta()])
@given(size=st.floats(1e-3, 1e3), seed=st.integers(0, 999))
def test_scores_in_another_unit_are_paid_alike(base: Any, size: float, seed: int) -> None:
    paid = []
    for given_ in (walk(seed), walk(seed, size)):
        spread = Spread.of(Chain([base])(given_))
        paid.append(Chain([base, spread])(given_))
    np.testing.assert_allclose(paid[0], paid[1], rtol=1e-3, atol=1e-5)
    assert paid[0].std() == pytest.approx(1, abs=1e-3)


@given(unit=st.floats(1e-3, 1e3), seed=st.integers(0, 999))
def test_no_reward_changes_its_sign_or_its_place(unit: float, seed: int) -> None:
    before, after = Chain([])(walk(seed)).ravel(), Chain([Spread(unit)])(walk(seed)).ravel()
    np.testing.assert_array_equal(np.sign(before), np.sign(after))
    np.testing.assert_array_equal(np.argsort(before, kind="stable"), np.argsort(after, kind="stable"))
    np.testing.assert_allclose(after * unit, before, rtol=1e-5)


@pytest.mark.parametrize("unit", [0, -1, float("nan"), None, True])
def test_a_unit_not_above_nought_is_refused(unit: Any) -> None:
    with pytest.raises(ConfigError, match=r"shaping\.spread\.unit="):
        Spread(unit)


@pytest.mark.parametrize("rewards", [[], [0.0, 0.0], [0.7, 0.7, 0.7], [np.nan, 1.0]])
def test_rewards_without_a_spread_give_none(rewards: list[float]) -> None:
    with pytest.raises(ConfigError, match="paid alike at each step; give it, or"):
        Spread.of(np.array(rewards, dtype=np.float32))


def test_needs_a_reward_to_scale() -> None:
    with pytest.raises(ConfigError, match=r"shaping=\[spread\]: has no reward.*put a base"):
        Spread(1.0)(walk(0))
