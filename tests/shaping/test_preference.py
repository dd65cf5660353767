"""The chance to be preferred to frames of an untrained agent (PAR, arXiv 2502.18770)."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrl.errors import ConfigError
from vlmrl.shaping import Chain, Steps
from vlmrl.shaping.potential import Potential
from vlmrl.shaping.preference import Preference
from vlmrl.shaping.score import Score

numbers = st.floats(-2, 2, width=32)
references = st.lists(numbers, min_size=1, max_size=10)
steepnesses = st.floats(0.125, 32, width=32)


def preferred(shaper: Preference, scores: list[float]) -> list[float]:
    row = np.array([scores], dtype=np.float32)
    done = shaper(Steps(row, row, np.zeros(row.shape, dtype=bool)))
    np.testing.assert_array_equal(done.before, done.after)
    return [float(score) for score in done.after[0]]


@given(scores=st.lists(numbers, min_size=1, max_size=9), against=references, steepness=steepnesses)
def test_equals_the_paper_one_reference_at_a_time(scores: list[float], against: list[float], steepness: float) -> None:
    slow = [sum(1 / (1 + math.exp(-steepness * (one - other))) for other in against) / len(against) for one in scores]
    assert preferred(Preference(against, steepness), scores) == pytest.approx(slow, abs=1e-5)


@given(scores=st.lists(st.floats(-1e6, 1e6), min_size=2), against=references)
def test_whatever_a_score_is_the_chance_is_one_and_no_better_score_gets_a_lower_one(
    scores: list[float], against: list[float]
) -> None:
    chances = preferred(Preference(against, 4.0), sorted(scores))
    assert all(0 <= chance <= 1 for chance in chances)
    assert all(later >= earlier - 1e-6 for earlier, later in pairwise(chances))


@given(unit=st.floats(0.01, 100), offset=st.floats(-5, 5), seed=st.integers(0, 999))
def test_another_scale_of_the_encoder_changes_nothing(unit: float, offset: float, seed: int) -> None:
    seen = np.random.default_rng(seed).normal(0, 1, 64)
    here = preferred(Preference.over(seen), list(seen))
    there = preferred(Preference.over(unit * seen + offset), list(unit * seen + offset))
    assert there == pytest.approx(here, abs=2e-6 * (1 + abs(offset) / unit))


def test_it_is_steepest_where_an_untrained_agent_is_and_flat_where_scores_run_away() -> None:
    seen = np.random.default_rng(0).normal(0.3, 0.05, 400)
    shaper = Preference.over(seen)
    assert len(shaper.references) == 10
    middle, better, far, farther = preferred(shaper, [0.3, 0.35, 0.9, 9.0])
    assert middle == pytest.approx(0.5, abs=0.03)
    assert better - middle > 0.15
    assert farther - far < 1e-3


def test_a_potential_may_follow_without_a_look_at_the_simulator() -> None:
    half = np.full((1, 1), 0.3, dtype=np.float32)
    paid = Chain([Preference([0.3], 5.0), Score(), Potential()])(Steps(half, half, np.zeros((1, 1), dtype=bool), 0.8))
    assert paid.item() == pytest.approx(0.5 + 0.8 * 0.5 - 0.5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ((None, 1.0), r"shaping\.preference\.references=None: must be a list of scores.*a run measures them"),
        (([], 1.0), "at least one"),
        (("0.1", 1.0), "must be a list"),
        (([0.1, float("nan")], 1.0), "references=nan: must be a finite number"),
        (([0.1], 0), r"shaping\.preference\.steepness=0: must be above 0"),
        (([0.1], None), r"shaping\.preference\.steepness=None"),
    ],
)
def test_settings_that_compare_with_nothing_are_refused(settings: tuple[Any, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Preference(*settings)


@pytest.mark.parametrize("seen", [[], [0.4, 0.4], [np.nan, 0.1]])
def test_frames_that_score_alike_give_no_unit(seen: list[float]) -> None:
    with pytest.raises(ConfigError, match="scores alike; give references and steepness, or other words"):
        Preference.over(np.array(seen))
