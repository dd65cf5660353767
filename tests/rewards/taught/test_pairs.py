"""What rewards of pairs share: the network, what it is shown, its losses, and the stones that an episode is cut at."""

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from tests.rewards.test_progress import DIM, film
from vlmrl.errors import ConfigError
from vlmrl.rewards._taught.learned import Course
from vlmrl.rewards._taught.pairs import Answer, PairNetwork, signed, stones
from vlmrl.rewards.dopamine import HopLesson
from vlmrl.rewards.timerewarder import TimeLesson
from vlmrl.rewards.vlac import VlacLesson

LESSONS = [VlacLesson, HopLesson, TimeLesson]


@pytest.fixture
def course():
    """Two successes and two failures of each of two tasks; of every frame the embedding says film and number."""
    films = []
    for task in (0, 1):
        films += [
            film(20, range(12, 20), task=task, seed=4 * task),
            film(30, [5, *range(25, 30)], task=task, seed=4 * task + 1),
            film(20, [], succeeded=False, task=task, seed=4 * task + 2),
            film(20, [7], succeeded=False, task=task, seed=4 * task + 3),
        ]
    texts = normalize(torch.randn(6, DIM, generator=torch.Generator().manual_seed(0)), dim=1)
    return Course(tuple(films), texts, ((0, 1), (2,)), ((2, 4, 5), (0, 1, 4)))


@pytest.mark.parametrize("skip", [1, 3, 5])
def test_a_stone_is_the_last_multiple_before_a_frame(skip):
    for end, found in enumerate(stones(np.arange(40), skip)):
        assert found == max([one for one in range(end) if one % skip == 0], default=0)


def test_a_mirrored_network_says_the_opposite_of_the_swapped_pair_and_nothing_of_a_frame_beside_itself():
    torch.manual_seed(0)
    a, b = torch.randn(2, 5, DIM), torch.randn(2, 5, DIM)
    text = normalize(torch.randn(2, DIM), dim=1)
    network = PairNetwork(DIM, VlacLesson(), mirrored=True, says_done=True).eval()
    there, back = network(a, b, text), network(b, a, text)
    torch.testing.assert_close(there.far, back.far.flip(-1))
    torch.testing.assert_close(signed(there.far), -signed(back.far), atol=1e-6, rtol=0)
    torch.testing.assert_close(signed(network(a, a, text).far), torch.zeros(2, 5), atol=1e-6, rtol=0)
    assert signed(there.far).abs().min() > 1e-4
    assert not torch.allclose(network(a, b, text.flip(0)).far, there.far)
    torch.testing.assert_close(network(b, a.flip(0), text).done, network(a, a.flip(0), text).done)  # b alone is done
    free = PairNetwork(DIM, HopLesson(), mirrored=False, says_done=False).eval()
    assert not torch.allclose(free(a, b, text).far, free(b, a, text).far.flip(-1))
    assert free(a, b, text).done is None


def numbers(rows):
    """Which film each row of embeddings is of, and which frame."""
    return rows[..., 1].long(), rows[..., 0].long()


@pytest.mark.parametrize("lesson", LESSONS)
def test_what_is_drawn_are_pairs_of_one_success_their_labels_and_right_sentences(lesson, course):
    made = lesson(wrong=0, prefer=0, blur=0, dropout=0)
    batch = made.draw(course, np.random.default_rng(0), 30)
    (one, first), (other, second) = numbers(batch["a"]), numbers(batch["b"])
    goal = batch["goal"].bool() if "goal" in batch else torch.zeros_like(one, dtype=torch.bool)
    assert torch.equal(one[~goal], other[~goal])
    assert set(one.unique().tolist()) == {0, 1, 4, 5}
    for row, place in np.ndindex(*one.shape):
        film = course.films[int(other[row, place])]
        assert int(second[row, place]) < film.reach <= len(film)
        way = [min(t / film.end, 1.0) for t in (int(first[row, place]), int(second[row, place]))]
        if goal[row, place]:
            source = course.films[int(one[row, place])]
            assert source.task == film.task
            assert int(first[row, place]) >= source.end
            way[0] = 1.0
        told = made.far(*(torch.tensor([value]) for value in way))
        torch.testing.assert_close(batch["far"][row, place], told[0], atol=1e-5, rtol=0)
        assert batch["done"][row, place] == float(film.done[second[row, place]])
        own = course.texts[list(course.right[film.task])]
        either = torch.stack([*own, normalize(own.mean(0), dim=0)])
        assert (either @ batch["text"][row]).max() > 1 - 1e-5


