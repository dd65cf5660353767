"""A constant off every score, and nothing else."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrl.errors import ConfigError
from vlmrl.shaping import Chain, Steps
from vlmrl.shaping.calibrate import Calibrate
from vlmrl.shaping.center import Center
from vlmrl.shaping.delta import Delta
from vlmrl.shaping.potential import Potential
from vlmrl.shaping.score import Score


def steps(before: list[float], after: list[float]) -> Steps:
    old, new = np.array([[before], [after]], dtype=np.float32)
    return Steps(old, new, np.zeros(new.shape, dtype=bool))


def test_what_it_is_centred_at_is_paid_nothing() -> None:
    paid = Chain([Center(at=0.4)])(steps([0.0, 0.0, 0.0], [0.4, 1.0, 0.1]))
    np.testing.assert_allclose(paid, [[0.0, 0.6, -0.3]], atol=1e-7)


@given(
    at=st.floats(-1, 1),
    before=st.lists(st.floats(-1, 1, width=32), min_size=3, max_size=3),
    after=st.lists(st.floats(-1, 1, width=32), min_size=3, max_size=3),
)
def test_progress_is_paid_alike_wherever_it_is_centred(at: float, before: list[float], after: list[float]) -> None:
    given = steps(before, after)
    np.testing.assert_allclose(Chain([Center(at), Delta()])(given), Chain([Delta()])(given), atol=1e-6)


@pytest.mark.parametrize("at", [float("nan"), float("inf"), None, True])
def test_a_centre_that_is_no_number_is_refused(at: Any) -> None:
    with pytest.raises(ConfigError, match=r"shaping\.center\.at=.*must be a finite number"):
        Center(at)


def test_centred_scores_are_no_longer_units() -> None:
    with pytest.raises(ConfigError, match="center moved them out of it"):
        Chain([Calibrate(0.7, 0.3, clip=True), Center(0.2), Score(), Potential()])
