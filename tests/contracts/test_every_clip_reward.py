"""What every reward that reads a whole clip promises: all are found by name and asked the same questions."""

import numpy as np
import pytest
import torch

from vlmrl import rewards
from vlmrl.config.parts import part
from vlmrl.errors import ConfigError, ShapeError
from vlmrl.find import names
from vlmrl.rewards.base import ClipReward
from vlmrl.scoring import Scorer
from vlmrl.scoring.clips import ClipScorer, scorer_for
from vlmrl.types import Words

EVERY = [name for name in names("reward") if issubclass(part("reward", name), ClipReward)]
OTHER = Words.of("the cart is at the left end", "a cart on a rail", "the cart is at the right end")


def shown(name):
    """Films for the settings of a reward that wants some."""
    rng = np.random.default_rng(7)
    wanted = part("reward", name).missing_pictures({})
    return {key: rng.integers(0, 256, (2, 12, 32, 32, 3), dtype=np.uint8) for key in wanted}


@pytest.fixture(params=EVERY)
def model(request, toy_encoder):
    return rewards.load(request.param, toy_encoder, **shown(request.param))


@pytest.fixture
def clips(frames):
    """Four clips of five frames, uint8 (4, 5, 32, 32, 3)."""
    return np.stack([frames[start : start + 5] for start in (0, 3, 5, 8)])


def test_it_is_paid_once_an_episode(model):
    assert (model.cadence, model.causal) == ("episode", False)


def test_one_clip_gives_one_number_and_several_as_many(model, clips, words):
    score, scores = model.score_clip(clips[0], words), model.score_clip(clips, words)
    assert (score.dtype, tuple(score.shape)) == (torch.float32, ())
    assert (scores.dtype, tuple(scores.shape)) == (torch.float32, (4,))
    assert torch.isfinite(scores).all()
    assert len(scores.unique()) > 1


def test_a_clips_score_does_not_depend_on_its_batch(model, clips, words):
    alone = torch.stack([model.score_clip(clip, words) for clip in clips])
    torch.testing.assert_close(alone, model.score_clip(clips, words), atol=1e-5, rtol=0)
    torch.testing.assert_close(model.score_clip(torch.from_numpy(clips), words), alone, atol=1e-5, rtol=0)


def test_words_one_per_clip_score_as_they_would_alone(model, clips, words):
    rows = [words, OTHER, words, OTHER]
    alone = torch.stack([model.score_clip(clip, one) for clip, one in zip(clips, rows, strict=True)])
    torch.testing.assert_close(model.score_clip(clips, rows), alone, atol=1e-5, rtol=0)
    with pytest.raises(ShapeError, match=r"words: 2 sets for 4 clips; give one set, or one per clip"):
        model.score_clip(clips, rows[:2])


def test_clips_of_any_length_are_in_the_declared_range(model, words):
    rng = np.random.default_rng(0)
    for length in (1, 2, 3, 70):
        score = float(model.score_clip(rng.integers(0, 256, (length, 32, 32, 3), dtype=np.uint8), words))
        assert model.low is None or score >= model.low
        assert model.high is None or score <= model.high


@pytest.mark.parametrize("shape", [(0, 32, 32, 3), (32, 32, 3), (2, 0, 32, 32, 3), (4, 32, 32), (3, 32, 32, 4)])
def test_what_is_no_clip_is_refused(model, words, shape):
    with pytest.raises(ShapeError, match=r"must be \("):
        model.score_clip(np.zeros(shape, np.uint8), words)


def test_frames_of_floats_are_refused(model, frames, words):
    with pytest.raises(ShapeError, match=r"must be uint8"):
        model.score_clip(frames.astype(np.float32), words)


def test_its_scorer_counts_clips_frames_and_abstentions(model, frames, words, monkeypatch):
    scorer = scorer_for(model)
    assert isinstance(scorer, ClipScorer)
    scores = scorer.clips([frames, frames[:4]], words)
    expected = [model.score_clip(frames, words).item(), model.score_clip(frames[:4], words).item()]
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    monkeypatch.setattr(model, "_worth", lambda film, words: film.new_tensor(np.nan))
    assert np.isnan(scorer.clips([frames[:3]], words)).all()
    assert (scorer.clips_scored, scorer.frames_scored, scorer.abstained) == (3, 20, 1)
    assert scorer.clips([], words).shape == (0,)
    assert scorer.seconds > 0


def test_what_a_clip_was_worth_so_far_is_what_its_beginnings_are_worth(model, frames, words):
    so_far = ClipScorer(model).so_far(frames[:4], words)
    expected = [model.score_clip(frames[: end + 1], words).item() for end in range(4)]
    np.testing.assert_allclose(so_far, expected, atol=1e-5)


def test_the_scorer_of_frames_refuses_it(model):
    with pytest.raises(ConfigError, match=r"does not score single frames; it reads clips"):
        Scorer(model)


@pytest.mark.parametrize("name", EVERY)
def test_its_yaml_and_its_constructor_agree_on_the_defaults(name, toy_encoder):
    model = rewards.load(name, toy_encoder, **shown(name))
    assert part("reward", name)(toy_encoder, **shown(name)).fingerprint == model.fingerprint
    assert 8 <= len(model.fingerprint) <= 64


@pytest.mark.parametrize("name", EVERY)
def test_films_that_nobody_shows_are_asked_for_by_name(name, toy_encoder):
    for key in shown(name):
        with pytest.raises(ConfigError, match=rf"reward\.{key}: is missing; give reward\.{key}=.*or a task"):
            rewards.load(name, toy_encoder)
