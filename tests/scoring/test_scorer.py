"""However frames are cut up, repeated, laid out or remembered, their scores are the same."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.scoring.conftest import Brightness
from vlmrl.errors import Abstained, ConfigError, ShapeError
from vlmrl.rewards.base import RewardModel
from vlmrl.scoring import ScoreCache, Scorer
from vlmrl.scoring import scorer as scorer_module
from vlmrl.types import Words

UP, DOWN = Words.of("up"), Words.of("hanging down")


def expected(frames, words=UP):
    return frames.reshape(len(frames), -1).mean(axis=1) + len(words.goal[0])


@settings(max_examples=80)
@given(picks=st.lists(st.integers(0, 5), max_size=30), batch_size=st.integers(1, 40), cached=st.booleans())
def test_any_frames_in_any_batches_score_the_same_each_once(picks, batch_size, cached):
    pictures = np.random.default_rng(0).integers(0, 256, (6, 4, 5, 3), dtype=np.uint8)
    model = Brightness()
    scorer = Scorer(model, batch_size, ScoreCache() if cached else None)
    scores = scorer.frames(pictures[picks], UP)
    assert scores.dtype == np.float32
    assert scores.shape == (len(picks),)
    np.testing.assert_allclose(scores, expected(pictures[picks]) if picks else [], atol=1e-4)
    assert max(model.batches, default=0) <= batch_size
    assert sum(model.batches) == len(set(picks)) == scorer.frames_scored
    assert scorer.frames_scored + scorer.duplicates + scorer.cache_hits == len(picks)


@settings(max_examples=15)
@given(order=st.permutations(range(13)), batch_size=st.integers(1, 14))
def test_a_real_model_gives_the_same_numbers_in_any_batches(order, batch_size, real):
    scorer, frames, words = real
    whole = Scorer(scorer).frames(frames, words)
    np.testing.assert_allclose(Scorer(scorer, batch_size).frames(frames[order], words), whole[order], atol=1e-5, rtol=0)


@pytest.fixture(scope="module")
def real(toy_encoder):
    from vlmrl.rewards.goal_baseline import GoalBaseline

    frames = np.random.default_rng(1).integers(0, 256, (13, 32, 32, 3), dtype=np.uint8)
    return GoalBaseline(toy_encoder), frames, Words.of("a pole standing upright", "a pole on a cart")


def test_many_environments_at_once_keep_their_shape(model, frames):
    grid = frames[:12].reshape(4, 3, 32, 32, 3)
    np.testing.assert_allclose(Scorer(model).frames(grid, UP), expected(frames[:12]).reshape(4, 3), atol=1e-4)
    assert Scorer(model).frames(grid[:0], UP).shape == (0, 3)


def test_words_may_differ_by_row_and_by_environment(model, frames):
    rows = [UP if index % 2 else DOWN for index in range(12)]
    by_row = Scorer(model, batch_size=5).frames(frames[:12], rows)
    np.testing.assert_allclose(by_row, [expected(frames[i : i + 1], rows[i])[0] for i in range(12)], atol=1e-4)
    grid = frames[:12].reshape(4, 3, 32, 32, 3)
    np.testing.assert_allclose(Scorer(model).frames(grid, rows), by_row.reshape(4, 3), atol=1e-5)
    each = Scorer(model).frames(grid, [UP, DOWN, UP])
    np.testing.assert_allclose(each[:, 1] - expected(grid[:, 1]), len("hanging down") - len("up"), atol=1e-4)


def test_equal_frames_with_other_words_are_no_duplicates(model, frames):
    scorer = Scorer(model)
    same = np.stack([frames[0]] * 4)
    assert len(set(scorer.frames(same, [UP, DOWN, UP, DOWN]).tolist())) == 2
    assert (scorer.frames_scored, scorer.duplicates) == (2, 2)


def test_no_frame_gives_no_score(model, frames):
    scores = Scorer(model).frames(frames[:0], UP)
    assert scores.dtype == np.float32
    assert scores.shape == (0,)
    assert model.batches == []


@pytest.mark.parametrize(
    "layout",
    [
        lambda frames: frames[::-1][::-1],
        lambda frames: np.asfortranarray(frames),
        lambda frames: np.repeat(frames, 2, axis=2)[:, :, ::2],
        lambda frames: torch.from_numpy(frames),
        lambda frames: torch.from_numpy(frames).permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1),
    ],
    ids=["reversed", "fortran", "strided", "torch", "permuted"],
)
def test_the_layout_in_memory_changes_neither_score_nor_key(model, frames, layout):
    scorer = Scorer(model, cache=ScoreCache())
    plain = scorer.frames(frames, UP)
    np.testing.assert_array_equal(scorer.frames(layout(frames), UP), plain)
    assert scorer.cache_hits == len(frames)


def test_frames_are_left_as_they_were(model, frames):
    before = frames.copy()
    frames.flags.writeable = False
    Scorer(model).frames(frames, UP)
    np.testing.assert_array_equal(frames, before)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_frames_on_a_gpu_score_the_same(model, frames):
    np.testing.assert_allclose(Scorer(model).frames(torch.from_numpy(frames).cuda(), UP), expected(frames), atol=1e-4)


def test_a_remembered_score_is_not_computed_again(model, frames):
    scorer = Scorer(model, cache=ScoreCache())
    first = scorer.frames(frames, UP)
    np.testing.assert_array_equal(scorer.frames(frames[3:], UP), first[3:])
    assert (scorer.frames_scored, scorer.cache_hits, len(model.batches)) == (13, 10, 1)


def test_another_model_other_words_or_another_shape_are_never_mistaken(brightness, frames):
    cache = ScoreCache()
    Scorer(brightness("1"), cache=cache).frames(frames, UP)
    others = [
        (brightness("2"), frames, UP),
        (brightness("1"), frames, DOWN),
        (brightness("1"), frames, Words.of("up", negative="hanging down")),
        (brightness("1"), frames, Words.of("up", baseline="hanging down")),
        (brightness("1"), frames.reshape(13, 64, 16, 3), UP),
    ]
    for model, pictures, words in others:
        scorer = Scorer(model, cache=cache)
        scorer.frames(pictures, words)
        assert scorer.cache_hits == 0


def test_the_next_batch_is_handed_over_before_an_answer_is_waited_for(frames):
    told = []

    class Told(Brightness):
        def score_frames(self, frames, words):
            told.append("sent")
            return super().score_frames(frames, words)

    class Kept(ScoreCache):
        def put(self, scores):
            told.append("answered")
            super().put(scores)

    Scorer(Told(), batch_size=4, cache=Kept()).frames(frames, UP)
    assert told == ["sent", "sent", "answered", "sent", "answered", "sent", "answered", "answered"]


def test_many_bytes_are_hashed_by_several_threads_to_the_same_keys(model, frames, monkeypatch):
    cache = ScoreCache()
    Scorer(model, cache=cache).frames(frames, UP)
    monkeypatch.setattr(scorer_module, "_SHARED_OUT", 1)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    again = Scorer(model, cache=cache)
    again.frames(frames, UP)
    assert again.cache_hits == len(frames)


def test_threads_share_a_scorer_and_its_file(model, frames, tmp_path):
    scorer = Scorer(model, batch_size=2, cache=ScoreCache(path=tmp_path / "scores"))
    alone = Scorer(model).frames(frames, UP)
    with ThreadPoolExecutor(4) as pool:
        for scores in pool.map(lambda _: scorer.frames(frames, UP), range(8)):
            np.testing.assert_array_equal(scores, alone)
    assert scorer.frames_scored == len(frames)
    assert scorer.cache_hits == 7 * len(frames)


def test_time_is_counted(model, frames):
    scorer = Scorer(model)
    scorer.frames(frames, UP)
    first = scorer.seconds
    scorer.frames(frames, UP)
    assert 0 < first < scorer.seconds


# ---- what is refused


@pytest.mark.parametrize("bad", [np.nan, 0.5])
def test_frames_of_floats_are_refused(model, frames, bad):
    with pytest.raises(ShapeError, match=r"frames float32: must be uint8.*without NaN"):
        Scorer(model).frames(np.full(frames.shape, bad, dtype=np.float32), UP)


@pytest.mark.parametrize("shape", [(32, 32, 3), (13, 3, 32, 32), (2, 2, 2, 8, 8, 3), (4, 3, 32, 32, 1), (3,)])
def test_frames_of_another_shape_are_refused(model, shape):
    with pytest.raises(ShapeError, match=r"must be \(B, H, W, 3\)"):
        Scorer(model).frames(np.zeros(shape, dtype=np.uint8), UP)


def test_words_of_another_number_are_refused(model, frames):
    with pytest.raises(ShapeError, match=r"words: 2 sets for frames \(13,\); give one set, or one per frame"):
        Scorer(model).frames(frames, [UP, DOWN])


def test_plain_strings_are_refused_with_what_to_write(model, frames):
    with pytest.raises(ConfigError, match=r"must be Words.*Words\.of"):
        Scorer(model).frames(frames, "up")


def test_words_that_the_model_refuses_are_refused_before_it_sees_a_frame(model, frames):
    with pytest.raises(ConfigError, match=r"goal=forbidden"):
        Scorer(model).frames(frames, Words.of("forbidden"))
    assert model.batches == []


class Silent(Brightness):
    """Gives no number for a black frame."""

    def score_frames(self, frames, words):
        scores = super().score_frames(frames, words)
        scores[torch.as_tensor(frames).amax(dim=(1, 2, 3)) == 0] = float("nan")
        return scores


def test_a_model_without_an_answer_abstains_and_keeps_what_it_said_before(frames):
    frames[7] = 0
    cache = ScoreCache()
    with pytest.raises(Abstained, match=r"reward=Silent: gave no number for 1 of 3 frames"):
        Scorer(Silent(), batch_size=3, cache=cache).frames(frames, UP)
    assert len(cache) == 6


class TooMany(Brightness):
    def score_frames(self, frames, words):
        return super().score_frames(frames, words)[:, None]


def test_a_model_that_answers_in_another_shape_is_named(frames):
    with pytest.raises(ShapeError, match=r"reward=TooMany: gave scores \(13, 1\) for 13 frames"):
        Scorer(TooMany()).frames(frames, UP)


class Clips(RewardModel):
    fingerprint = "clips"

    def check(self, words):
        pass


def test_a_model_of_another_kind_is_refused():
    with pytest.raises(ConfigError, match=r"reward=Clips: does not score single frames"):
        Scorer(Clips())


def test_a_batch_of_nothing_is_refused(model):
    with pytest.raises(ConfigError, match=r"batch_size=0: must be 1 or more"):
        Scorer(model, batch_size=0)


def test_a_batch_is_what_the_encoder_reads_at_once(toy_directory):
    from vlmrl import encoders, rewards

    model = rewards.load("cosine", encoders.load(f"local-dir:{toy_directory}", device="cpu", batch_size=5))
    assert Scorer(model).batch_size == 5
    assert Scorer(model, batch_size=2).batch_size == 2
