"""Scores on [0, 1] between two quantiles."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrl.errors import ConfigError
from vlmrl.shaping import Chain, Steps
from vlmrl.shaping.potential import Potential
from vlmrl.shaping.quantiles import Quantiles
from vlmrl.shaping.score import Score

numbers = st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=9)


def mapped(shaper: Quantiles, scores: list[float]) -> list[float]:
    row = np.array([scores], dtype=np.float32)
    done = shaper(Steps(row, row, np.zeros(row.shape, dtype=bool)))
    np.testing.assert_array_equal(done.before, done.after)
    return [float(score) for score in done.after[0]]


@given(low=st.floats(-1, 1, width=32), span=st.floats(2**-8, 1, width=32), scores=numbers)
def test_equals_its_formula_keeps_the_order_and_stays_in_bounds(low: float, span: float, scores: list[float]) -> None:
    result = mapped(Quantiles(low, low + span), sorted(scores))
    slow = [min(max((score - low) / span, 0.0), 1.0) for score in sorted(scores)]
    assert result == pytest.approx(slow, abs=1e-4)
    assert result == sorted(result)
    assert 0 <= result[0] <= result[-1] <= 1


@given(unit=st.floats(0.01, 100), offset=st.floats(-5, 5), seed=st.integers(0, 999))
def test_another_scale_of_the_encoder_changes_nothing(unit: float, offset: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    random, goal, seen = rng.normal(0, 1, 50), rng.normal(4, 1, 50), rng.normal(2, 2, 20)
    here = mapped(Quantiles.between(goal, random), list(seen))
    there = mapped(Quantiles.between(unit * goal + offset, unit * random + offset), list(unit * seen + offset))
    assert there == pytest.approx(here, abs=2e-6 * (1 + abs(offset) / unit))


def test_nearly_all_frames_of_either_sample_still_differ() -> None:
    random, goal = np.linspace(0.10, 0.20, 101), np.linspace(0.30, 0.40, 101)
    shaper = Quantiles.between(goal, random)
    assert (shaper.low, shaper.high) == pytest.approx((0.105, 0.395))
    assert len(set(mapped(shaper, list(random)))) >= 95
    assert len(set(mapped(shaper, list(goal)))) >= 95
    assert mapped(shaper, [-3.0, 9.0]) == [0.0, 1.0]


def test_a_potential_may_follow() -> None:
    row = np.array([[0.2]], dtype=np.float32)
    paid = Chain([Quantiles(0.1, 0.3), Score(), Potential()])(Steps(0 * row, row, np.zeros((1, 1), dtype=bool), 0.8))
    assert paid.item() == pytest.approx(0.5 + 0.8 * 0.5)


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        ((0.3, 0.2), r"shaping\.quantiles\.high=0\.2: must lie above low=0\.3.*try other words"),
        ((0.3, 0.3), "must lie above"),
        ((None, 0.2), r"shaping\.quantiles\.low=None: must be a finite number"),
        ((0.1, float("nan")), r"shaping\.quantiles\.high=nan"),
    ],
)
def test_ends_that_span_nothing_are_refused(ends: tuple[Any, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Quantiles(*ends)


@pytest.mark.parametrize("bad", [[], [0.5, np.nan]])
def test_samples_that_are_no_numbers_are_refused(bad: list[float]) -> None:
    with pytest.raises(ConfigError, match="goal_scores: must be finite"):
        Quantiles.between(np.array(bad), np.array([0.1]))
    with pytest.raises(ConfigError, match="random_scores: must be finite"):
        Quantiles.between(np.array([0.9]), np.array(bad))
