"""The place that fits best, against all places asked one by one."""

import math

import numpy as np
import pytest
import torch

from vlmrl import encoders
from vlmrl.errors import ConfigError
from vlmrl.rewards.patches import Patches, soft_largest
from vlmrl.types import Words


@pytest.mark.parametrize(("tau", "fine"), [(0.05, 1), (1.0, 1), (0.05, 2)])
def test_is_the_log_of_the_mean_of_exponentials_over_places(toy_encoder, frames, words, tau, fine):
    goal = toy_encoder.texts(words.goal).mean(0)
    goal = goal / goal.norm()
    expected = []
    for frame in frames:
        places = toy_encoder.patches(frame[None], fine)[0].reshape(-1, toy_encoder.dim)
        cosines = [float(place @ goal) for place in places]
        expected.append(tau * math.log(sum(math.exp(cosine / tau) for cosine in cosines) / len(cosines)))
    scores = Patches(toy_encoder, tau, fine).score_frames(frames, words)
    np.testing.assert_allclose(scores.numpy(), expected, atol=1e-5)


def test_without_temperature_the_best_place_counts_alone(toy_encoder, frames, words):
    scores = Patches(toy_encoder, tau=0).score_frames(frames, words)
    best = toy_encoder.similarity(frames, words.goal).flatten(1).amax(1)
    torch.testing.assert_close(scores, best, atol=1e-5, rtol=0)


def test_it_lies_between_the_mean_and_the_largest_and_rises_with_any_place():
    cosines = torch.rand(200, 9, generator=torch.Generator().manual_seed(0)) * 2 - 1
    for tau in (0.01, 0.1, 10.0):
        soft = soft_largest(cosines, tau)
        assert (soft >= cosines.mean(-1) - 1e-5).all()
        assert (soft <= cosines.amax(-1) + 1e-5).all()
        assert (soft_largest(cosines + 0.1 * torch.eye(9)[4], tau) >= soft).all()


def test_baseline_and_negatives_are_not_read(toy_encoder, frames, words):
    model = Patches(toy_encoder)
    assert torch.equal(model.score_frames(frames, words), model.score_frames(frames, Words(words.goal)))


def test_numbers_out_of_range_and_an_encoder_without_places_are_refused(toy_encoder):
    with pytest.raises(ConfigError, match=r"reward\.tau=-1: must be a number between"):
        Patches(toy_encoder, tau=-1)
    with pytest.raises(ConfigError, match=r"reward\.fine=1\.5: must be a whole number between 1 and 16"):
        Patches(toy_encoder, fine=1.5)
    whole = encoders.load("sim_clip", device="cpu", precision="int8")
    with pytest.raises(ConfigError, match=r"encoder: its image tower \(.*\) has no dense features"):
        Patches(whole)
