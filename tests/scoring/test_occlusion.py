"""An occlusion map is hot where the score is read, and nowhere else."""

import numpy as np
import pytest

from vlmrl.errors import ConfigError, ShapeError
from vlmrl.rewards.goal_baseline import GoalBaseline
from vlmrl.scoring import occlusion
from vlmrl.scoring.occlusion import occlusion_map
from vlmrl.scoring.scorer import Scorer

SIDE, CORNER = 40, 8


@pytest.fixture
def picture():
    """uint8 (40, 40, 3), a chequered board: blurring changes it everywhere."""
    board = np.indices((SIDE, SIDE)).sum(0) // 4 % 2 * 255
    return np.repeat(board[..., None], 3, axis=-1).astype(np.uint8)


def contrast(part):
    """A reward that sees how sharp one part of the picture is, and nothing beside it."""
    return lambda frames: frames[(slice(None), *part)].astype(float).std(axis=(1, 2, 3))


@pytest.mark.parametrize("down", [slice(0, CORNER), slice(SIDE - CORNER, SIDE)])
@pytest.mark.parametrize("across", [slice(0, CORNER), slice(SIDE - CORNER, SIDE)])
def test_a_reward_that_reads_one_corner_is_hot_there_alone(picture, down, across):
    heat = occlusion_map(picture, contrast((down, across)), places=10, patch=0.2)
    assert heat.shape == (SIDE, SIDE)
    assert heat.dtype == np.float32
    reach = np.ones((SIDE, SIDE), dtype=bool)  # no patch that touches the corner covers what lies beyond its own side
    reach[max(0, down.start - CORNER) : down.stop + CORNER, max(0, across.start - CORNER) : across.stop + CORNER] = (
        False
    )
    np.testing.assert_array_equal(heat[reach], 0)
    assert heat[down, across].min() > 0
    hottest = np.unravel_index(heat.argmax(), heat.shape)
    assert down.start <= hottest[0] < down.stop
    assert across.start <= hottest[1] < across.stop


def test_it_is_the_mean_drop_over_the_patches_that_cover_a_pixel(picture):
    def score(frames):
        return frames[:, 10:30, 5:20].astype(float).std(axis=(1, 2, 3))

    heat = occlusion_map(picture, score, places=6, patch=0.25)
    blurred = occlusion._blurred(picture, 0.25)
    total, count = np.zeros((SIDE, SIDE)), np.zeros((SIDE, SIDE))
    for top in (0, 6, 12, 18, 24, 30):
        for left in (0, 6, 12, 18, 24, 30):
            covered = picture.copy()
            covered[top : top + 10, left : left + 10] = blurred[top : top + 10, left : left + 10]
            total[top : top + 10, left : left + 10] += score(picture[None])[0] - score(covered[None])[0]
            count[top : top + 10, left : left + 10] += 1
    np.testing.assert_allclose(heat, total / count, atol=1e-4)


def test_what_speaks_against_the_score_is_below_0(picture):
    part = (slice(0, CORNER), slice(0, CORNER))
    np.testing.assert_allclose(
        occlusion_map(picture, lambda frames: -contrast(part)(frames)), -occlusion_map(picture, contrast(part))
    )


def test_copies_scored_in_parts_give_the_same_map(picture, monkeypatch):
    sizes = []

    def score(frames):
        sizes.append(len(frames))
        return contrast((slice(4, 20), slice(0, 30)))(frames)

    whole = occlusion_map(picture, score)
    assert sizes == [1, 144]
    monkeypatch.setattr(occlusion, "MOST_BYTES", 5 * picture.nbytes)
    np.testing.assert_array_equal(occlusion_map(picture, score), whole)
    assert max(sizes[2:]) == 5


def test_a_real_model_through_the_scorer_has_a_map(toy_encoder, frames, words):
    scorer = Scorer(GoalBaseline(toy_encoder))
    heat = occlusion_map(frames[0], lambda some: scorer.frames(some, words), places=5)
    assert np.isfinite(heat).all()
    assert heat.std() > 0
    assert scorer.frames_scored + scorer.duplicates == 26


def test_a_picture_of_few_pixels_and_a_long_one_are_covered_whole():
    for shape in ((1, 1, 3), (3, 200, 3)):
        frame = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        assert np.isfinite(occlusion_map(frame, lambda frames: frames.mean(axis=(1, 2, 3)))).all()


@pytest.mark.parametrize("wrong", [np.zeros((2, 8, 8, 3), np.uint8), np.zeros((8, 8, 3)), np.zeros((8, 8), np.uint8)])
def test_what_is_no_picture_is_named(wrong):
    with pytest.raises(ShapeError, match=r"must be one picture, uint8 \(H, W, 3\)"):
        occlusion_map(wrong, lambda frames: frames.mean(axis=(1, 2, 3)))


@pytest.mark.parametrize(("places", "patch"), [(3, 0.2), (12, 0.0), (12, 1.0)])
def test_a_patch_that_cannot_cover_the_picture_is_named(picture, places, patch):
    with pytest.raises(ConfigError, match="must cover the picture"):
        occlusion_map(picture, lambda frames: frames.mean(axis=(1, 2, 3)), places, patch)
