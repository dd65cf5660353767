"""Robo-Dopamine's reward: only the goal is worth anything, and progress guides there (arXiv 2512.23703)."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrl.config.compose import compose
from vlmrl.errors import ConfigError
from vlmrl.shaping import Chain, Steps, chain
from vlmrl.shaping.calibrate import Calibrate
from vlmrl.shaping.delta import Delta
from vlmrl.shaping.potential import Potential
from vlmrl.shaping.reached import Reached

UNIT = Calibrate(1.0, 0.0, clip=True)
ROBO_DOPAMINE = Chain([UNIT, Reached(), Potential()])

unit = st.floats(0, 1, width=32)
walks = st.lists(unit, min_size=2, max_size=30)
gammas = st.floats(0.5, 1.0, width=32)


def along(shape: Chain, path: list[float], gamma: float, ended: bool = False) -> list[float]:
    scores = np.array(path, dtype=np.float32)[:, None]
    terminated = np.zeros((len(path) - 1, 1), dtype=bool)
    terminated[-1] = ended
    return [float(paid) for paid in shape(Steps(scores[:-1], scores[1:], terminated, gamma))[:, 0]]


@given(path=walks, gamma=gammas)
def test_equals_the_paper_one_step_at_a_time(path: list[float], gamma: float) -> None:
    slow = [(1 if new >= np.float32(0.95) else 0) + gamma * new - old for old, new in pairwise(path)]
    assert along(ROBO_DOPAMINE, path, gamma) == pytest.approx(slow, abs=1e-6)


@given(path=walks, gamma=gammas, ended=st.booleans())
def test_an_episode_is_worth_its_steps_at_the_goal_and_its_ends(path: list[float], gamma: float, ended: bool) -> None:
    discounts = gamma ** np.arange(len(path) - 1)
    there = float(discounts @ [float(new >= np.float32(0.95)) for new in path[1:]])
    last = 0.0 if ended else gamma ** (len(path) - 1) * path[-1]
    assert float(discounts @ along(ROBO_DOPAMINE, path, gamma, ended)) == pytest.approx(
        there + last - path[0], abs=1e-5
    )


@given(path=st.lists(st.floats(0, 0.9375, width=32), min_size=1, max_size=30), gamma=gammas)
def test_a_loop_short_of_the_goal_pays_nothing(path: list[float], gamma: float) -> None:
    loop = [*path, path[0]]
    assert float(gamma ** np.arange(len(path)) @ along(ROBO_DOPAMINE, loop, gamma)) <= 1e-5


def test_coming_near_and_sitting_there_pays_under_delta_and_not_here() -> None:
    gamma, path = 0.9, [0.0] + 200 * [0.9]
    discounts = gamma ** np.arange(200)
    assert float(discounts @ along(Chain([UNIT, Delta()]), path, gamma)) == pytest.approx(0.9)
    assert float(discounts @ along(ROBO_DOPAMINE, path, gamma)) == pytest.approx(0, abs=1e-5)


@given(seed=st.integers(0, 9999), gamma=st.floats(0.5, 0.95))
def test_every_choice_is_worth_what_it_was_less_the_score_of_where_it_is_made(seed: int, gamma: float) -> None:
    """Theorem 1 of Ng, Harada and Russell on worlds at random: the best of all policies stays the best."""
    rng = np.random.default_rng(seed)
    score = rng.choice(np.array([0.0, 0.25, 0.5, 0.75, 1.0], dtype=np.float32), size=6)
    to = rng.integers(0, 6, (6, 3))  # of each state and action

    def worth(shape: Chain) -> Any:
        before = np.repeat(score[:, None], 3, axis=1)
        pay = shape(Steps(before, score[to], np.zeros(to.shape, dtype=bool), gamma)).astype(np.float64)
        values = np.zeros(6)
        for _ in range(400):
            values = (pay + gamma * values[to]).max(axis=1)
        return pay + gamma * values[to]

    bare, guided = worth(Chain([UNIT, Reached()])), worth(ROBO_DOPAMINE)
    np.testing.assert_allclose(guided, bare - score[:, None], atol=1e-4)


def test_a_flicker_of_one_frame_is_paid_nothing_if_asked() -> None:
    path = [0.2, 1.0, 0.2, 0.96, 0.97, 1.0]
    assert along(Chain([UNIT, Reached()]), path, 0.9) == [1, 0, 1, 1, 1]
    assert along(Chain([UNIT, Reached(twice=True)]), path, 0.9) == [0, 0, 0, 1, 1]


def test_its_name_stands_for_the_whole_chain() -> None:
    shaping = compose(["task=a/b", "shaping=robo_dopamine", "shaping.calibrate.goal_like=0.5"]).shaping
    assert shaping.name == "robo_dopamine"
    settings = {name: dict(given) for name, given in shaping.keywords.items()}
    assert settings["calibrate"] == {"goal_like": 0.5, "baseline_like": None, "clip": True}
    settings["calibrate"]["baseline_like"] = 0.0
    built = chain(settings)
    assert [type(shaper) for shaper in built.shapers] == [Calibrate, Reached, Potential]
    assert along(built, [0.1, 0.5, 0.2], 0.9) == pytest.approx([1 + 0.9 - 0.2, 0.36 - 1], abs=1e-6)


@pytest.mark.parametrize("margin", [1, -0.1, float("nan"), None])
def test_a_margin_that_counts_nothing_or_all_is_refused(margin: Any) -> None:
    with pytest.raises(ConfigError, match=r"shaping\.reached\.margin="):
        Reached(margin)


def test_scores_without_a_known_scale_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"reached needs scores in \[0, 1\]; put one that gives them first"):
        Chain([Reached()])
