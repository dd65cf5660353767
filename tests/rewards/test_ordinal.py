"""What the score from 1 to 5 is taught: labels, films, losses and reading, each against the same as it reads."""

import math

import numpy as np
import pytest
import torch

from tests.rewards.films import DIM, film
from vlmrl import rewards
from vlmrl.errors import ConfigError
from vlmrl.rewards._taught.learned import Course
from vlmrl.rewards.ordinal import OrdinalLesson, expected, labels


def test_a_success_cut_before_its_end_is_worth_the_quarter_that_it_came_to():
    for length, end in ((20, 12), (30, 25), (9, 1), (50, 3)):
        found = labels(film(length, range(end, length)))
        for frame in range(length):
            far = min(frame / end, 1.0)
            slow = 5 if far == 1 else 4 if far >= 0.75 else 3 if far >= 0.5 else 2 if far >= 0.25 else 1
            assert found[frame] == slow, (length, end, frame)


def test_what_was_done_and_lost_again_has_no_score_and_a_failure_is_only_no_five():
    assert labels(film(20, [5, *range(15, 20)]))[5] == 2  # not for good
    assert labels(film(10, [4, 5]))[4:].tolist()[:2] == [5, 5]
    assert labels(film(10, [4, 5]))[6:].isnan().all()
    lost = labels(film(8, [3], succeeded=False))
    assert lost[[0, 1, 2, 4, 5, 6, 7]].tolist() == [0] * 7
    assert lost[3].isnan()


def test_a_score_is_the_mean_of_five_odds():
    odds = torch.randn(6, 3, 5, generator=torch.Generator().manual_seed(0))
    for at in np.ndindex(6, 3):
        chance = [math.exp(one) for one in odds[at]]
        slow = sum(score * one for score, one in zip(range(1, 6), chance, strict=True)) / sum(chance)
        assert float(expected(odds)[at]) == pytest.approx(slow, abs=1e-5)


def drawn(lesson, some, count=400):
    return lesson.draw(some, np.random.default_rng(0), count)


def test_what_is_drawn_are_films_from_their_start_and_their_scores(course):
    batch = drawn(OrdinalLesson(wrong=0, failed=0, blur=0, rewind=0), course)
    truth = [labels(one) for one in course.films]
    for frames, score, last in zip(*(batch[key] for key in ("frames", "score", "last")), strict=True):
        number, places = int(frames[0, 1]), frames[: last + 1, 0].long()
        assert number in (0, 1)
        assert places[0] == 0
        assert (places.diff() > 0).all()
        torch.testing.assert_close(score[: last + 1], truth[number][places])
        assert score[last + 1 :].isnan().all()


def test_a_wrong_sentence_is_worth_one_and_a_failure_nothing_known(course):
    batch = drawn(OrdinalLesson(wrong=0.3, failed=0.3, blur=0), course)
    wrong = (batch["text"] @ course.texts[2:].T).amax(1) > 1 - 1e-5
    assert 0.2 < wrong.float().mean() < 0.4
    told = batch["score"][wrong]
    assert (told[~told.isnan()] == 1).all()
    failed = ~wrong & (batch["frames"][:, 0, 1] >= 2)
    assert 0.2 < failed.float().mean() < 0.4
    told = batch["score"][failed]
    assert (told[~told.isnan()] == 0).all()
    silent = Course(course.films, course.texts, course.right, ((),))
    assert {0.0, 5.0} <= set(drawn(OrdinalLesson(wrong=0.5), silent)["score"].flatten().tolist())


def test_losses_are_as_they_read_one_frame_at_a_time(course):
    lesson = OrdinalLesson(window=6, failed=0.4)
    batch = drawn(lesson, course, 16)
    odds = torch.randn(*batch["score"].shape, 5, generator=torch.Generator().manual_seed(1))

    class Says(torch.nn.Module):
        def forward(self, frames, text):
            return odds

    found = lesson.losses(Says(), batch)
    known, undone = [], []
    for at in np.ndindex(*batch["score"].shape):
        chance, score = odds[at].softmax(0), float(batch["score"][at])
        if score >= 1:
            known.append(-chance[int(score) - 1].log())
        elif score == 0:
            undone.append(-(chance[0] + chance[1] + chance[2] + chance[3]).log())
    assert known
    assert undone
    torch.testing.assert_close(found["score"], torch.stack(known).mean())
    torch.testing.assert_close(found["undone"], torch.stack(undone).mean())
    assert set(lesson.losses(Says(), batch | {"score": batch["score"].masked_fill(batch["score"] == 0, 1.0)})) == {
        "score"
    }


def test_scores_come_in_zero_to_one_and_raw_from_one_to_five(toy_encoder, words, tmp_path):
    from tests.contracts.test_every_history_reward import untaught

    weights = untaught("ordinal", toy_encoder, tmp_path / "w.safetensors")
    clip = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
    unit = rewards.load("ordinal", toy_encoder, weights=weights)
    raw = rewards.load("ordinal", toy_encoder, weights=weights, raw=True)
    assert (unit.low, unit.high, raw.low, raw.high) == (0, 1, 1, 5)
    scores = raw.score_history(clip, words)
    assert (scores >= 1).all()
    assert (scores <= 5).all()
    torch.testing.assert_close(unit.score_history(clip, words), (scores - 1) / 4)
    assert unit.fingerprint != raw.fingerprint


def test_no_later_frame_is_known():
    torch.manual_seed(0)
    network = OrdinalLesson().network(DIM).eval()
    frames, text = torch.randn(2, 6, DIM), torch.randn(2, DIM)
    other = frames.clone()
    other[:, 4:] += 1
    torch.testing.assert_close(network(other, text)[:, :4], network(frames, text)[:, :4])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"window": 1}, r"reward\.window=1: must be a number between 2"),
        ({"failed": 1.0}, r"reward\.failed=1\.0: must be a number between"),
        ({"failed": 0.6, "wrong": 0.5}, r"reward\.failed=0\.6: beside reward\.wrong=0\.5 it leaves under a tenth"),
        ({"layers": 0}, r"reward\.layers=0: must be a number between 1"),
    ],
)
def test_a_setting_out_of_range_is_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        OrdinalLesson(**settings)
