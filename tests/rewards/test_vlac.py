"""VLAC's labels, pairs and value, as slowly as the paper reads."""

import numpy as np
import pytest
import torch

from tests.rewards.pairs import episode, loud
from tests.rewards.test_progress import film
from vlmrl.errors import ConfigError
from vlmrl.rewards._taught.pairs import signed
from vlmrl.rewards.vlac import Vlac, VlacLesson


def label(i, j, end):
    """Progress from frame i to frame j of a film that is done at ``end``, in shares of what is left."""
    if j < i:
        return -label(j, i, end)
    i, j = min(i, end), min(j, end)
    return (j - i) / (end - i) if i < end else 0.0


def test_labels_are_shares_of_what_is_left_and_mirrored():
    end, count = 7, 10
    progress = torch.tensor([min(t / end, 1.0) for t in range(count)])
    for i in range(count):
        for j in range(count):
            found = VlacLesson().far(progress[i : i + 1], progress[j : j + 1])
            assert float(found) == pytest.approx(label(i, j, end), abs=1e-5)
    unknown = torch.tensor([torch.nan, 0.5])
    assert VlacLesson().far(unknown, unknown.flip(0)).isnan().all()


def test_pairs_come_in_fours_of_neighbours_and_any_two_in_both_orders():
    one = film(30, range(20, 30))
    a, b = VlacLesson(pairs=1024).places(np.random.default_rng(0), one)
    fours = np.stack([a, b], axis=1).reshape(-1, 4, 2)
    assert (fours[:, 0] == fours[:, 1, ::-1]).all()
    assert (fours[:, 2] == fours[:, 3, ::-1]).all()
    assert (fours[:, 0, 1] - fours[:, 0, 0] == 1).all()
    assert (fours[:, 0, 0] == fours[:, 2, 0]).all()
    assert (fours[:, 2, 0] != fours[:, 2, 1]).all()
    assert (a.min(), a.max()) == (0, 24)  # 20 and a quarter more
    assert len(np.unique(fours[:, 2, 1] - fours[:, 2, 0])) > 30


def slow(model, rows, text):
    """The value of each frame by the recursion of the docstring, below 0 that of the mirrored critic, negative."""

    def critic(i, j):
        return float(signed(model._network(rows[None, i : i + 1], rows[None, j : j + 1], text[None]).far)[0, 0])

    def value(frame, sign):
        if frame == 0:
            return 0.0
        stone = (frame - 1) // model.skip * model.skip
        before, step = value(stone, sign), sign * critic(stone, frame)
        return before + (1 - before) * step if step >= 0 else 1 - (1 - before) / (1 + step)

    up = [value(frame, 1) for frame in range(len(rows))]
    down = [value(frame, -1) for frame in range(len(rows))]
    return [one if one >= 0 else -other for one, other in zip(up, down, strict=True)]


@pytest.mark.parametrize("skip", [1, 4])
def test_the_value_fills_up_what_is_left_and_empties_it_alike(toy_encoder, words, tmp_path, skip):
    model = loud(Vlac, toy_encoder, tmp_path, skip=skip)
    rows, text = episode(toy_encoder, 23), model._mean(words.goal)
    found = model.score_seen([rows], [0], words)
    expected = torch.tensor(slow(model, rows, text))
    assert expected.min() < -0.1
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


def test_a_film_there_and_back_ends_where_it_began_and_reversed_it_is_worth_the_opposite(toy_encoder, words, tmp_path):
    model = loud(Vlac, toy_encoder, tmp_path, skip=1)
    rows = episode(toy_encoder, 9)
    there_and_back = model.score_seen([torch.cat([rows, rows[:-1].flip(0)])], [0], words)
    torch.testing.assert_close(there_and_back, there_and_back.flip(0), atol=1e-4, rtol=0)
    assert there_and_back.abs().max() > 0.1
    back = model.score_seen([rows.flip(0)], [0], words)
    assert float(back[-1]) == pytest.approx(-float(there_and_back[8]), abs=1e-4)


def test_success_mixes_in_the_chance_of_being_done(toy_encoder, words, tmp_path):
    rows = episode(toy_encoder, 9)
    value, both, done = (
        loud(Vlac, toy_encoder, tmp_path, success=success).score_seen([rows], [0], words) for success in (0, 0.25, 1)
    )
    torch.testing.assert_close(both, 0.75 * value + 0.25 * done)
    assert 0 < done.min() < done.max() < 1


def test_settings_out_of_range_are_named(toy_encoder):
    with pytest.raises(ConfigError, match=r"reward\.skip=0: must be a number between 1"):
        Vlac(toy_encoder, skip=0)
    with pytest.raises(ConfigError, match=r"reward\.success=2: must be a number between 0"):
        Vlac(toy_encoder, success=2)
