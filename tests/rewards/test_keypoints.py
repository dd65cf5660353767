"""The pay for a place along a way: the formula as it reads, and settings that are none."""

import numpy as np
import pytest

from vlmrl import rewards
from vlmrl.config.parts import part
from vlmrl.errors import Abstained, ConfigError, ShapeError
from vlmrl.rewards.keypoints import Keypoints
from vlmrl.scoring.scorer import Scorer
from vlmrl.scoring.tracks import TrackScorer


def slowly(share, off, there, stray, gap):
    if there:
        return 1.0
    return min(max(share - stray * off, 0.0), 1.0 - gap)


@pytest.mark.parametrize(("stray", "gap"), [(1.0, 0.05), (0.3, 0.2), (0.0, 0.001)])
def test_it_is_the_formula(stray, gap):
    rng = np.random.default_rng(0)
    tracks = np.stack([rng.uniform(-0.2, 1, 200), rng.exponential(0.3, 200), rng.random(200) < 0.1], axis=-1)
    scores = Keypoints(None, stray=stray, gap=gap).score_tracks(tracks.astype(np.float32))
    assert scores.dtype == np.float32
    assert scores.shape == (200,)
    columns = tracks.astype(np.float32).T
    wanted = [slowly(share, off, there, stray, gap) for share, off, there in zip(*columns, strict=True)]
    np.testing.assert_allclose(scores, wanted, atol=1e-6)
    assert scores.min() >= Keypoints.low
    assert scores.max() <= Keypoints.high


def test_success_replaces_the_way_and_is_more_than_any_of_it(words):
    scorer = TrackScorer(Keypoints(None))
    at_the_end, there = np.array([[1, 0, 0], [0, 9, 1]], np.float32)
    on_the_way, done = scorer.frames(np.stack([at_the_end, there]), words)
    assert (on_the_way, done) == (np.float32(0.95), 1.0)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"stray": -1}, r"reward\.stray=-1: must be a number"),
        ({"gap": 0}, r"reward\.gap=0: must be a number"),
        ({"held": "often"}, r"reward\.held=often: is not known; known: moved, closed, never"),
        ({"success": "maybe"}, r"reward\.success=maybe"),
    ],
)
def test_settings_out_of_range_are_refused(settings, said, toy_encoder):
    with pytest.raises(ConfigError, match=said):
        rewards.load("keypoints", toy_encoder, **settings)


def test_its_yaml_and_its_constructor_agree_on_the_defaults(toy_encoder):
    assert rewards.load("keypoints", toy_encoder).fingerprint == part("reward", "keypoints")(toy_encoder).fingerprint
    assert rewards.load("keypoints", toy_encoder, gap=0.1).fingerprint != Keypoints(toy_encoder).fingerprint


def test_pictures_are_refused_with_what_would_be_right(toy_encoder, frames, words):
    with pytest.raises(
        ConfigError, match=r"Keypoints: goes by the robot's keypoint along an episode.*vlmrl bench|bench"
    ):
        Scorer(Keypoints(toy_encoder))
    with pytest.raises(ShapeError, match=r"must be float32 \(B, 3\)"):
        TrackScorer(Keypoints(toy_encoder)).frames(frames, words)


def test_an_episode_that_nobody_planned_is_not_paid(words):
    with pytest.raises(Abstained, match="holds no number"):
        TrackScorer(Keypoints(None)).frames(np.array([[0.1, np.nan, 0]], np.float32), words)
