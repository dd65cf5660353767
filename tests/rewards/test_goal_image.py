"""Likeness to pictures: the formula, the files, and what cannot be compared."""

import numpy as np
import pytest
import torch
from PIL import Image

from vlmrl import rewards
from vlmrl.errors import ConfigError, ShapeError
from vlmrl.rewards.goal_image import GoalImage
from vlmrl.types import Words
from vlmrl.video.film import Film


def slow(encoder, pictures):
    """Pictures one at a time, their mean brought back to length 1."""
    each = [encoder.images(picture[None])[0].double().numpy() for picture in pictures]
    return sum(each) / np.linalg.norm(sum(each))


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_is_the_cosine_or_the_projection_on_the_line_from_the_start(toy_encoder, frames, words, alpha):
    goal, start, seen = frames[:2], frames[2:5], frames[5:]
    g, b = slow(toy_encoder, goal), slow(toy_encoder, start)
    line = np.outer(g - b, g - b) / np.sum((g - b) ** 2)
    expected = []
    for frame in seen:
        s = toy_encoder.images(frame[None])[0].double().numpy()
        mixed = alpha * (line @ (s - g)) + (1 - alpha) * (s - g)
        expected.append(s @ g if alpha == 0 else 1 - np.sum(mixed**2) / 2)
    model = GoalImage(toy_encoder, goal, start if alpha else None, alpha)
    np.testing.assert_allclose(model.score_frames(seen, words).numpy(), expected, atol=1e-5)


def test_a_picture_is_nearest_to_itself_and_words_change_nothing(toy_encoder, frames, words):
    model = GoalImage(toy_encoder, frames[3])
    scores = model.score_frames(frames, words)
    assert int(scores.argmax()) == 3
    assert float(scores[3]) == pytest.approx(1, abs=1e-5)
    assert torch.equal(scores, model.score_frames(frames, Words.of("something else")))


def test_files_are_read_alone_and_several_together(toy_encoder, frames, words, tmp_path):
    for name, frame in zip("ab", frames, strict=False):
        Image.fromarray(frame).save(tmp_path / f"{name}.png")
    paths = [str(tmp_path / "a.png"), str(tmp_path / "b.png")]
    one = rewards.load("goal_image", toy_encoder, image=paths[0])
    both = rewards.load("goal_image", toy_encoder, image=paths)
    assert one.fingerprint == GoalImage(toy_encoder, frames[0]).fingerprint
    assert torch.equal(both.score_frames(frames, words), GoalImage(toy_encoder, frames[:2]).score_frames(frames, words))


def test_its_fingerprint_follows_the_pixels(toy_encoder, frames):
    other = frames[0].copy()
    other[0, 0, 0] ^= 1
    assert GoalImage(toy_encoder, frames[0]).fingerprint != GoalImage(toy_encoder, other).fingerprint
    shown = GoalImage(toy_encoder, frames[0], frames[1], 0.5).fingerprint
    assert shown != GoalImage(toy_encoder, frames[0], frames[2], 0.5).fingerprint


@pytest.mark.parametrize("shape", [(32, 64), (48, 32)])
def test_pictures_of_other_proportions_are_refused_with_both_sizes(toy_encoder, frames, words, shape):
    model = GoalImage(toy_encoder, np.zeros((*shape, 3), np.uint8))
    with pytest.raises(ConfigError, match=rf"reward\.image \(frames .*is {shape[0]} x {shape[1]} .*are 32 x 32"):
        model.score_frames(frames, words)
    assert len(model.score_frames(np.zeros((2, *shape, 3), np.uint8), words)) == 2


def test_pictures_of_another_size_and_the_same_proportions_are_compared(toy_encoder, frames, words):
    for shape in ((64, 64), (100, 109)):
        assert len(GoalImage(toy_encoder, np.zeros((*shape, 3), np.uint8)).score_frames(frames, words)) == len(frames)


def test_a_film_is_no_picture_and_a_missing_file_is_named(toy_encoder, frames, tmp_path):
    with Film(tmp_path / "film.gif", 10) as film:
        for frame in frames:
            film.write(frame)
    (tmp_path / "notes.png").write_text("no picture")
    with pytest.raises(ConfigError, match=r"reward\.image=.*film\.gif: holds 1[0-9] frames; name a picture"):
        GoalImage(toy_encoder, tmp_path / "film.gif")
    with pytest.raises(ConfigError, match=r"reward\.image=.*nowhere\.png: is no file"):
        GoalImage(toy_encoder, str(tmp_path / "nowhere.png"))
    with pytest.raises(ConfigError, match=r"reward\.image=.*notes\.png: cannot be read"):
        GoalImage(toy_encoder, tmp_path / "notes.png")


@pytest.mark.parametrize("image", [[], 7, [3.5], {"a": 1}])
def test_what_is_no_picture_is_refused(toy_encoder, image):
    with pytest.raises(ConfigError, match=r"reward\.image=.*: is no picture; name a file"):
        GoalImage(toy_encoder, image)
    with pytest.raises(ShapeError, match="must be uint8"):
        GoalImage(toy_encoder, np.zeros((32, 32, 3)))


def test_a_start_that_nobody_reads_or_that_shows_the_goal_is_refused(toy_encoder, frames):
    with pytest.raises(ConfigError, match=r"reward\.start: is not read while reward\.alpha=0"):
        GoalImage(toy_encoder, frames[0], frames[1])
    with pytest.raises(ConfigError, match=r"reward\.image, reward\.start: their pictures are 0\.0000 apart"):
        GoalImage(toy_encoder, frames[0], frames[0], 0.5)
    with pytest.raises(ConfigError, match=r"reward\.alpha=2: must be a number between"):
        GoalImage(toy_encoder, frames[0], alpha=2)


def test_the_start_is_asked_for_only_where_it_is_read():
    assert GoalImage.missing_pictures({}) == {"image": "goal"}
    assert GoalImage.missing_pictures({"image": None, "start": None, "alpha": 0.5}) == {
        "image": "goal",
        "start": "start",
    }
    assert GoalImage.missing_pictures({"image": "a.png", "alpha": 0.5, "start": "b.png"}) == {}
