"""What SARM is taught: stages, labels, windows, losses and decoding, each against the same written as it reads."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from tests.rewards.films import DIM, film
from vlmrl.errors import ConfigError
from vlmrl.rewards._taught import stages
from vlmrl.rewards._taught.learned import Course, Film
from vlmrl.rewards.sarm import Answer, SarmLesson, back, decoded


def test_the_cheapest_pieces_are_those_that_trying_all_of_them_finds():
    for seed, (frames, count) in enumerate([(4, 4), (7, 3), (9, 2), (6, 1), (10, 4)]):
        cost = np.random.default_rng(seed).random((frames, count))

        def priced(starts, cost=cost):
            ends = [*starts[1:], len(cost)]
            return sum(cost[a:b, piece].sum() for piece, (a, b) in enumerate(zip(starts, ends, strict=True)))

        every = [(0, *cuts) for cuts in itertools.combinations(range(1, frames), count - 1)]
        assert stages.cheapest(cost) == min(every, key=priced)


def test_pieces_are_found_where_films_change_however_long_they_stay():
    draw = torch.Generator().manual_seed(0)
    looks = torch.randn(3, DIM, generator=draw)
    lengths = [(3, 10, 4), (9, 2, 8), (5, 5, 5), (1, 12, 2)]
    ways = [torch.cat([look.expand(n, -1) for look, n in zip(looks, some, strict=True)]) for some in lengths]
    ways = [way + 0.1 * torch.randn(way.shape, generator=draw) for way in ways]
    assert stages.pieces(ways, 3) == [(0, a, a + b) for a, b, _ in lengths]
    assert stages.pieces(ways, 1) == [(0,)] * 4
    short = stages.pieces([*ways, looks[:2]], 3)
    assert short[:4] == stages.pieces(ways, 3)
    assert short[4] == (0, 0, 1)


@pytest.mark.parametrize("starts", [(0, 4, 9), (0, 1, 2), (0, 5, 12), (0,)])
def test_labels_are_the_stage_of_a_frame_and_the_share_of_it(starts):
    one = film(20, range(12, 20))
    stage, share = stages.within(one, starts)
    bounds = [*starts, 12]
    for frame in range(20):
        at = min(frame, 12)
        k = max(n for n in range(len(starts)) if starts[n] <= at)
        long = bounds[k + 1] - bounds[k]
        assert stage[frame] == k
        assert float(share[frame]) == pytest.approx((at - bounds[k]) / long if long else 1.0)
    assert (stage[-1], share[-1]) == (len(starts) - 1, 1)


def test_nothing_is_said_of_frames_after_it_was_lost():
    stage, share = stages.within(film(10, [4, 5]), (0, 2))
    assert stage[:6].tolist() == [0, 0, 1, 1, 1, 1]
    assert stage[6:].isnan().all()
    assert share[6:].isnan().all()


def test_a_stage_is_the_mean_share_that_it_is_of_the_ways(course):
    first, second = (film(20, range(12, 20), seed=0, stages=(3, 9)), film(30, range(25, 30), seed=1, stages=(5, 10)))
    annotated = Course((first, second, *course.films[2:]), course.texts, course.right, course.wrong)
    assert stages.starts_of(annotated, 3) == {first: (0, 3, 9), second: (0, 5, 10)}
    slow = [(a + b) / 2 for a, b in zip((3 / 12, 6 / 12, 3 / 12), (5 / 25, 5 / 25, 15 / 25), strict=True)]
    assert stages.shares(annotated, 3).tolist() == pytest.approx(slow)
    with pytest.raises(ConfigError, match=r"data: film 0 has 3 stages in its stages\.json.* and reward\.stages=4"):
        stages.shares(annotated, 4)
    some = Course((first, course.films[1], *course.films[2:]), course.texts, course.right, course.wrong)
    with pytest.raises(ConfigError, match=r"data: film 1 has 1 stages in its stages\.json, film 0 has 3"):
        stages.shares(some, 3)


def test_progress_is_what_the_stages_before_take_and_the_share_of_this_one():
    parts = torch.tensor([0.5, 0.2, 0.3])
    for stage, share in itertools.product(range(3), (0.0, 0.25, 1.0)):
        slow = sum(float(parts[k]) for k in range(stage)) + float(parts[stage]) * share
        assert float(decoded(torch.tensor(stage), torch.tensor(share), parts)) == pytest.approx(slow)


@pytest.mark.parametrize(("window", "gap"), [(2, 1), (5, 2), (9, 2), (4, 7)])
def test_a_window_looks_back_and_further_the_more_there_is(window, gap):
    ends = np.arange(60)
    places, last = back(ends, window, gap)
    for end in ends:
        step = 1
        while step < gap and (step + 1) * (window - 1) <= end:
            step += 1
        slow = [end - step * n for n in range(window) if end - step * n >= 0][::-1]
        assert places[end][: last[end] + 1].tolist() == slow
        assert last[end] == len(slow) - 1
        assert (places[end][last[end] :] == end).all()


def network(lesson):
    torch.manual_seed(0)
    return lesson.network(DIM).eval()


def test_the_second_reader_is_told_the_stage_and_no_later_frame_is_known():
    lesson = SarmLesson(stages=3, width=16)
    net = network(lesson)
    net.parts.copy_(torch.tensor([0.5, 0.2, 0.3]))
    frames, text = torch.randn(2, 6, DIM), normalize(torch.randn(2, DIM), dim=1)
    own = net(frames, text)
    for stage in range(3):
        forced = torch.full((2, 6), stage)
        told = net(frames, text, forced)
        torch.testing.assert_close(told.stage, own.stage)
        torch.testing.assert_close(told.progress, decoded(forced, told.share, net.parts))
        same = own.stage.argmax(-1) == stage
        torch.testing.assert_close(told.share[same], own.share[same])
    assert not torch.allclose(net(frames, text, torch.zeros(2, 6).long()).share, told.share)
    other = frames.clone()
    other[:, 4:] += 1
    torch.testing.assert_close(net(other, text).progress[:, :4], own.progress[:, :4])


def drawn(lesson, some, count=300):
    return lesson.draw(some, np.random.default_rng(0), count)


def test_what_is_drawn_are_films_their_stages_and_right_sentences(course):
    lesson = SarmLesson(wrong=0, blur=0, stages=3, window=6)
    batch, starts = drawn(lesson, course), stages.starts_of(course, 3)
    truth = [stages.within(one, starts[one]) for one in course.successes]
    for frames, stage, share, last in zip(*(batch[key] for key in ("frames", "stage", "share", "last")), strict=True):
        number, places = int(frames[0, 1]), frames[: last + 1, 0].long()
        assert number in (0, 1)  # successes alone
        torch.testing.assert_close(stage[: last + 1], truth[number][0][places])
        torch.testing.assert_close(share[: last + 1], truth[number][1][places])
        assert stage[last + 1 :].isnan().all()
        assert share[last + 1 :].isnan().all()


def test_windows_are_rewound_as_often_as_asked(course):
    def forward(rewind):
        batch = drawn(SarmLesson(rewind=rewind, wrong=0, window=6), course)
        whole = zip(batch["frames"][..., 0], batch["last"], strict=True)
        return np.mean([bool((row[: n + 1].diff() > 0).all()) for row, n in whole])

    assert forward(0.0) == 1.0
    assert 0.05 < forward(1.0) < 0.6


def test_beside_a_wrong_sentence_nothing_is_begun(course):
    batch = drawn(SarmLesson(wrong=0.5, blur=0), course)
    wrong = (batch["text"] @ course.texts[2:].T).amax(1) > 1 - 1e-5
    assert 0.35 < wrong.float().mean() < 0.65
    assert {2, 3} <= set(batch["frames"][wrong, 0, 1].long().tolist())  # failures too
    for name in ("stage", "share"):
        assert (batch[name][wrong].nan_to_num(0) == 0).all()


def test_losses_are_the_papers_one_frame_at_a_time_and_what_fills_up_is_left_out(course):
    lesson = SarmLesson(window=5, stages=4)
    batch = drawn(lesson, course, 12)
    assert batch["stage"].isnan().any()
    draw = torch.Generator().manual_seed(1)
    shape = batch["stage"].shape
    answer = Answer(torch.randn(*shape, 4, generator=draw), torch.rand(shape, generator=draw), torch.zeros(shape))
    heard = []

    class Says(torch.nn.Module):
        def forward(self, frames, text, forced):
            heard.append(forced)
            return answer

    found = lesson.losses(Says(), batch | {"forced": torch.tensor(True)})
    lesson.losses(Says(), batch | {"forced": torch.tensor(False)})
    assert torch.equal(heard[0], batch["stage"].nan_to_num(0).long())
    assert heard[1] is None
    entropies, squares = [], []
    for at in np.ndindex(*shape):
        if not math.isnan(batch["stage"][at]):
            entropies.append(-answer.stage[at].softmax(0)[int(batch["stage"][at])].log())
            squares.append((answer.share[at] - batch["share"][at]) ** 2)
    torch.testing.assert_close(found["stage"], torch.stack(entropies).mean())
    torch.testing.assert_close(found["share"], torch.stack(squares).mean())


def test_three_of_four_batches_are_told_the_true_stage(course):
    lesson = SarmLesson()
    told = [bool(lesson.draw(course, np.random.default_rng(seed), 1)["forced"]) for seed in range(200)]
    assert 0.65 < np.mean(told) < 0.85


def test_the_network_has_the_parts_that_were_measured(course):
    lesson = SarmLesson(stages=3)
    net = network(lesson)
    lesson.prepare(net, course)
    torch.testing.assert_close(net.parts, stages.shares(course, 3))
    assert float(net.parts.sum()) == pytest.approx(1)
    torch.testing.assert_close(net.share_reader.centre, torch.cat([one.seen for one in course.films]).mean(0))


def test_where_no_wrong_sentence_is_known_failures_teach_nothing(course):
    silent = Course(course.films, course.texts, course.right, ((),))
    batch = drawn(SarmLesson(wrong=0.9), silent, 50)
    assert set(batch["frames"][:, 0, 1].long().tolist()) <= {0, 1}


def test_a_film_of_two_frames_has_stages_too():
    seen = torch.eye(2, DIM)
    one = Film("short", 0, seen, torch.tensor([False, True]), True)
    some = Course((one,), torch.eye(2, DIM), ((0,),), ((1,),))
    assert stages.starts_of(some, 3) == {one: (0, 0, 1)}
    assert stages.shares(some, 3).tolist() == [0, 1, 0]
    assert torch.isfinite(drawn(SarmLesson(), some, 20)["frames"]).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"stages": 0}, r"reward\.stages=0: must be a number between 1"),
        ({"gap": 0}, r"reward\.gap=0: must be a number between 1"),
        ({"window": 1}, r"reward\.window=1: must be a number between 2"),
        ({"rewind": 1.5}, r"reward\.rewind=1\.5: must be a number between"),
        ({"heads": 3}, r"reward\.width=64: must be even and a multiple of reward\.heads=3"),
    ],
)
def test_a_setting_out_of_range_is_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        SarmLesson(**settings)
