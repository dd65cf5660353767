"""Ng, Harada and Russell 1999: progress is paid, and going round in circles is not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrl.errors import ConfigError
from vlmrl.shaping import Steps
from vlmrl.shaping.delta import Delta
from vlmrl.shaping.potential import Potential, potential_difference
from vlmrl.shaping.scale import Scale

unit = st.floats(0, 1, width=32)
walks = st.lists(unit, min_size=2, max_size=40)
gammas = st.floats(0.5, 1.0, width=32)


def along(path: list[float], gamma: float, ended: bool) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    scores = np.array(path, dtype=np.float32)[:, None]
    terminated = np.zeros((len(path) - 1, 1), dtype=bool)
    terminated[-1] = ended
    return potential_difference(scores[:-1], scores[1:], terminated, gamma)[:, 0]


@given(path=walks, gamma=gammas)
def test_an_episode_telescopes_to_its_ends(path: list[float], gamma: float) -> None:
    discounts = gamma ** np.arange(len(path) - 1)
    cut, ended = (float(discounts @ along(path, gamma, end)) for end in (False, True))
    assert cut == pytest.approx(gamma ** (len(path) - 1) * path[-1] - path[0], abs=1e-5)
    assert ended == pytest.approx(-path[0], abs=1e-5)


@given(path=walks, gamma=gammas)
def test_a_loop_pays_nothing(path: list[float], gamma: float) -> None:
    discounts = gamma ** np.arange(len(path))
    assert float(discounts @ along([*path, path[0]], gamma, ended=False)) <= 1e-5


@given(path=walks, gamma=gammas, ended=st.booleans())
def test_the_whole_of_it_is_bounded_however_long_it_takes(path: list[float], gamma: float, ended: bool) -> None:
    total = float((gamma ** np.arange(len(path) - 1)) @ along(path, gamma, ended))
    assert -1 - 1e-5 <= total <= 1 + 1e-5


def test_the_best_of_all_policies_stays_the_best() -> None:
    # Three states in a row, steps left and right, the last one pays: solved with and without the potential.
    score, gamma = np.array([0.9, 0.1, 0.5]), 0.9

    def best(shaped: bool) -> list[int]:
        value, moves = np.zeros(3), [(0, 1), (0, 2), (1, 2)]
        for _ in range(500):
            pay = [[float(to == 2) + shaped * (gamma * score[to] - score[at]) for to in moves[at]] for at in range(3)]
            worth = [[pay[at][a] + gamma * value[moves[at][a]] for a in (0, 1)] for at in range(3)]
            value = np.array([max(options) for options in worth])
        return [int(np.argmax(options)) for options in worth]

    assert best(shaped=True) == best(shaped=False) == [1, 1, 1]


def test_the_base_is_kept_and_the_weight_counts() -> None:
    one = np.full((1, 1), 0.5, dtype=np.float32)
    steps = Steps(0 * one, one, np.zeros((1, 1), dtype=bool), gamma=0.8, reward=3 * one)
    shaped = Potential(weight=10)(steps).reward
    assert shaped is not None
    assert shaped.item() == pytest.approx(1.5 + 10 * 0.4)


@pytest.mark.parametrize("number", [0, -1, float("nan"), "much"])
def test_a_weight_or_factor_not_above_nought_is_refused(number: float) -> None:
    with pytest.raises(ConfigError, match=r"shaping\.potential\.weight"):
        Potential(number)
    with pytest.raises(ConfigError, match=r"shaping\.scale\.factor"):
        Scale(number)


@given(path=walks)
def test_a_delta_is_the_score_paid_late_plus_a_potential_difference(path: list[float]) -> None:
    gamma, scores = 0.9, np.array(path, dtype=np.float32)[:, None]
    steps = Steps(scores[:-1], scores[1:], np.zeros((len(path) - 1, 1), dtype=bool), gamma)
    delta = Delta()(steps).reward
    assert delta is not None
    np.testing.assert_allclose(delta[:, 0], along(path, gamma, False) + (1 - gamma) * scores[1:, 0], atol=1e-6)
