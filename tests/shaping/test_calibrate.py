"""Goal-like scores become 1, baseline-like ones 0, on one straight line."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrl.errors import ConfigError
from vlmrl.shaping import Steps
from vlmrl.shaping.calibrate import Calibrate


def mapped(shaper: Calibrate, *scores: float) -> list[float]:
    row = np.array([scores], dtype=np.float32)
    done = shaper(Steps(row, row, np.zeros(row.shape, dtype=bool)))
    np.testing.assert_array_equal(done.before, done.after)
    return [float(score) for score in done.after[0]]


def test_the_anchors_become_one_and_zero_and_the_rest_lies_on_their_line() -> None:
    shaper = Calibrate(goal_like=0.35, baseline_like=0.15)
    assert mapped(shaper, 0.35, 0.15, 0.25, 0.45, 0.05) == pytest.approx([1, 0, 0.5, 1.5, -0.5], abs=1e-6)
    assert not shaper.gives_unit_scores


def test_clipped_scores_stay_between_the_anchors() -> None:
    shaper = Calibrate(goal_like=-0.1, baseline_like=-0.3, clip=True)
    assert mapped(shaper, 5, -5, -0.2) == pytest.approx([1, 0, 0.5], abs=1e-6)
    assert shaper.gives_unit_scores


@given(
    goal=st.floats(-1, 1, width=32),
    gap=st.floats(2**-10, 1, width=32),
    scores=st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=5),
)
def test_the_order_of_scores_never_changes(goal: float, gap: float, scores: list[float]) -> None:
    result = mapped(Calibrate(goal, goal - gap), *sorted(scores))
    assert result == sorted(result)


def test_samples_of_frames_give_the_anchors() -> None:
    shaper = Calibrate.between(np.array([0.7, 0.9, 0.2]), np.array([[0.1, 0.3]]), clip=True)
    assert (shaper.goal_like, shaper.baseline_like, shaper.clip) == pytest.approx((0.7, 0.2, True))


@pytest.mark.parametrize(
    ("anchors", "message"),
    [
        ((0.2, 0.3), "goal_like=0.2: must lie above baseline_like=0.3"),
        ((0.2, 0.2), "must lie above"),
        ((float("nan"), 0.2), "goal_like=nan: must be a finite number"),
        ((0.2, float("inf")), "baseline_like=inf"),
        ((None, 0.2), "goal_like=None"),
        ((True, 0.2), "goal_like=True"),
    ],
)
def test_anchors_that_give_no_line_are_refused(anchors: tuple[Any, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Calibrate(*anchors)


@pytest.mark.parametrize("bad", [[], [0.5, np.nan]])
def test_samples_that_are_no_numbers_are_refused(bad: list[float]) -> None:
    with pytest.raises(ConfigError, match="goal_scores: must be finite"):
        Calibrate.between(np.array(bad), np.array([0.1]))
    with pytest.raises(ConfigError, match="baseline_scores: must be finite"):
        Calibrate.between(np.array([0.9]), np.array(bad))