@pytest.mark.parametrize("lesson", LESSONS)
def test_beside_a_wrong_sentence_no_frame_is_nearer_than_another_and_none_is_done(lesson, course):
    batch = lesson(wrong=0.5, prefer=0, blur=0).draw(course, np.random.default_rng(0), 300)
    tasks = [course.films[number].task for number in numbers(batch["b"])[0][:, 0].tolist()]
    wrong = torch.stack(
        [
            (course.texts[list(course.wrong[task])] @ text).max() > 1 - 1e-5
            for task, text in zip(tasks, batch["text"], strict=True)
        ]
    )
    assert 0.35 < wrong.float().mean() < 0.65
    goal = batch["goal"].bool() if "goal" in batch else torch.zeros_like(batch["far"], dtype=torch.bool)
    assert (batch["far"][wrong] == torch.where(goal[wrong], -1.0, 0.0)).all()
    assert (batch["done"][wrong] == 0).all()
    failed = {number for number in numbers(batch["b"])[0][wrong, 0].tolist() if not course.films[number].succeeded}
    assert failed == {2, 3, 6, 7}


@pytest.mark.parametrize("lesson", LESSONS)
def test_failures_are_only_compared_with_successes_of_their_task(lesson, course):
    batch = lesson(wrong=0).draw(course, np.random.default_rng(0), 40)
    count = int(batch["rivals"])
    assert count == 10
    better, worse = numbers(batch["b"][-2 * count : -count]), numbers(batch["b"][-count:])
    for row in range(count):
        won, lost = course.films[int(better[0][row, 0])], course.films[int(worse[0][row, 0])]
        assert (won.succeeded, lost.succeeded, won.task) == (True, False, lost.task)
        assert (better[1][row] >= won.end).all()
        assert (worse[1][row] >= 16).all()
    marked = batch["goal"][-2 * count :].bool() if "goal" in batch else torch.zeros(2 * count, 16, dtype=torch.bool)
    assert (numbers(batch["a"][-2 * count :])[1][~marked] == 0).all()
    assert batch["far"][-count:].isnan().all()
    assert int(lesson(prefer=0).draw(course, np.random.default_rng(0), 40)["rivals"]) == 0


@pytest.mark.parametrize("lesson", LESSONS)
def test_where_nothing_is_wrong_or_a_film_begins_done_there_is_still_something_to_draw(lesson, course):
    begun = film(10, range(10), seed=8), film(10, [0], succeeded=False, seed=9)
    alone = Course((*course.films[:4], *begun), course.texts, course.right, ((), ()))
    batch = lesson(wrong=0.9).draw(alone, np.random.default_rng(0), 60)
    assert {8, 9} <= set(numbers(batch["b"])[0][:, 0].tolist())
    known = batch["far"][~batch["far"].isnan()]
    assert len(known) > 100
    assert known.abs().max() <= 1
    wrong = Course(alone.films, course.texts, course.right, ((2,), (0,)))
    assert lesson(wrong=0.9).draw(wrong, np.random.default_rng(0), 60)["far"].isfinite().any()


def test_losses_are_one_pair_at_a_time(course):
    lesson = VlacLesson(prefer=2.0, bins=6, pairs=4)
    batch = lesson.draw(course, np.random.default_rng(0), 8)
    draw = torch.Generator().manual_seed(1)
    answer = Answer(
        torch.randn(*batch["far"].shape, 6, generator=draw), torch.randn(batch["far"].shape, generator=draw)
    )

    class Says(torch.nn.Module):
        def forward(self, a, b, text):
            return answer

    found = lesson.losses(Says(), batch)
    levels = torch.linspace(-1, 1, 6)
    entropies, dones = [], []
    for row, pair in np.ndindex(*batch["far"].shape):
        odds = answer.far[row, pair].softmax(0)
        if not batch["far"][row, pair].isnan():
            low = max(at for at in range(5) if levels[at] <= batch["far"][row, pair])
            share = (batch["far"][row, pair] - levels[low]) / (levels[low + 1] - levels[low])
            entropies.append(-(1 - share) * odds[low].log() - share * odds[low + 1].log())
        sure = answer.done[row, pair].sigmoid()
        dones.append(-(sure if batch["done"][row, pair] else 1 - sure).log())
    torch.testing.assert_close(found["far"], torch.stack(entropies).mean())
    torch.testing.assert_close(found["done"], torch.stack(dones).mean())
    count = int(batch["rivals"])
    ends = answer.far.softmax(-1) @ levels
    slow = -torch.log(torch.sigmoid((ends[-2 * count : -count] - ends[-count:]) / 0.1))
    torch.testing.assert_close(found["preference"], 2 * slow.mean())


@pytest.mark.parametrize("lesson", LESSONS)
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pairs": 3}, r"reward\.pairs=3: must be a number between 4"),
        ({"wrong": 1}, r"reward\.wrong=1: must be a number between 0 and 0\.9"),
        ({"bins": 2.5}, r"reward\.bins=2\.5: must be a whole number"),
    ],
)
def test_a_setting_out_of_range_is_named(lesson, settings, message):
    with pytest.raises(ConfigError, match=message):
        lesson(**settings)
