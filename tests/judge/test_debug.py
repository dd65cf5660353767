"""Moments are where the score strays from the truth, with the frames and the maps of those states."""

import numpy as np
import pytest

from tests.judge.dial import Place, go_left, go_right, make, task
from vlmrl.judge import debug
from vlmrl.judge.episodes import evaluate
from vlmrl.metrics.inspection import Played
from vlmrl.metrics.over_rewarded import over_rewarded
from vlmrl.types import Words

WORDS = Words.of("the bar is on the right", "a bar")


@pytest.fixture(scope="module")
def episodes():
    """The bar goes to the right, and to the left, forty steps each."""
    played = []
    for policy in (go_right, go_left):
        trace = evaluate(policy, lambda: make(40), task(40), [3], keep_frames=True).traces[0]
        played.append(Played(policy.__name__, trace.frames, trace.oracle, trace.success, seed=3))
    return tuple(played)


@pytest.fixture
def place():
    return debug.Voice("right", "the place of the bar", Place(), WORDS)


def seen(episodes):
    return lambda wanted: [episodes[episode].frames[step] for episode, step in wanted]


def test_a_reward_that_tells_the_truth_has_no_moments(episodes, place):
    scores = [place(one.frames) for one in episodes]
    told = debug.curve(place, scores, episodes)
    assert told.spearman > 0.99
    assert debug.moments([place], [told], episodes, seen(episodes)) == ()


def test_a_lie_is_found_with_its_frame_and_what_carries_it(episodes, place):
    scores = [place(one.frames) for one in episodes]
    scores[1][30] = 2.0  # far on the left, and paid best of all
    scores[0][35] = -1.0  # far on the right, and paid worst
    told = debug.curve(place, scores, episodes)
    np.testing.assert_array_equal(
        np.concatenate(told.excess),
        over_rewarded(np.concatenate(scores), np.concatenate([one.oracle for one in episodes])),
    )
    found = debug.moments([place], [told], episodes, seen(episodes), places=6)
    assert [(one.kind, one.episode, one.step) for one in found] == [("over", 1, 30), ("under", 0, 35)]
    over = found[0]
    np.testing.assert_array_equal(over.frame, episodes[1].frames[30])
    assert (over.score, over.standing) == (2.0, 1.0)
    assert over.oracle == episodes[1].oracle[30]
    assert over.true_standing < 0.5
    assert over.heat.shape == over.frame.shape[:2]


def test_moments_of_one_episode_lie_a_tenth_of_it_apart(episodes, place):
    scores = [np.linspace(0, 1, 40), np.linspace(0, 1, 40)]  # rises to the right and to the left alike
    told = debug.curve(place, scores, episodes)
    found = debug.moments([place], [told], episodes, seen(episodes), places=0)
    assert {one.heat is None for one in found} == {True}
    over = [one for one in found if one.kind == "over"]
    assert {one.episode for one in over} == {1}
    assert len(over) == debug.SHOWN
    steps = sorted(one.step for one in over)
    assert min(np.diff(steps)) >= 4


def test_without_truth_they_are_the_peaks_and_the_valleys(episodes, place):
    blind = tuple(Played(one.name, one.frames) for one in episodes)
    told = debug.curve(place, [place(one.frames) for one in blind], blind)
    assert told.excess is None
    assert told.spearman is None
    found = debug.moments([place], [told], blind, seen(blind), places=0)
    assert [one.kind for one in found] == ["high"] * debug.SHOWN + ["low"] * debug.SHOWN
    assert found[0].score == max(map(np.max, told.values))
    assert found[debug.SHOWN].score == min(map(np.min, told.values))
    assert {one.oracle for one in found} == {None}


def test_a_large_frame_is_mapped_at_a_size_that_encoders_read(episodes):
    sizes = set()

    class Bright:
        def frames(self, frames, words):
            sizes.add(frames.shape[1:])
            return frames.mean(axis=(1, 2, 3))

    large = (Played("film", np.random.default_rng(0).integers(0, 256, (2, 500, 900, 3), np.uint8)),)
    voice = debug.Voice("bright", "", Bright(), WORDS)
    found = debug.moments([voice], [debug.curve(voice, [np.arange(2.0)], large)], large, seen(large), places=5)
    assert sizes == {(167, 300, 3)}
    assert {one.frame.shape for one in found} == {(500, 900, 3)}
    assert {one.heat.shape for one in found} == {(167, 300)}


def test_each_curve_has_its_own_moments(episodes, place):
    wrong = debug.Voice("left", "its opposite", Place(), WORDS)
    scores = [place(one.frames) for one in episodes]
    curves = [
        debug.curve(place, scores, episodes),
        debug.curve(wrong, [-one for one in scores], episodes),
    ]
    found = debug.moments([place, wrong], curves, episodes, seen(episodes), places=0)
    assert {one.curve for one in found} == {1}
    assert curves[1].spearman < -0.99
