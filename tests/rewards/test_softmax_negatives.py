"""The probability of the goal among negatives, and the paper's sparse form."""

import numpy as np
import pytest
import torch
from scipy.special import softmax

from vlmrl.errors import ConfigError
from vlmrl.rewards.softmax_negatives import SoftmaxNegatives, softmax_score
from vlmrl.types import Words


@pytest.mark.parametrize("tau", [0.01, 0.1, 1.0])
def test_is_the_softmax_over_goal_and_negatives(tau):
    rng = np.random.default_rng(0)
    images, goal, negatives = rng.normal(size=(6, 8)), rng.normal(size=8), rng.normal(size=(3, 8))
    slow = softmax(images @ np.vstack([goal, negatives]).T / tau, axis=1)[:, 0]
    fast = softmax_score(torch.tensor(images), torch.tensor(goal), torch.tensor(negatives), tau)
    np.testing.assert_allclose(fast.numpy(), slow, atol=1e-12)


def test_a_threshold_makes_it_one_or_nothing(toy_encoder, frames, words):
    probable = SoftmaxNegatives(toy_encoder, tau=0.1).score_frames(frames, words)
    middle = float(probable.median())
    sparse = SoftmaxNegatives(toy_encoder, tau=0.1, threshold=middle).score_frames(frames, words)
    assert sparse.tolist() == (probable > middle).float().tolist()
    assert 0 < sparse.sum() < len(frames)


def test_the_baseline_is_not_read(toy_encoder, frames, words):
    model = SoftmaxNegatives(toy_encoder, tau=0.1)
    alone = Words(words.goal, (), words.negative)
    assert torch.equal(model.score_frames(frames, words), model.score_frames(frames, alone))


def test_words_without_a_negative_are_refused(toy_encoder):
    with pytest.raises(ConfigError, match=r"negative: is missing; SoftmaxNegatives compares.*negative='\.\.\.'"):
        SoftmaxNegatives(toy_encoder).check(Words.of("a pole", "a cart"))


@pytest.mark.parametrize(("key", "value"), [("tau", 0.0), ("tau", -1.0), ("threshold", 1.5)])
def test_a_setting_outside_its_range_is_named(toy_encoder, key, value):
    with pytest.raises(ConfigError, match=rf"reward\.{key}={value}: must be a number between"):
        SoftmaxNegatives(toy_encoder, **{key: value})
