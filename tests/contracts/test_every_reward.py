"""What every reward that reads one frame at a time promises: all are found by name and asked the same questions."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vlmrl import rewards
from vlmrl.config.parts import part
from vlmrl.errors import ConfigError, ShapeError
from vlmrl.find import names
from vlmrl.rewards._bases.embedding import EmbeddingReward
from vlmrl.rewards.base import FrameReward
from vlmrl.scoring import Scorer
from vlmrl.types import Words

EVERY = [name for name in names("reward") if issubclass(part("reward", name), FrameReward)]
OTHER = Words.of("the cart is at the left end", "a cart on a rail", "the cart is at the right end")


def shown(name):
    """Pictures and films for the settings of a reward that wants some."""
    rng = np.random.default_rng(7)
    several = {"goal": (2, 32, 32, 3), "start": (2, 32, 32, 3), "way": (2, 12, 32, 32, 3), "random": (6, 32, 32, 3)}
    wanted = part("reward", name).missing_pictures({})
    return {key: rng.integers(0, 256, several[sight], dtype=np.uint8) for key, sight in wanted.items()}


@pytest.fixture(params=EVERY)
def model(request, toy_encoder):
    return rewards.load(request.param, toy_encoder, **shown(request.param))


def test_scores_are_finite_float32_one_a_frame(model, frames, words):
    scores = model.score_frames(frames, words)
    assert (scores.dtype, tuple(scores.shape)) == (torch.float32, (len(frames),))
    assert torch.isfinite(scores).all()


def test_scores_tell_frames_apart(model, frames, words):
    assert len(model.score_frames(frames, words).unique()) > 1


def test_the_declared_range_is_held(model, words):
    noise = np.random.default_rng(0).integers(0, 256, (64, 32, 32, 3), dtype=np.uint8)
    scores = model.score_frames(noise, words)
    assert model.low is None or scores.min() >= model.low
    assert model.high is None or scores.max() <= model.high


def test_the_declared_range_is_its_formulas_own(model, words):
    """What is cut off at a bound that is too narrow would look like a reward that is flat there."""
    if not isinstance(model, EmbeddingReward):
        pytest.skip("scores frames in a way of its own")
    rng = torch.Generator().manual_seed(0)
    ends = model.encoder.texts(words.sentences)  # a frame may look exactly like a sentence, or like its opposite
    images = torch.cat([torch.randn(500, ends.shape[1], generator=rng), ends, -ends])
    raw = model._score(torch.nn.functional.normalize(images, dim=1), words)
    assert model.low is None or raw.min() >= model.low - 1e-5
    assert model.high is None or raw.max() <= model.high + 1e-5


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(13)), batch_size=st.integers(1, 16))
def test_neither_order_nor_batch_changes_a_score(model, frames, words, order, batch_size):
    together = model.score_frames(frames, words).numpy()
    cut = Scorer(model, batch_size=batch_size).frames(frames[order], words)
    np.testing.assert_allclose(cut, together[order], atol=1e-5, rtol=0)


def test_frames_with_gaps_and_on_their_head_score_alike(model, frames, words):
    wide = np.zeros((13, 32, 64, 3), dtype=np.uint8)
    wide[:, :, ::2] = frames
    whole = model.score_frames(frames, words)
    for laid_out in (wide[:, :, ::2], torch.from_numpy(frames), frames[::-1][::-1]):
        torch.testing.assert_close(model.score_frames(laid_out, words), whole, atol=1e-5, rtol=0)
    torch.testing.assert_close(model.score_frames(frames[::-1], words), whole.flip(0), atol=1e-5, rtol=0)


def test_no_frame_gives_no_score(model, frames, words):
    assert tuple(model.score_frames(frames[:0], words).shape) == (0,)


def test_the_same_question_has_the_same_answer(model, frames, words):
    assert torch.equal(model.score_frames(frames, words), model.score_frames(frames, words))


def test_words_one_per_row_score_as_they_would_alone(model, frames, words):
    rows = [words if index % 3 else OTHER for index in range(len(frames))]
    mixed = model.score_frames(frames, rows)
    alone = torch.cat([model.score_frames(frames[i : i + 1], one) for i, one in enumerate(rows)])
    torch.testing.assert_close(mixed, alone, atol=1e-5, rtol=0)


def test_a_wrong_number_of_words_is_refused(model, frames, words):
    with pytest.raises(ShapeError, match=r"words: 2 sets for 13 frames"):
        model.score_frames(frames, [words, words])


@pytest.mark.parametrize("shape", [(13, 32, 32), (13, 3, 32, 32), (13, 0, 32, 3)])
def test_frames_of_another_shape_are_refused(model, words, shape):
    with pytest.raises(ShapeError, match=r"must be \(B, H, W, 3\)"):
        model.score_frames(np.zeros(shape, dtype=np.uint8), words)


def test_frames_of_floats_are_refused(model, frames, words):
    with pytest.raises(ShapeError, match=r"must be uint8"):
        model.score_frames(frames.astype(np.float32), words)


def test_a_side_that_it_needs_and_lacks_is_refused(model, frames, words):
    for side, needed in (("baseline", model.needs_baseline), ("negative", model.needs_negative)):
        lacking = Words(**{**{"goal": words.goal, "baseline": words.baseline, "negative": words.negative}, side: ()})
        if not needed:
            model.check(lacking)
            continue
        with pytest.raises(ConfigError, match=rf"{side}: is missing"):
            model.check(lacking)
        with pytest.raises(ConfigError, match=rf"{side}: is missing"):
            model.score_frames(frames, lacking)


def test_a_sentence_too_long_is_refused_before_any_frame(model, words):
    long = Words.of(" ".join(["pole"] * 99), words.baseline, words.negative)
    with pytest.raises(ConfigError, match=r"tokens"):
        model.check(long)


@pytest.mark.parametrize("name", EVERY)
def test_its_yaml_and_its_constructor_agree_on_the_defaults(name, toy_encoder):
    model = rewards.load(name, toy_encoder, **shown(name))
    assert 8 <= len(model.fingerprint) <= 64
    assert part("reward", name)(toy_encoder, **shown(name)).fingerprint == model.fingerprint


@pytest.mark.parametrize("name", EVERY)
def test_pictures_that_nobody_shows_are_asked_for_by_name(name, toy_encoder):
    wanted = shown(name)
    for key in wanted:
        lacking = {other: frames for other, frames in wanted.items() if other != key}
        with pytest.raises(ConfigError, match=rf"reward\.{key}: is missing; give reward\.{key}=.*or a task"):
            rewards.load(name, toy_encoder, **lacking)


def test_rewards_have_fingerprints_of_their_own(toy_encoder):
    found = [rewards.load(name, toy_encoder, **shown(name)).fingerprint for name in EVERY]
    assert len(set(found)) == len(found)
