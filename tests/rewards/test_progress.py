"""What progress is taught: labels, windows and losses, each against the same thing written as slowly as it reads."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from tests.rewards.films import DIM, film
from vlmrl.errors import ConfigError
from vlmrl.rewards._taught.causal import CausalReader, expectation, two_hot
from vlmrl.rewards._taught.learned import upto
from vlmrl.rewards.progress import Answer, ProgressLesson


@pytest.mark.parametrize(
    ("done", "end"), [(range(12, 20), 12), ([5, *range(15, 20)], 15), ([4, 5], 4), ([], 19), (range(20), 0)]
)
def test_a_film_ends_where_it_is_done_for_good_or_was_first(done, end):
    assert film(20, done).end == end


def test_labels_are_shares_of_the_way_or_of_the_longest(course):
    own = ProgressLesson().labels(course, course.films[0])
    assert own.tolist() == pytest.approx([min(t / 12, 1.0) for t in range(20)])
    longest = ProgressLesson(clock="longest").labels(course, course.films[0])
    assert longest.tolist() == pytest.approx([min(1 - (12 - t) / 25, 1.0) for t in range(20)])
    lost = ProgressLesson().labels(course, film(10, [4, 5]))
    assert lost[:6].tolist() == pytest.approx([0, 0.25, 0.5, 0.75, 1, 1])
    assert lost[6:].isnan().all()  # nobody knows how far it is after it was lost


@pytest.mark.parametrize("window", [2, 5, 16])
def test_a_window_has_all_frames_while_they_are_few_and_then_evenly_spread_ones(window):
    for end in (0, 1, 4, 15, 16, 40, 97):
        slow = [min(t, end) for t in range(window)]
        if end >= window:
            slow = [round(one) for one in np.linspace(0, end, window)]
        assert upto(np.array([end]), window)[0].tolist() == slow
        assert upto(np.array([end]), window)[0][min(end, window - 1)] == end


def test_a_histogram_of_two_bins_has_the_number_as_its_mean():
    values, bins = torch.tensor([0.0, 0.31, 0.5, 0.999, 1.0]), 7
    found = two_hot(values, bins)
    assert ((found > 0).sum(-1) <= 2).all()
    torch.testing.assert_close(found.sum(-1), torch.ones(5))
    torch.testing.assert_close(found @ torch.linspace(0, 1, bins), values)
    torch.testing.assert_close(expectation(found.clamp_min(1e-12).log()), values)


def test_the_reader_knows_no_later_frame_and_reads_the_sentence():
    torch.manual_seed(0)
    reader = CausalReader(DIM, 16, 2, 4, 0.0).eval()
    frames, text = torch.randn(3, 6, DIM), normalize(torch.randn(3, DIM), dim=1)
    reader.measure(frames.flatten(0, 1))
    whole, other = reader(frames, text), frames.clone()
    other[:, 4:] += 1
    torch.testing.assert_close(reader(other, text)[:, :4], whole[:, :4])
    assert not torch.allclose(reader(other, text)[:, 4:], whole[:, 4:])
    assert not torch.allclose(reader(frames, text.flip(0)), whole)


def drawn(lesson, course, count=400):
    return lesson.draw(course, np.random.default_rng(0), count)


def test_what_is_drawn_are_films_their_labels_and_right_sentences(course):
    lesson = ProgressLesson(wrong=0, prefer=0, blur=0, rewind=0.5)
    batch = drawn(lesson, course)
    truth = [lesson.labels(course, one) for one in course.films]
    for frames, progress, done, last in zip(
        *(batch[key] for key in ("frames", "progress", "done", "last")), strict=True
    ):
        number, places = int(frames[0, 1]), frames[:, 0].long()
        assert number in (0, 1)  # successes alone
        torch.testing.assert_close(progress[: last + 1], truth[number][places][: last + 1])
        assert torch.equal(done[: last + 1].bool(), course.films[number].done[places][: last + 1])
        assert progress[last + 1 :].isnan().all()
        assert done[last + 1 :].isnan().all()
    right = course.texts[:2]
    either = torch.stack([*right, normalize(right.mean(0), dim=0)])
    assert ((batch["text"] @ either.T).amax(1) > 1 - 1e-5).all()


def test_without_rewinding_all_films_go_forward_and_with_it_many_do_not(course):
    def forward(rewind):
        batch = drawn(ProgressLesson(rewind=rewind, wrong=0, prefer=0), course)
        return np.mean(
            [
                bool((row[: n + 1].diff() > 0).all())
                for row, n in zip(batch["frames"][..., 0], batch["last"], strict=True)
            ]
        )

    assert forward(0.0) == 1.0
    assert 0.05 < forward(1.0) < 0.5


def test_beside_a_wrong_sentence_nothing_is_ever_reached(course):
    batch = drawn(ProgressLesson(wrong=0.5, prefer=0, blur=0), course)
    wrong = (batch["text"] @ course.texts[2:].T).amax(1) > 1 - 1e-5
    assert 0.35 < wrong.float().mean() < 0.65
    told = batch["progress"][wrong]
    assert (told[~told.isnan()] == 0).all()
    assert (batch["done"][wrong].nan_to_num(0) == 0).all()


def test_failures_have_no_progress_and_are_only_compared(course):
    batch = drawn(ProgressLesson(wrong=0), course, 40)
    pairs = int(batch["pairs"])
    assert pairs == 10
    better, worse = batch["frames"][-2 * pairs : -pairs], batch["frames"][-pairs:]
    assert set(better[:, 0, 1].long().tolist()) <= {0, 1}
    assert set(worse[:, 0, 1].long().tolist()) == {2, 3}
    assert batch["progress"][-pairs:].isnan().all()
    assert not batch["done"][-pairs:, 0].isnan().any()
    assert int(drawn(ProgressLesson(prefer=0), course, 40)["pairs"]) == 0


def test_losses_are_the_papers_one_frame_at_a_time(course):
    lesson = ProgressLesson(prefer=2.0, bins=6, window=5)
    batch = drawn(lesson, course, 8)
    draw = torch.Generator().manual_seed(1)
    answer = Answer(
        torch.randn(*batch["progress"].shape, 6, generator=draw), torch.randn(batch["done"].shape, generator=draw)
    )

    class Says(torch.nn.Module):
        def forward(self, frames, text):
            return answer

    found = lesson.losses(Says(), batch)
    entropies, successes = [], []
    for row, frame in np.ndindex(*batch["progress"].shape):
        odds = answer.progress[row, frame].softmax(0)
        if not math.isnan(batch["progress"][row, frame]):
            place = float(batch["progress"][row, frame]) * 5
            low = min(int(place), 4)
            entropies.append(-(1 - (place - low)) * odds[low].log() - (place - low) * odds[low + 1].log())
        if not math.isnan(batch["done"][row, frame]):
            sure = answer.success[row, frame].sigmoid()
            successes.append(-(sure if batch["done"][row, frame] else 1 - sure).log())
    torch.testing.assert_close(found["progress"], torch.stack(entropies).mean())
    torch.testing.assert_close(found["success"], torch.stack(successes).mean())
    pairs, levels = int(batch["pairs"]), torch.linspace(0, 1, 6)
    ends = [answer.progress[row, batch["last"][row]].softmax(0) @ levels for row in range(len(batch["last"]))]
    won, lost = ends[-2 * pairs : -pairs], ends[-pairs:]
    slow = [-torch.log(torch.sigmoid((a - b) / 0.1)) for a, b in zip(won, lost, strict=True)]
    torch.testing.assert_close(found["preference"], 2 * torch.stack(slow).mean())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"window": 1}, r"reward\.window=1: must be a number between 2"),
        ({"rewind": 1.5}, r"reward\.rewind=1\.5: must be a number between"),
        ({"width": 30}, r"reward\.width=30: must be even and a multiple of reward\.heads=4"),
        ({"clock": "other"}, r"reward\.clock=other: is not known; known: own, longest"),
    ],
)
def test_a_setting_out_of_range_is_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        ProgressLesson(**settings)
