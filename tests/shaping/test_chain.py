"""A chain pays in one order only, and refuses what would carry no task."""

import numpy as np
import pytest

from vlmrl.errors import ConfigError, ShapeError, UnknownName
from vlmrl.shaping import Chain, Shaper, Steps, chain
from vlmrl.shaping.calibrate import Calibrate
from vlmrl.shaping.delta import Delta
from vlmrl.shaping.potential import Potential
from vlmrl.shaping.scale import Scale
from vlmrl.shaping.score import Score

UNIT = Calibrate(1.0, 0.0, clip=True)


def row(*numbers: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.array([numbers], dtype=np.float32)


STEPS = Steps(row(0.2, 0.4), row(0.5, 0.1), np.array([[False, True]]), gamma=0.5)


@pytest.mark.parametrize(
    ("shapers", "expected"),
    [
        ([], [0.5, 0.1]),
        ([Score()], [0.5, 0.1]),
        ([Delta()], [0.3, -0.3]),
        ([Scale(2.0)], [1.0, 0.2]),
        ([Calibrate(0.6, 0.1)], [0.8, 0.0]),
        ([UNIT, Score(), Potential(2.0)], [0.5 + 2 * (0.25 - 0.2), 0.1 + 2 * (0 - 0.4)]),
        ([UNIT, Delta(), Potential(), Scale(10.0)], [10 * (0.3 + 0.05), 10 * (-0.3 - 0.4)]),
    ],
)
def test_pays_what_its_shapers_say_one_after_the_other(shapers: list[Shaper], expected: list[float]) -> None:
    np.testing.assert_allclose(Chain(shapers)(STEPS), [expected], atol=1e-6)


@pytest.mark.parametrize(
    ("shapers", "message"),
    [
        ([Scale(), Score()], r"\[scale, score\]: is out of order.*\[score, scale\]"),
        ([Score(), Calibrate(1, 0)], r"out of order.*\[calibrate, score\]"),
        ([Score(), Delta()], "pays each step twice"),
        ([UNIT, Potential()], r"has no base reward.*carries no task alone.*\[calibrate, score, potential\]"),
        ([Score(), Potential()], r"potential needs scores in \[0, 1\].*clip=true"),
        ([Calibrate(1, 0), Score(), Potential()], r"potential needs scores in \[0, 1\].*clip=true"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused_with_one_that_does(shapers: list[Shaper], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Chain(shapers)


@pytest.mark.parametrize("shaper", [Potential(), Scale()])
def test_what_adds_to_a_reward_is_refused_without_one_outside_a_chain_too(shaper: Shaper) -> None:
    with pytest.raises(ConfigError, match="put a base"):
        shaper(STEPS)


def test_builds_from_names_and_settings_in_the_order_given() -> None:
    built = chain({"calibrate": {"goal_like": 0.8, "baseline_like": 0.2, "clip": True}, "score": None, "potential": {}})
    assert [type(shaper) for shaper in built.shapers] == [Calibrate, Score, Potential]


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"calibrat": {}}, UnknownName, "did you mean calibrate"),
        ({"scale": {"facter": 2}}, ConfigError, "facter"),
        ({"calibrate": {"goal_like": None, "baseline_like": None}}, ConfigError, "goal_like=None: must be a finite"),
        ({"calibrate": {}}, ConfigError, "goal_like"),
    ],
)
def test_settings_that_do_not_fit_are_named(settings: dict[str, None], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        chain(settings)


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"before \(1, 2\), after \(1, 1\)"):
        Steps(row(0, 0), row(0), np.zeros((1, 2), dtype=bool))
    with pytest.raises(ShapeError, match=r"must be of one shape \(T, N\)"):
        Steps(row(0)[0], row(0)[0], np.zeros(1, dtype=bool))
    with pytest.raises(ShapeError, match="reward"):
        STEPS.but(reward=row(0))


@pytest.mark.parametrize("gamma", [0.0, 1.1, -1.0])
def test_a_discount_outside_its_range_is_refused(gamma: float) -> None:
    with pytest.raises(ConfigError, match="must lie in"):
        STEPS.but(gamma=gamma)
