"""TimeRewarder's labels, how often a distance is drawn, and what its reward adds up to."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from tests.rewards.pairs import episode, loud
from tests.rewards.test_progress import film
from vlmrl.rewards._taught.pairs import signed
from vlmrl.rewards.timerewarder import TimeLesson, TimeRewarder


def test_labels_are_distances_in_time_as_shares_of_the_way():
    end, count = 8, 11
    progress = torch.tensor([min(t / end, 1.0) for t in range(count)])
    found = TimeLesson().far(progress[:, None], progress)
    for u in range(count):
        for v in range(count):
            assert float(found[u, v]) == pytest.approx((min(v, end) - min(u, end)) / end)


def test_a_distance_is_drawn_in_inverse_proportion_to_it_and_as_often_back_as_forth():
    one = film(20, range(12, 20))
    a, b = TimeLesson(pairs=1024).places(np.random.default_rng(0), one)
    apart = np.concatenate(
        [np.subtract(*TimeLesson(pairs=1024).places(np.random.default_rng(seed), one)) for seed in range(60)]
    )
    assert (a.min(), a.max(), b.min(), b.max()) == (0, 15, 0, 15)  # 12, 4 more, and a frame less
    assert np.mean(apart > 0) == pytest.approx(0.5, abs=0.01)
    total = sum(1 / distance for distance in range(1, 16))
    for distance in range(1, 16):
        assert np.mean(np.abs(apart) == distance) == pytest.approx(1 / distance / total, abs=0.006)


@pytest.mark.parametrize("skip", [1, 4])
def test_it_is_the_sum_of_predicted_distances_and_a_difference_of_it_is_the_papers_reward(
    toy_encoder, words, tmp_path, skip
):
    model = loud(TimeRewarder, toy_encoder, tmp_path, scale=20, skip=skip)
    rows, text = episode(toy_encoder, 23), model._mean(words.goal)

    def reward(i, j):
        return float(signed(model._network(rows[None, i : i + 1], rows[None, j : j + 1], text[None]).far)[0, 0])

    expected = []
    for frame in range(len(rows)):
        last = (frame - 1) // skip * skip if frame else 0
        way = [*range(0, last + 1, skip), frame]
        expected.append(sum(reward(i, j) for i, j in pairwise(way)))
    found = model.score_seen([rows], [0], words)
    torch.testing.assert_close(found, torch.tensor(expected).clamp(-1, 1), atol=1e-4, rtol=0)
    within = [t for t in range(1, 23) if max(abs(expected[t]), abs(expected[t - 1])) < 1]
    assert len(within) > 5
    if skip == 1:
        for t in within:
            assert float(found[t] - found[t - 1]) == pytest.approx(reward(t - 1, t), abs=1e-4)
