"""Stages from films: the cuts against every way to cut, the score against the paper, frame by frame."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrl import rewards
from vlmrl.errors import ConfigError
from vlmrl.rewards.perceptual import Perceptual, cuts
from vlmrl.video.film import Film


def every_way(film, stages):
    """The least variance within stages, by trying all ways to cut; stages of two frames at least."""
    found = {}
    for begins in combinations(range(2, len(film) - 1), stages - 1):
        parts = np.split(film, begins)
        if min(map(len, parts)) >= 2:
            found[begins] = sum(((part - part.mean(0)) ** 2).sum() for part in parts)
    return found


@given(seed=st.integers(0, 1000), stages=st.integers(1, 4), spare=st.integers(0, 4))
def test_the_cuts_are_the_best_of_all(seed, stages, spare):
    film = np.random.default_rng(seed).normal(size=(2 * stages + spare, 3))
    tried = every_way(film, stages)
    assert tried[tuple(cuts(film, stages))] == pytest.approx(min(tried.values()), abs=1e-9)


def test_what_changes_twice_is_cut_where_it_does():
    film = np.repeat([[0.0, 0], [1, 0], [1, 5]], [3, 5, 4], axis=0)
    assert cuts(film, 3) == [3, 8]


@pytest.fixture
def films(frames):
    """uint8 (2, 12, 32, 32, 3): four scenes of three frames, each frame a little brighter; the second film is noisy."""
    scenes = np.repeat(frames[:4] // 2, 3, axis=0).astype(int)
    rising = scenes + np.arange(12)[:, None, None, None] * 2
    noise = np.random.default_rng(1).integers(0, 9, rising.shape)
    return np.stack([rising, rising + noise]).astype(np.uint8)


def test_is_the_weighted_sum_over_stages_of_gaussians_over_their_best_features(toy_encoder, films, frames, words):
    model = Perceptual(toy_encoder, films, stages=4, features=5, contrast=2.0, softness=0.3)
    seen = np.concatenate([films[0], frames])
    embedded = [toy_encoder.images(film).double().numpy() for film in films]
    stage_of: list[list[Any]] = [[], [], [], []]
    for film in embedded:
        tried = every_way(film, 4)
        for stage, part in zip(stage_of, np.split(film, min(tried, key=tried.get)), strict=True):
            stage.extend(part)
    spread = np.concatenate(embedded)
    least = 0.3 * np.sqrt(np.mean([np.var(spread[:, one]) for one in range(spread.shape[1])]))
    expected = []
    for frame in seen:
        s = toy_encoder.images(frame[None])[0].double().numpy()
        total = 0.0
        for i in (2, 3, 4):
            inside = np.array(stage_of[i - 1])
            outside = np.array([row for j, stage in enumerate(stage_of) if j != i - 1 for row in stage])
            score = [
                2.0 * abs(inside[:, k].mean() - outside[:, k].mean()) - inside[:, k].std() - outside[:, k].std()
                for k in range(len(s))
            ]
            best = sorted(range(len(s)), key=lambda k: -score[k])[:5]
            off = [((s[k] - inside[:, k].mean()) / max(inside[:, k].std(), least)) ** 2 for k in best]
            total += 2 ** (i - 1) * np.exp(-np.mean(off) / 2)
        expected.append(total / (2 + 4 + 8))
    np.testing.assert_allclose(model.score_frames(seen, words).numpy(), expected, atol=1e-4)


def test_later_stages_are_worth_more_and_the_first_nearly_nothing(toy_encoder, films, words):
    scores = Perceptual(toy_encoder, films).score_frames(films[0], words).numpy().reshape(4, 3).mean(1)
    assert np.all(np.diff(scores) > 0)
    assert scores[0] < 0.2 < 0.5 < scores[3]


def test_films_are_read_from_files_and_from_arrays_alike(toy_encoder, films, words, tmp_path):
    paths = []
    for place, film in enumerate(films):
        np.save(tmp_path / f"{place}.npy", film)
        paths.append(str(tmp_path / f"{place}.npy"))
    read = rewards.load("perceptual", toy_encoder, film=paths)
    np.testing.assert_array_equal(
        read.score_frames(films[0], words).numpy(), Perceptual(toy_encoder, films).score_frames(films[0], words).numpy()
    )
    with Film(tmp_path / "film.mp4", 10) as written:
        for frame in films[0]:
            written.write(frame)
    assert len(rewards.load("perceptual", toy_encoder, film=tmp_path / "film.mp4").score_frames(films[0], words)) == 12


@pytest.mark.parametrize("count", [1, 7])
def test_a_film_too_short_for_its_stages_is_refused(toy_encoder, films, tmp_path, count):
    np.save(tmp_path / "short.npy", films[0][:count])
    with pytest.raises(ConfigError, match=rf"reward\.film=.*short\.npy: a film of {count} frames; it takes 8 or more"):
        Perceptual(toy_encoder, tmp_path / "short.npy")


def test_films_without_change_and_of_other_proportions_are_refused(toy_encoder, films, frames, words):
    with pytest.raises(ConfigError, match=r"reward\.film: nothing changes in a film"):
        Perceptual(toy_encoder, np.repeat(films[:, :1], 12, axis=1))
    with pytest.raises(ConfigError, match=r"reward\.film .*is 32 x 16 .*frames are 32 x 32"):
        Perceptual(toy_encoder, films[:, :, :, :16]).score_frames(frames, words)


@pytest.mark.parametrize(("key", "value"), [("stages", 1), ("stages", 2.5), ("features", 0), ("softness", 0.0)])
def test_a_setting_out_of_range_is_named(toy_encoder, films, key, value):
    with pytest.raises(ConfigError, match=rf"reward\.{key}={value}: must be"):
        Perceptual(toy_encoder, films, **{key: value})
