"""A film's embedding is the mean of its frames', against the mean taken frame by frame."""

import numpy as np
import pytest
import torch

from vlmrl import rewards
from vlmrl.errors import ConfigError, ShapeError
from vlmrl.rewards.roboclip import RoboClip, film_embedding
from vlmrl.types import Words


def embedded(encoder, film):
    """One frame at a time, in float64."""
    rows = [encoder.images(frame[None])[0].double().numpy() for frame in film]
    mean = sum(rows) / len(rows)
    return mean / np.linalg.norm(mean)


def test_is_the_cosine_of_the_mean_frame_and_the_mean_sentence(toy_encoder, frames, words):
    sentence = sum(toy_encoder.texts([one])[0].double().numpy() for one in words.goal)
    expected = embedded(toy_encoder, frames) @ sentence / np.linalg.norm(sentence)
    score = RoboClip(toy_encoder).score_clip(frames, words)
    np.testing.assert_allclose(score.item(), expected, atol=1e-5)


def test_with_a_film_it_is_the_cosine_of_both_films_whatever_the_words(toy_encoder, frames, words):
    model = RoboClip(toy_encoder, frames[:5])
    expected = embedded(toy_encoder, frames[6:]) @ embedded(toy_encoder, frames[:5])
    np.testing.assert_allclose(model.score_clip(frames[6:], words).item(), expected, atol=1e-5)
    assert model.score_clip(frames[6:], Words.of("something else")) == model.score_clip(frames[6:], words)
    np.testing.assert_allclose(model.score_clip(frames[:5], words).item(), 1.0, atol=1e-5)
    assert not model.reads_words
    assert RoboClip(toy_encoder).reads_words


def test_several_films_count_as_their_mean(toy_encoder, frames, words):
    model = RoboClip(toy_encoder, [frames[:4], frames[4:7]])
    both = embedded(toy_encoder, frames[:4]) + embedded(toy_encoder, frames[4:7])
    expected = embedded(toy_encoder, frames[8:]) @ both / np.linalg.norm(both)
    np.testing.assert_allclose(model.score_clip(frames[8:], words).item(), expected, atol=1e-5)


def test_of_a_long_clip_frames_evenly_spread_are_read_the_first_and_last_among_them(toy_encoder, frames, words):
    model = RoboClip(toy_encoder, frames=4)
    np.testing.assert_allclose(
        model.score_clip(frames, words).item(), model.score_clip(frames[[0, 4, 8, 12]], words).item(), atol=1e-6
    )


def test_its_order_is_not_read(toy_encoder, frames, words):
    model = RoboClip(toy_encoder)
    torch.testing.assert_close(model.score_clip(frames, words), model.score_clip(frames[::-1], words))


def test_frames_that_cancel_point_nowhere_and_the_model_abstains():
    assert film_embedding(torch.tensor([[1.0, 0], [-1.0, 0]])).isnan().all()


def test_a_film_of_one_frame_of_other_proportions_or_none_is_refused(toy_encoder, frames, words, tmp_path):
    with pytest.raises(ConfigError, match=r"reward\.film \(frames \(1, 32, 32, 3\)\): a film of 1 frames; it takes 2"):
        RoboClip(toy_encoder, frames[:1])
    with pytest.raises(ConfigError, match=r"reward\.film.*is no file"):
        RoboClip(toy_encoder, tmp_path / "none.mp4")
    with pytest.raises(ConfigError, match=r"reward\.film.*: is 32 x 16 pixels .* frames are 32 x 32; .*within a tenth"):
        RoboClip(toy_encoder, frames[:, :, :16]).score_clip(frames, words)
    with pytest.raises(ShapeError, match=r"clip \(0, 32, 32, 3\): must be \(T, H, W, 3\) with a frame or more"):
        RoboClip(toy_encoder).score_clip(frames[:0], words)
    with pytest.raises(ConfigError, match=r"reward\.frames=0: must be a number between 1 and 1024"):
        RoboClip(toy_encoder, frames=0)


def test_a_film_of_another_size_and_the_same_proportions_will_do(toy_encoder, frames, words):
    larger = np.kron(frames[:4], np.ones((1, 2, 2, 1), np.uint8))
    score = rewards.load("roboclip", toy_encoder, film=larger).score_clip(frames[:4], words)
    assert score > 0.98
