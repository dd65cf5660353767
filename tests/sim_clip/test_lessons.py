"""Captions come up alike for every value, however many values there are."""

import numpy as np
import torch

from vlmrl.sim_clip.lessons import Lesson


def test_every_one_of_many_values_is_captioned_alike():
    values, rng = 150, np.random.default_rng(0)
    singles = np.repeat(np.arange(values), 4 + np.arange(values) % 9)
    first = np.concatenate([singles, rng.integers(0, values, 600), np.full(9, -1)])
    second = np.concatenate([np.full(len(singles), -1), rng.integers(0, values, 600), np.full(9, -1)])
    none = torch.zeros(0)
    lesson = Lesson(none, none, none, [], torch.from_numpy(first), torch.from_numpy(second), none)
    drawn = lesson.captions(np.random.default_rng(1), 60_000).numpy()
    alone = (first[drawn] >= 0) & (second[drawn] < 0)
    counts = np.bincount(first[drawn][alone], minlength=values)
    assert counts.min() > 0.7 * counts.mean()
    assert counts.max() < 1.3 * counts.mean()
    pairs = np.bincount(first[drawn][second[drawn] >= 0], minlength=values)
    paired = np.unique(first[second >= 0])
    assert abs(pairs[paired].mean() / counts.mean() - 0.5) < 0.05
    assert abs((first[drawn] < 0).sum() / counts.mean() - 1.5) < 0.5
