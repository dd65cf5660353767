"""Frames held for their score: the same scores whether all wait or the first are scored while others come."""

import threading

import numpy as np
import pytest

from vlmrl.agents.deferred.held import HeldFrames
from vlmrl.errors import Abstained
from vlmrl.wrappers.scores import CheckedScores


class Scorer:
    """Scores a frame by its first level, and notes who asked for how many."""

    def __init__(self, ahead):
        self.ahead = ahead
        self.calls = []
        self.silent = None
        self.called = threading.Event()

    def frames(self, frames, words):
        self.called.set()
        self.calls.append((threading.current_thread() is threading.main_thread(), len(frames)))
        scores = frames[:, 0, 0, 0].astype(np.float32)
        scores[scores == self.silent] = np.nan
        return scores


def frame(level):
    return np.full((2, 2, 3), level, np.uint8)


@pytest.mark.parametrize(("ahead", "calls"), [(0, [(True, 11)]), (4, [(False, 4), (False, 4), (False, 3)])])
def test_every_score_goes_to_its_places(ahead, calls):
    scorer = Scorer(ahead)
    held, scores, twice = HeldFrames(CheckedScores(scorer, None), 12), np.zeros(11), np.zeros(11)
    for again in range(2):
        for level in range(11):
            held.add(frame(level + again), str(level), (scores, level), (twice, level))
        held.score()
        assert len(held) == 0
        assert scores.tolist() == twice.tolist() == [level + again for level in range(11)]
    assert scorer.calls == 2 * calls


def test_the_first_are_scored_while_others_are_added():
    scorer = Scorer(2)
    held, scores = HeldFrames(CheckedScores(scorer, None), 5), np.zeros(5)
    for level in range(2):
        held.add(frame(level), str(level), (scores, level))
    assert scorer.called.wait(5)  # nobody has asked for scores yet
    for level in range(2, 5):
        held.add(frame(level), str(level), (scores, level))
    held.score()
    assert scores.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("ahead", [0, 2])
def test_frames_without_a_number_are_named_and_stay_held(ahead):
    scorer = Scorer(ahead)
    scorer.silent = 3
    held, scores = HeldFrames(CheckedScores(scorer, None), 6), np.zeros(6)
    for level in range(6):
        held.add(frame(level), f"step {level}", (scores, level))
    with pytest.raises(Abstained, match="step 3"):
        held.score()
    assert len(held) == 6
    assert not scores.any()
    scorer.silent = None
    held.score()
    assert scores.tolist() == [0, 1, 2, 3, 4, 5]
