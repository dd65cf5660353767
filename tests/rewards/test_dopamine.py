"""Robo-Dopamine's hops, its balance of pairs, the goals that are kept, and the fusion, as slowly as the paper reads."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from tests.rewards.pairs import episode, loud
from tests.rewards.test_progress import DIM, film
from vlmrl.errors import ConfigError
from vlmrl.rewards._taught.learned import Course
from vlmrl.rewards._taught.pairs import signed
from vlmrl.rewards.dopamine import FUSIONS, GAPS, HOPS, Dopamine, HopLesson


def hop(p, q):
    """The hop between two progresses."""
    if q == p:
        return 0.0
    return (q - p) / (1 - p) if q > p else (q - p) / p


def test_labels_are_shares_of_what_is_left_and_back_of_what_is_there():
    progress = torch.tensor([min(t / 7, 1.0) for t in range(10)])
    found = HopLesson().far(progress[:, None].expand(10, 10), progress.expand(10, 10))
    expected = [[hop(p, q) for q in progress.tolist()] for p in progress.tolist()]
    torch.testing.assert_close(found, torch.tensor(expected), atol=1e-5, rtol=0)
    assert HopLesson().far(torch.tensor([torch.nan, 0.5]), torch.tensor([0.5, torch.nan])).isnan().all()


def test_pairs_are_balanced_over_hops_and_over_distances_within_them():
    one = film(30, range(20, 30))
    assert one.reach == 25
    rng, lesson = np.random.default_rng(0), HopLesson(pairs=1024)
    drawn = [np.stack(lesson.places(rng, one)) for _ in range(60)]
    a, b = np.concatenate(drawn, axis=1)
    assert np.mean(a == b) == pytest.approx(0.05, abs=0.005)
    a, b = a[a != b], b[a != b]
    progress = [min(t / 20, 1.0) for t in range(25)]
    cells: dict = {}
    for p in range(25):
        for q in range(25):
            if p != q:
                place = min(int((np.float32(hop(np.float32(progress[p]), np.float32(progress[q]))) + 1) / 2 * HOPS), 24)
                cells.setdefault(place, []).append((p, q))
    share = {pair: 0.0 for several in cells.values() for pair in several}
    for several in cells.values():
        gaps = [abs(p - q) for p, q in several]
        low, wide = min(gaps), max(gaps) + 1 - min(gaps)
        parts: dict = {}
        for pair, gap in zip(several, gaps, strict=True):
            parts.setdefault((gap - low) * GAPS // wide, []).append(pair)
        for part in parts.values():
            for pair in part:
                share[pair] = 1 / len(cells) / len(parts) / len(part)
    assert sum(share.values()) == pytest.approx(1)
    counts = np.zeros((25, 25))
    np.add.at(counts, (a, b), 1)
    expected = np.zeros((25, 25))
    for (p, q), odds in share.items():
        expected[p, q] = odds * len(a)
    known = expected > 0
    assert (counts[~known] == 0).all()
    off = (counts - expected)[known] / np.sqrt(expected[known])
    assert np.abs(off).max() < 6  # deviations
    assert np.mean(off**2) == pytest.approx(1, abs=0.25)


def test_goals_are_kept_of_every_task_and_found_by_their_sentence():
    films = [film(20, range(12, 20), task=task, seed=10 * task + turn) for task in (0, 1) for turn in (0, 1)]
    texts = normalize(torch.randn(4, DIM, generator=torch.Generator().manual_seed(0)), dim=1)
    course = Course(tuple(films), texts, ((0, 1), (2,)), ((2,), (0, 1)))
    lesson = HopLesson(goals=4)
    network = lesson.network(DIM)
    lesson.prepare(network, course)
    for task, rows in enumerate(course.right):
        found = network.pictures(normalize(texts[list(rows)].mean(0), dim=0))
        assert sorted(found[:, 1].tolist()) == [10 * task, 10 * task + 1]
        assert (found[:, 0] >= 12).all()
    with pytest.raises(ConfigError, match=r"reward\.goals=1: is too few for 2 tasks"):
        HopLesson(goals=1).prepare(network, course)


def slow(model, rows, text):
    """Every frame's value by the formulas of the docstring, one pair at a time."""
    goals = model._network.pictures(text)

    def says(a, b, mark=None):
        given = None if mark is None else mark[None, None]
        return float(signed(model._network(a[None, None], b[None, None], text[None], given).far)[0, 0])

    def unit(value):
        return min(max(value, 0.0), 1.0)

    def value(t):
        backward = unit(1 + np.mean([says(goal, rows[t], model._network.goal) for goal in goals]))
        if t == 0:
            return backward
        stone = (t - 1) // model.skip * model.skip
        before, step = value(stone), says(rows[stone], rows[t])
        incremental = before + (1 - before) * step if step >= 0 else before + before * step
        forward = unit(says(rows[0], rows[t]))
        both = (forward + backward) / 2
        weight = math.exp(-model.alpha * (abs(backward - forward) / (both + 1e-6)) ** 2)
        return {
            "incremental": incremental,
            "forward": forward,
            "backward": backward,
            "mean": (incremental + forward + backward) / 3,
            "filter": before + weight / 2 * (both - before + incremental - before),
        }[model.fuse]

    return torch.tensor([value(t) for t in range(len(rows))]).float()


def model_of(encoder, folder, **settings):
    """A reward with drawn weights, drawn goals of two tasks and a drawn mark."""
    model = loud(Dopamine, encoder, folder, **settings)
    draw, network = torch.Generator().manual_seed(2), model._network
    for tensor in (network.goals, network.asked, network.goal):
        tensor.copy_(torch.randn(tensor.shape, generator=draw))
    network.asked[::2] = network.asked[0]
    network.asked[1::2] = -network.asked[0]
    return model


@pytest.mark.parametrize("fuse", FUSIONS)
def test_each_fusion_is_the_papers(toy_encoder, words, tmp_path, fuse):
    model = model_of(toy_encoder, tmp_path, fuse=fuse, skip=3, alpha=0.5)
    rows, text = episode(toy_encoder, 10), model._mean(words.goal)
    assert len(model._network.pictures(text)) == 8
    expected = slow(model, rows, text)
    assert expected.std() > 0.01
    torch.testing.assert_close(model.score_seen([rows], [0], words), expected, atol=1e-4, rtol=0)
    torch.testing.assert_close(model.score_seen([rows], [7], words), expected[7:], atol=1e-4, rtol=0)


def test_where_forward_and_backward_disagree_the_value_is_held(toy_encoder, tmp_path):
    model = model_of(toy_encoder, tmp_path, alpha=1.0)
    agreed, doubted = model._fused(0.2, 0.5, 0.6, 0.6), model._fused(0.2, 0.5, 0.0, 0.9)
    assert agreed == pytest.approx(0.2 + 0.5 * (0.6 - 0.2 + 0.8 * 0.5), abs=1e-4)
    assert abs(doubted - 0.2) < 0.02


def test_settings_out_of_range_are_named(toy_encoder):
    with pytest.raises(ConfigError, match=r"reward\.fuse=both: is not known; known: filter, mean"):
        Dopamine(toy_encoder, fuse="both")
    with pytest.raises(ConfigError, match=r"reward\.alpha=-1: must be a number between 0"):
        Dopamine(toy_encoder, alpha=-1)
    with pytest.raises(ConfigError, match=r"reward\.goals=0: must be a number between 1"):
        HopLesson(goals=0)
