"""Shapers that look back: what they promise of whole episodes, and that everybody tells them the same past."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrl.errors import ConfigError, ShapeError
from vlmrl.shaping import Chain, Needs, Past, Shaper, Steps, with_past
from vlmrl.shaping.calibrate import Calibrate
from vlmrl.shaping.center import Center
from vlmrl.shaping.delta import Delta
from vlmrl.shaping.gate import Gate
from vlmrl.shaping.novelty import Novelty
from vlmrl.shaping.potential import Potential
from vlmrl.shaping.preference import Preference
from vlmrl.shaping.quantiles import Quantiles
from vlmrl.shaping.rise import Rise
from vlmrl.shaping.score import Score

UNIT = Calibrate(1.0, 0.0, clip=True)
RISE = Chain([Rise()])

unit = st.floats(0, 1, width=32)
walks = st.lists(unit, min_size=2, max_size=30)


def along(shape: Chain, path: list[float], states: Any = None) -> Any:
    """What one episode is paid, float64 ``(T,)``."""
    scores = np.array(path, dtype=np.float32)[:, None]
    done = np.zeros((len(path) - 1, 1), dtype=bool)
    done[-1] = True
    steps = Steps(scores[:-1], scores[1:], np.zeros_like(done))
    told = with_past(shape, steps, done, None if states is None else np.array(states, dtype=np.float32)[:, None, None])
    return shape(told)[:, 0].astype(np.float64)


def episodes(seed: int, envs: int = 3, length: int = 40) -> tuple[Steps, Any, Any]:
    """Episodes of N environments that end at any time; scores, ends and states ``(T, N, 2)`` of a few places."""
    rng = np.random.default_rng(seed)
    after = rng.random((length, envs), dtype=np.float32)
    done = rng.random((length, envs)) < 0.2
    first = rng.random((length, envs), dtype=np.float32)  # of each next episode
    before = np.concatenate([first[:1], np.where(done, first, after)[:-1]])
    states = rng.integers(-2, 3, (length, envs, 2)).astype(np.float32)
    return Steps(before, after, done & (rng.random((length, envs)) < 0.5)), done, states


@given(path=walks)
def test_rising_equals_the_highest_so_far_one_step_at_a_time(path: list[float]) -> None:
    slow = [max(0.0, path[at] - max(path[:at])) for at in range(1, len(path))]
    np.testing.assert_allclose(along(RISE, path), slow, atol=1e-6)


@given(path=walks)
def test_an_episode_that_rises_is_worth_its_highest_less_its_first_and_no_more(path: list[float]) -> None:
    paid = along(RISE, path)
    assert paid.sum() == pytest.approx(max(path) - path[0], abs=1e-5)
    assert paid.sum() <= 1 - path[0] + 1e-5
    assert (paid >= 0).all()


@given(path=walks, times=st.integers(1, 4))
def test_a_loop_that_was_walked_once_pays_nothing_again(path: list[float], times: int) -> None:
    loop = [*path, path[0]]
    paid = along(RISE, loop + times * loop[1:])
    np.testing.assert_array_equal(paid[len(path) :], 0)


@pytest.mark.parametrize(
    "scores", [[UNIT], [Center(0.3)], [Quantiles(0.2, 0.6)], [Preference([0.2, 0.5], 4.0)], [Calibrate(0.9, 0.1)]]
)
@given(path=walks)
def test_the_best_score_goes_through_the_same_scale_as_all_others(scores: list[Shaper], path: list[float]) -> None:
    row = np.array([path], dtype=np.float32)
    moved = [float(one) for one in Chain(scores)(Steps(row, row, np.zeros(row.shape, dtype=bool)))[0]]
    slow = [max(0.0, moved[at] - max(moved[:at])) for at in range(1, len(moved))]
    np.testing.assert_allclose(along(Chain([*scores, Rise()]), path), slow, atol=1e-6)


@given(path=walks, threshold=st.floats(0.125, 1, width=32))
def test_a_gate_pays_from_the_step_on_that_first_is_high_enough(path: list[float], threshold: float) -> None:
    opened = [max(path[: at + 1]) >= np.float32(threshold) for at in range(1, len(path))]
    slow = [score if is_open else 0.0 for score, is_open in zip(path[1:], opened, strict=True)]
    np.testing.assert_allclose(along(Chain([UNIT, Score(), Gate(threshold)]), path), slow, atol=1e-6)
    progress = [new - old if is_open else 0.0 for (old, new), is_open in zip(pairwise(path), opened, strict=True)]
    np.testing.assert_allclose(along(Chain([UNIT, Delta(), Gate(threshold)]), path), progress, atol=1e-6)


@given(path=walks, threshold=st.floats(0.25, 1, width=32), share=st.floats(0.1, 1))
def test_a_soft_gate_opens_by_degrees_and_never_closes(path: list[float], threshold: float, share: float) -> None:
    softness = share * threshold
    best = [max(path[: at + 1]) for at in range(1, len(path))]
    slow = [min(max((one - (threshold - softness)) / softness, 0.0), 1.0) for one in best]
    paid = along(Chain([UNIT, Score(), Gate(threshold, softness)]), path)
    np.testing.assert_allclose(paid, np.array(slow) * path[1:], atol=1e-4)
    hard = along(Chain([UNIT, Score(), Gate(threshold)]), path)
    assert (hard <= paid + 1e-6).all()
    assert slow == sorted(slow)


def test_only_the_first_visit_in_an_episode_is_new_and_less_so_each_episode() -> None:
    """One after the other, as it reads: 1[N_episode = 1] / sqrt(N)."""
    shape, places = Chain([Score(), Novelty(0.5)]), [3.0, 3.0, -2.0, 3.0, -2.0]
    scores = np.zeros((15, 1), dtype=np.float32)
    done = np.arange(15)[:, None] % 5 == 4
    told = with_past(
        shape, Steps(scores, scores, np.zeros_like(done)), done, np.array(3 * places, np.float32)[:, None, None]
    )
    seen, slow = {3.0: 0, -2.0: 0}, []
    for episode in range(3):
        for at, place in enumerate(places):
            seen[place] += 1
            slow.append(0.5 / seen[place] ** 0.5 if place not in places[:at] else 0.0)
        assert episode >= 0
    np.testing.assert_allclose(shape(told)[:, 0], slow, atol=1e-6)


@given(seed=st.integers(0, 999))
def test_novelty_is_bounded_by_its_factor_and_pays_no_loop_twice(seed: int) -> None:
    shape, (steps, done, states) = Chain([Score(), Novelty(0.3)]), episodes(seed)
    told = with_past(shape, steps, done, states)
    bonus = shape(told) - steps.after
    assert (bonus >= -1e-6).all()
    assert (bonus <= 0.3 + 1e-6).all()
    for env in range(3):
        seen: set[bytes] = set()
        for at in range(len(done)):
            place = states[at, env].tobytes()
            assert not (place in seen and bonus[at, env] > 1e-6)
            seen = set() if done[at, env] else {*seen, place}


@pytest.mark.parametrize("bonus", [[], [Gate(0.6, 0.2)], [Novelty()]])
@given(seed=st.integers(0, 999), order=st.permutations(range(3)))
def test_the_order_of_environments_changes_nothing(bonus: list[Shaper], seed: int, order: list[int]) -> None:
    shape, (steps, done, states) = Chain([UNIT, Rise(), *bonus]), episodes(seed)
    paid = shape(with_past(shape, steps, done, states))
    turned = Steps(steps.before[:, order], steps.after[:, order], steps.terminated[:, order])
    np.testing.assert_array_equal(shape(with_past(shape, turned, done[:, order], states[:, order])), paid[:, order])


@given(seed=st.integers(0, 999))
def test_each_environment_has_a_past_of_its_own(seed: int) -> None:
    shape, (steps, done, _) = Chain([UNIT, Rise(), Gate(0.6, 0.2)]), episodes(seed)
    together = shape(with_past(shape, steps, done))
    for env in range(3):
        row = slice(env, env + 1)
        alone = Steps(steps.before[:, row], steps.after[:, row], steps.terminated[:, row])
        np.testing.assert_array_equal(shape(with_past(shape, alone, done[:, row])), together[:, row])


@given(seed=st.integers(0, 999), cut=st.integers(1, 39))
def test_a_rollout_may_end_in_the_middle_of_an_episode(seed: int, cut: int) -> None:
    shape, (steps, done, states) = Chain([Score(), Novelty()]), episodes(seed)
    whole, past = with_past(shape, steps, done, states), Past(shape)
    past.begin(3)
    for at in range(len(done)):
        if at == cut:  # what was counted so far goes through a checkpoint
            past.mark()
            again = Past(shape)
            again.begin(3)
            again.recall([list(one) for one in past.marked])
            again._here = past._here
            past = again
        told = past.states(states[at], done[at])
        np.testing.assert_array_equal(told["visits_global"], whole.visits_global[at])  # type: ignore[index]
        np.testing.assert_array_equal(told["visits_episode"], whole.visits_episode[at])  # type: ignore[index]


def test_what_is_no_step_leaves_no_trace() -> None:
    past = Past(Chain([Rise(), Novelty()]))
    past.begin(2)
    here = np.zeros((2, 1), np.float32)
    both, one = np.array([True, True]), np.array([True, False])
    past.scores(np.array([0.9, 0.9], np.float32), both)
    past.states(here, both)
    past.scores(np.array([0.8, 0.1], np.float32), ~both, acted=~one)  # the first one only resets
    assert past.states(here, ~both, acted=~one)["visits_global"].tolist() == [1, 3]
    assert past.scores(np.array([0.2, 0.3], np.float32), ~both)["best"].tolist() == pytest.approx([0.2, 0.3])
    assert past.states(here, ~both)["visits_episode"].tolist() == [1, 2]
    assert past.told == {"cells": 1}


def test_cells_tell_places_apart_alike_whoever_else_is_there() -> None:
    states = np.random.default_rng(0).normal(size=(500, 4))
    past = Past(Chain([Score(), Novelty(bits=12)]))
    cells = past._cells(states)
    assert len(set(cells)) > 100
    assert max(cells) < 2**12
    assert cells == [past._cells(row[None])[0] for row in states]
    assert past._cells(100 * states) != cells, "states of one direction fall apart too"
    assert Past(Chain([Score(), Novelty(bits=12)]))._cells(states.astype(np.float32)) == cells


def test_nobody_is_asked_for_what_nobody_needs() -> None:
    past = Past(Chain([Score()]))
    past.begin(1)
    assert not past.needs
    assert past.scores(np.zeros(1, np.float32), np.zeros(1, bool)) == past.states(None, np.zeros(1, bool)) == {}
    assert not Past(lambda steps: steps.after).needs
    assert Chain([UNIT, Rise(), Gate(), Novelty(bits=7)]).needs == Needs(best=True, bits=7)


@pytest.mark.parametrize(
    ("shapers", "message"),
    [
        ([Rise()], r"shaping=\[rise\]: needs Steps\.best, .*with_past"),
        ([UNIT, Score(), Gate()], r"shaping=\[gate\]: needs Steps\.best"),
        ([Score(), Novelty()], r"shaping=\[novelty\]: needs Steps\.visits_episode"),
    ],
)
def test_steps_without_a_past_are_refused(shapers: list[Shaper], message: str) -> None:
    row = np.zeros((1, 2), dtype=np.float32)
    with pytest.raises(ConfigError, match=message):
        Chain(shapers)(Steps(row, row, np.zeros((1, 2), dtype=bool)))


@pytest.mark.parametrize(
    ("shapers", "message"),
    [
        ([Score(), Gate()], r"gate needs scores in \[0, 1\]"),
        ([UNIT, Gate()], r"has no base reward"),
        ([Novelty()], r"has no base reward"),
        ([UNIT, Score(), Potential(), Gate()], r"gate would pay potential in part.*put potential behind it"),
        ([Score(), Rise()], r"pays each step twice"),
    ],
)
def test_chains_that_break_a_promise_are_refused(shapers: list[Shaper], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Chain(shapers)
    Chain([UNIT, Score(), Gate(), Potential()])


@pytest.mark.parametrize("settings", [{"threshold": 0.0}, {"threshold": 1.1}, {"softness": 0.6}, {"softness": -0.1}])
def test_a_gate_that_is_never_shut_or_never_open_is_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=rf"shaping\.gate\.{next(iter(settings))}="):
        Gate(**settings)


@pytest.mark.parametrize("settings", [{"factor": 0.0}, {"factor": "x"}, {"bits": 0}, {"bits": 25}, {"bits": 1.5}])
def test_a_bonus_of_nothing_and_cells_that_cannot_be_cut_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=rf"shaping\.novelty\.{next(iter(settings))}="):
        Novelty(**settings)


@pytest.mark.parametrize("states", [None, np.zeros((2, 3, 3, 3), np.uint8), np.zeros(2), np.array([{}, {}])])
def test_states_that_are_no_vectors_are_refused(states: Any) -> None:
    past = Past(Chain([Score(), Novelty()]))
    past.begin(2)
    with pytest.raises(ConfigError, match=r"shaping\.novelty: counts cells of the state.*take obs=state"):
        past.states(states, np.zeros(2, dtype=bool))


def test_a_past_of_another_shape_is_refused() -> None:
    row = np.zeros((1, 2), dtype=np.float32)
    with pytest.raises(ShapeError, match=r"best \(1, 1\)"):
        Steps(row, row, np.zeros((1, 2), dtype=bool), best=row[:, :1])
