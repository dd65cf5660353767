"""The task's own reward beside the words': the formula, and the weight that follows the gradients of the two."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrl.errors import ConfigError
from vlmrl.shaping import Chain, Needs, Own, Past, Steps, with_past
from vlmrl.shaping.blend import Blend, advantages, moved
from vlmrl.shaping.rise import Rise
from vlmrl.shaping.score import Score

HOW = Own("success", 1.0, 0.1, 2.0)


def steps(own: list[float], after: list[float], weight: float | None = None) -> Steps:
    column = np.array(after, np.float32)[:, None]
    told = np.array(own, np.float32)[:, None]
    return Steps(np.zeros_like(column), column, np.zeros(column.shape, bool), own=told, weight=weight)


@given(
    rows=st.lists(st.tuples(st.sampled_from([0.0, 1.0, -2.0]), st.floats(-3, 3, width=32)), min_size=1, max_size=9),
    weight=st.floats(0, 2, width=32),
)
def test_the_formula_as_it_reads(rows: list[tuple[float, float]], weight: float) -> None:
    own, words = (list(column) for column in zip(*rows, strict=True))
    told = steps(own, words, weight)
    added = Chain([Score(), Blend()])(told)[:, 0]
    instead = Chain([Score(), Blend(mix="instead")])(told)[:, 0]
    np.testing.assert_allclose(added, [o + weight * w for o, w in rows], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(instead, [o if o else weight * w for o, w in rows], rtol=1e-5, atol=1e-6)


def test_where_nobody_tells_a_weight_its_own_counts() -> None:
    assert Chain([Score(), Blend(weight=0.5)])(steps([1.0], [4.0]))[0, 0] == 3.0


@pytest.mark.parametrize(("rewards", "way"), [((1.0, 1.0), 1), ((1.0, -1.0), -1), ((3.0, 500.0), 1)])
def test_the_weight_moves_by_the_cosine_of_the_gradients_and_by_nothing_else(
    rewards: tuple[float, float], way: int
) -> None:
    gradient = np.array([0.3, -2.0, 1.0])
    weight, cosine = moved(1.0, rewards[0] * gradient, rewards[1] * gradient, HOW)
    assert cosine == pytest.approx(way)
    assert weight == pytest.approx(1.0 + 0.1 * way)
    assert moved(1.0, np.array([1.0, 0.0]), np.array([0.0, 7.0]), HOW) == (1.0, 0.0)


def test_the_weight_stays_between_0_and_the_most() -> None:
    one = np.ones(2)
    assert moved(0.05, one, -one, HOW)[0] == 0.0
    assert moved(1.95, one, one, HOW)[0] == 2.0


@pytest.mark.parametrize("own", [np.zeros(3), np.full(3, np.nan)])
def test_before_the_first_success_nothing_is_known_and_nothing_moves(own: Any) -> None:
    assert moved(1.3, own, np.ones(3), HOW) == (1.3, None)


def test_advantages_are_returns_less_a_line_through_the_features() -> None:
    """Slowly: the return of each step by its definition, then least squares."""
    rng = np.random.default_rng(0)
    rewards, done = rng.random((30, 3)).astype(np.float32), rng.random((30, 3)) < 0.2
    features = rng.normal(size=(30, 3, 2))
    returns, share = np.zeros((2, 30, 3))
    for t in range(30):
        for n in range(3):
            for later in range(t, 30):
                returns[t, n] += 0.9 ** (later - t) * rewards[later, n]
                if done[later, n]:
                    break
            else:
                share[t, n] = 0.9 ** (30 - t)
    told = np.concatenate([features, share[..., None], np.ones((30, 3, 1))], -1).reshape(90, 4)
    line = np.linalg.lstsq(told, returns.ravel(), rcond=None)[0]
    found = advantages(rewards, done, 0.9, features)
    np.testing.assert_allclose(found, returns - (told @ line).reshape(30, 3), atol=1e-4)
    assert abs(found.sum()) < 1e-3


def test_what_never_pays_has_no_advantages_and_what_always_pays_alike_hardly_any() -> None:
    done, features = np.zeros((50, 2), bool), np.random.default_rng(1).normal(size=(50, 2, 3))
    assert not advantages(np.zeros((50, 2), np.float32), done, 0.9, features).any()
    assert np.abs(advantages(np.ones((50, 2), np.float32), done, 0.9, features)).max() < 1e-3


@pytest.mark.parametrize(("own", "key"), [("success", "success"), ("reward", "task_reward")])
def test_the_tasks_own_pay_is_told_to_who_asks_and_to_nobody_else(own: str, key: str) -> None:
    infos = [{key: 1.0, "oracle": 5.0}, {key: 0.0}]
    told = Past(Chain([Score(), Blend(own=own)])).own(infos)
    np.testing.assert_array_equal(told["own"], [1.0, 0.0])
    assert Past(Chain([Score()])).own(infos) == {}
    assert Past(Chain([Rise()])).own([{}]) == {}


@pytest.mark.parametrize("info", [{}, {"success": float("nan")}, {"task_reward": 1.0}])
def test_a_world_that_tells_no_success_is_refused_by_name(info: dict[str, float]) -> None:
    past = Past(Chain([Score(), Blend()]))
    with pytest.raises(ConfigError, match=r"shaping\.blend\.own=success.*env 1.*own=reward"):
        past.own([{"success": True}, info])


def test_whole_episodes_are_told_it_too_and_beside_others() -> None:
    shape = Chain([Rise(), Blend(weight=0.5)])
    assert shape.needs == Needs(best=True, own=Own("success", 0.5, 0.1, 2.0))
    given_ = steps([0.0, 1.0], [2.0, 3.0]).but(own=None)
    done = np.array([[False], [True]])
    paid = shape(with_past(shape, given_, done, own=np.array([[0.0], [1.0]], np.float32)))
    np.testing.assert_allclose(paid[:, 0], [1.0, 2.5])
    with pytest.raises(ConfigError, match=r"shaping=\[blend\]: needs Steps\.own"):
        shape(with_past(shape, given_, done))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"own": "oracle"}, r"shaping\.blend\.own=oracle: is not known; known: success, reward"),
        ({"mix": "max"}, r"shaping\.blend\.mix=max: is not known; known: add, instead"),
        ({"rate": -0.1}, r"shaping\.blend\.rate=-0\.1: must be at least 0"),
        ({"weight": 3.0}, r"shaping\.blend\.weight=3\.0: must lie between 0 and shaping\.blend\.most=2\.0"),
        ({"weight": float("nan")}, r"shaping\.blend\.weight=nan: must be a finite number"),
    ],
)
def test_bad_settings_are_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        Blend(**settings)


def test_alone_it_has_nothing_to_blend() -> None:
    with pytest.raises(ConfigError, match="has no base reward"):
        Chain([Blend()])
    with pytest.raises(ConfigError, match=r"nothing from words to blend with.*reward=oracle"):
        Blend()(steps([1.0], [1.0]))
