"""The cosine reward is the cosine."""

import torch
from torch.nn.functional import cosine_similarity

from vlmrl.rewards.cosine import Cosine
from vlmrl.types import Words


def test_is_the_cosine_between_frame_and_goal(toy_encoder, frames):
    goal = toy_encoder.texts(("a pole",))
    scores = Cosine(toy_encoder).score_frames(frames, Words.of("a pole"))
    torch.testing.assert_close(scores, cosine_similarity(toy_encoder.images(frames), goal), atol=1e-6, rtol=0)


def test_neither_baseline_nor_negatives_change_it(toy_encoder, frames, words):
    alone = Words.of(words.goal)
    model = Cosine(toy_encoder)
    assert torch.equal(model.score_frames(frames, words), model.score_frames(frames, alone))
