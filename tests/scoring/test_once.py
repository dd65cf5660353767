"""One call from frames and words to numbers."""

import numpy as np
import pytest

from vlmrl.errors import ConfigError, UnknownName
from vlmrl.rewards.goal_baseline import GoalBaseline
from vlmrl.scoring import Scorer, score


def test_is_the_scorers_answer(toy_encoder, frames, words):
    theirs = Scorer(GoalBaseline(toy_encoder, alpha=0.25)).frames(frames, words)
    np.testing.assert_array_equal(score(frames, words, encoder=toy_encoder, alpha=0.25), theirs)


def test_a_plain_string_is_a_goal(toy_encoder, frames):
    with pytest.raises(ConfigError, match="baseline: is missing; GoalBaseline compares the goal with it"):
        score(frames, "a pole", encoder=toy_encoder)


def test_an_encoder_is_built_once_by_name(toy_directory, frames, words):
    name = f"local-dir:{toy_directory}"
    first = score(frames, words, encoder=name)
    from vlmrl.encoders import _built

    before = _built.cache_info().misses
    np.testing.assert_array_equal(score(frames, words, encoder=name), first)
    assert _built.cache_info().misses == before


def test_what_is_unknown_is_named(toy_encoder, frames, words):
    with pytest.raises(UnknownName, match=r"reward=goal_bas: is not known; did you mean goal_baseline\?"):
        score(frames, words, "goal_bas", toy_encoder)
    with pytest.raises(UnknownName, match=r"encoder=sim_clap"):
        score(frames, words, encoder="sim_clap")
    with pytest.raises(ConfigError, match=r"reward\.alhpa.*did you mean reward\.alpha"):
        score(frames, words, encoder=toy_encoder, alhpa=0.5)
