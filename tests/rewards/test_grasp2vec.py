"""Differences of embeddings: what changed against what should."""

import numpy as np
import pytest
import torch

from vlmrl.errors import ConfigError
from vlmrl.rewards.grasp2vec import Grasp2Vec, difference_score


def test_is_the_cosine_of_both_differences_where_something_changed(toy_encoder, frames, words):
    start, goal = (toy_encoder.images(frames[row : row + 1])[0].double().numpy() for row in (0, 1))
    expected = []
    for frame in frames[2:]:
        change = toy_encoder.images(frame[None])[0].double().numpy() - start
        expected.append(change @ (goal - start) / max(np.linalg.norm(change), 0.1) / np.linalg.norm(goal - start))
    scores = Grasp2Vec(toy_encoder, frames[1], frames[0]).score_frames(frames[2:], words)
    np.testing.assert_allclose(scores.numpy(), expected, atol=1e-5)


def test_the_start_is_worth_nothing_and_the_goal_one(toy_encoder, frames, words):
    scores = Grasp2Vec(toy_encoder, frames[1], frames[0]).score_frames(frames[:2], words)
    np.testing.assert_allclose(scores.numpy(), [0, 1], atol=1e-4)


def test_a_small_change_is_paid_in_proportion_to_its_length():
    start, goal = torch.tensor([1.0, 0, 0]), torch.tensor([0, 1.0, 0])
    line = (goal - start) / 2**0.5
    images = start + torch.tensor([0.0, 0.05, 0.1, 0.2])[:, None] * line
    np.testing.assert_allclose(difference_score(images, goal, start, 0.1).numpy(), [0, 0.5, 1, 1], atol=1e-5)


def test_goal_and_start_alike_and_a_length_out_of_range_are_refused(toy_encoder, frames):
    with pytest.raises(ConfigError, match=r"reward\.image, reward\.start: their pictures are 0\.0000 apart"):
        Grasp2Vec(toy_encoder, frames[0], frames[0])
    with pytest.raises(ConfigError, match=r"reward\.least=0: must be a number between"):
        Grasp2Vec(toy_encoder, frames[0], frames[1], least=0)
