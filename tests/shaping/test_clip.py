"""What is good enough is all alike (arXiv 2410.15115)."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrl.errors import ConfigError
from vlmrl.shaping import Chain, Steps
from vlmrl.shaping.calibrate import Calibrate
from vlmrl.shaping.clip import Clip
from vlmrl.shaping.delta import Delta
from vlmrl.shaping.potential import Potential
from vlmrl.shaping.score import Score

UNIT = Calibrate(1.0, 0.0, clip=True)

unit = st.floats(0, 1, width=32)
walks = st.lists(unit, min_size=2, max_size=30)
thresholds = st.floats(0.125, 1, width=32)


def along(shape: Chain, path: list[float]) -> list[float]:
    scores = np.array(path, dtype=np.float32)[:, None]
    return [
        float(paid) for paid in shape(Steps(scores[:-1], scores[1:], np.zeros((len(path) - 1, 1), dtype=bool)))[:, 0]
    ]


@given(path=walks, threshold=thresholds)
def test_pays_what_a_step_falls_short_of(path: list[float], threshold: float) -> None:
    slow = [min(score - threshold, 0) for score in path[1:]]
    paid = along(Chain([UNIT, Clip(threshold)]), path)
    assert paid == pytest.approx(slow, abs=1e-6)
    assert all(-threshold <= one <= 0 for one in paid)


@given(scores=walks, threshold=thresholds)
def test_a_higher_score_is_never_paid_less(scores: list[float], threshold: float) -> None:
    paid = along(Chain([UNIT, Clip(threshold)]), [0.0, *sorted(scores)])
    assert paid == sorted(paid)


@given(path=walks, threshold=thresholds)
def test_with_delta_an_episode_telescopes_and_is_bounded_however_long(path: list[float], threshold: float) -> None:
    total = sum(along(Chain([UNIT, Clip(threshold), Delta()]), path))
    assert total == pytest.approx(min(path[-1], threshold) - min(path[0], threshold), abs=1e-5)
    assert abs(total) <= threshold + 1e-5


@given(path=walks, threshold=thresholds)
def test_with_delta_a_loop_pays_nothing(path: list[float], threshold: float) -> None:
    assert sum(along(Chain([UNIT, Clip(threshold), Delta()]), [*path, path[0]])) == pytest.approx(0, abs=1e-5)


def test_nothing_is_won_by_overdoing_it() -> None:
    assert along(Chain([UNIT, Clip(0.9)]), [0.0, 0.9, 0.95, 1.0]) == pytest.approx([0, 0, 0], abs=1e-7)
    assert along(Chain([UNIT, Clip(0.9), Delta()]), [0.9, 1.0, 0.95, 0.9]) == pytest.approx([0, 0, 0], abs=1e-7)


def test_a_potential_after_it_is_refused_and_told_why() -> None:
    with pytest.raises(ConfigError, match=r"potential needs scores in \[0, 1\]; clip moved them out of it"):
        Chain([UNIT, Clip(), Score(), Potential()])
    with pytest.raises(ConfigError, match=r"clip needs scores in \[0, 1\]; put one that gives them first"):
        Chain([Clip()])
    with pytest.raises(ConfigError, match=r"clip needs scores in \[0, 1\]; clip moved them out of it"):
        Chain([UNIT, Clip(), Clip()])


@pytest.mark.parametrize("threshold", [0, -0.5, 1.5, float("nan"), None])
def test_a_threshold_where_no_score_lies_is_refused(threshold: Any) -> None:
    with pytest.raises(ConfigError, match=r"shaping\.clip\.threshold="):
        Clip(threshold)
