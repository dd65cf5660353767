"""What every shaper keeps, ours and those of other packages: pure, alike for each step and environment, float32."""

import inspect
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import vlmrl.shaping
from vlmrl.find import find_class, names, plugins
from vlmrl.shaping import Chain, Shaper, Steps
from vlmrl.shaping.base import STAGES

CONF = Path(vlmrl.shaping.__file__).parent.parent / "conf" / "shaping"
MEASURED = {"goal_like": 0.7, "baseline_like": 0.3, "at": 0.4, "low": 0.3, "high": 0.7, "unit": 0.2} | {
    "references": [0.2, 0.4, 0.6],
    "steepness": 5.0,
}
"""What a run measures where the YAML says null."""

every_shaper = pytest.mark.parametrize("name", names("shaping"))


def shaper_class(name: str) -> type[Shaper]:
    return find_class("shaping", name, Shaper)  # type: ignore[type-abstract]


def written(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((CONF / f"{name}.yaml").read_text(encoding="utf-8"))[name])


def build(name: str) -> Shaper:
    given = {} if name in plugins("shaping") else written(name)
    return shaper_class(name)(**{key: MEASURED.get(key) if value is None else value for key, value in given.items()})


def steps(shape: tuple[int, int], seed: int, paid: bool = True) -> Steps:
    rng = np.random.default_rng(seed)
    before, after, reward, best = rng.random((4, *shape), dtype=np.float32)
    ended = rng.random(shape) < 0.2
    here, ever = rng.integers(1, 4, (2, *shape)).astype(np.float32)
    own = (rng.random(shape) < 0.3).astype(np.float32)
    return Steps(before, after, ended, 0.9, reward if paid else None, best, here, here + ever, own)


def out(shaper: Shaper, given: Steps) -> list[Any]:
    done = shaper(given)
    assert done.reward is not None
    return [done.before, done.after, done.reward]


@every_shaper
def test_says_where_it_stands_and_what_it_does(name: str) -> None:
    kind = shaper_class(name)
    assert kind.stage in STAGES
    assert inspect.getdoc(kind) != inspect.getdoc(Shaper)


@every_shaper
def test_its_yaml_holds_exactly_its_constructors_keywords(name: str) -> None:
    if name in plugins("shaping"):
        pytest.skip("another package brings its own configs")
    assert list(written(name)) == list(inspect.signature(shaper_class(name)).parameters)


@every_shaper
@settings(max_examples=25)
@given(rows=st.integers(1, 7), envs=st.integers(1, 4), seed=st.integers(0, 2**16))
def test_each_step_of_each_environment_is_on_its_own(name: str, rows: int, envs: int, seed: int) -> None:
    shaper, given_ = build(name), steps((rows, envs), seed)
    whole = out(shaper, given_)
    assert all(array.dtype == np.float32 and array.shape == (rows, envs) for array in whole)
    rng = np.random.default_rng(seed)
    order, across = rng.permutation(rows), rng.permutation(envs)
    pick = np.ix_(order, across)
    shuffled = given_.but(
        before=given_.before[pick],
        after=given_.after[pick],
        terminated=given_.terminated[pick],
        **{name: getattr(given_, name)[pick] for name in ("reward", "best", "visits_episode", "visits_global", "own")},
    )
    for mixed, straight in zip(out(shaper, shuffled), whole, strict=True):
        np.testing.assert_array_equal(mixed, straight[pick])


@every_shaper
def test_changes_nothing_in_place_and_answers_alike_twice(name: str) -> None:
    shaper, given_ = build(name), steps((5, 3), 0)
    copies = [array.copy() for array in (given_.before, given_.after, given_.terminated, given_.reward)]  # type: ignore[union-attr]
    once, twice = out(shaper, given_), out(pickle.loads(pickle.dumps(shaper)), given_)
    for one, other in zip(once, twice, strict=True):
        np.testing.assert_array_equal(one, other)
    for array, copy in zip((given_.before, given_.after, given_.terminated, given_.reward), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@every_shaper
def test_its_stage_tells_what_it_changes(name: str) -> None:
    shaper, given_ = build(name), steps((5, 3), 1)
    before, after, reward = out(shaper, given_)
    if shaper.stage == "scores":
        np.testing.assert_array_equal(reward, given_.reward)
    else:
        np.testing.assert_array_equal(before, given_.before)
        np.testing.assert_array_equal(after, given_.after)
    if shaper.stage == "base":
        np.testing.assert_array_equal(reward, shaper(given_.but(reward=None)).reward)


@every_shaper
def test_scores_that_it_calls_units_are(name: str) -> None:
    shaper = build(name)
    if not shaper.gives_unit_scores:
        pytest.skip("does not say so")
    wild = steps((200, 3), 3)
    done = shaper(wild.but(before=20 * wild.before - 10, after=20 * wild.after - 10))
    for scores in (done.before, done.after):
        assert scores.min() >= 0
        assert scores.max() <= 1


@every_shaper
def test_of_two_scores_the_higher_is_never_the_lower(name: str) -> None:
    """By this the best score of an episode may go through it alone."""
    shaper = build(name)
    if shaper.stage != "scores":
        pytest.skip("changes no score")
    rising = np.sort(np.random.default_rng(4).normal(size=(200, 1)).astype(np.float32), axis=0)
    done = shaper(Steps(rising, rising, np.zeros(rising.shape, dtype=bool)))
    for scores in (done.before, done.after):
        assert (np.diff(scores, axis=0) >= 0).all()
    np.testing.assert_array_equal(done.before, done.after)


@every_shaper
def test_works_in_a_chain_with_what_it_needs_before_it(name: str) -> None:
    shaper = build(name)
    needed: list[Shaper] = []
    if shaper.needs_unit_scores:
        needed.append(shaper_class("calibrate")(goal_like=0.7, baseline_like=0.3, clip=True))  # type: ignore[call-arg]
    if shaper.stage == "bonus":
        needed.append(build("score"))
    reward = Chain([*needed, shaper])(steps((5, 3), 2, paid=False))
    assert reward.dtype == np.float32
    assert reward.shape == (5, 3)
    assert np.isfinite(reward).all()
