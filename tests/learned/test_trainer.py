"""One trainer: the same weights every time, killed or not, and it stops when others' films are met no better."""

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from vlmrl.errors import ConfigError
from vlmrl.learned.course import Split
from vlmrl.learned.trainer import Plan, Training
from vlmrl.rewards._taught.learned import Course, Film
from vlmrl.rewards.progress import ProgressLesson

DIM = 8
LESSON = ProgressLesson(window=4, width=8, layers=1, heads=2, bins=5)


def films(seed, count=6, length=12):
    """Films that go along a line in the space of embeddings, and such as stay where they are."""
    draw = torch.Generator().manual_seed(seed)
    way = torch.linspace(-1, 1, length)[:, None] * torch.ones(DIM)
    for number in range(count):
        won = number % 2 == 0
        seen = normalize(
            (way if won else way[:1].expand(length, -1)) + 0.3 * torch.randn(length, DIM, generator=draw), dim=1
        )
        done = torch.arange(length) >= (length - 3 if won else length)
        yield Film(f"film {number}", 0, seen, done, won)


@pytest.fixture
def split():
    texts = normalize(torch.randn(3, DIM, generator=torch.Generator().manual_seed(9)), dim=1)
    taught, held = (Course(tuple(films(seed)), texts, ((0,),), ((1, 2),)) for seed in (0, 1))
    return Split(taught, held, held.films, (("right",),), ((),), (("wrong",),))


def training(split, path, say=lambda line: None, about="", **plan):
    return Training(
        LESSON, split, Plan(**{"steps": 60, "batch": 8, "every": 10, "patience": 99} | plan), about, path, say
    )


def weights(one):
    return {name: tensor.clone() for name, tensor in one.network.state_dict().items()}


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def test_it_learns_what_was_shown_and_the_same_every_time(split, tmp_path):
    first, second = (training(split, tmp_path / name, steps=100) for name in ("a", "b"))
    losses = []
    for one in (first, second):
        before = one._look()["all"]
        one._found, one._best = type(one._found)(0, 0, {"all": np.inf}), {}
        losses.append((before, one.run().losses["all"]))
    assert losses[0] == losses[1]
    assert losses[0][1] < 0.8 * losses[0][0]
    assert same(weights(first), weights(second))
    assert not same(weights(first), weights(training(split, tmp_path / "c", seed=1)))


@pytest.mark.parametrize("killed_at", [25, 40, 41])
def test_killed_at_any_step_it_goes_on_to_the_same_weights(split, tmp_path, killed_at, monkeypatch):
    whole = training(split, tmp_path / "whole")
    expected = whole.run()
    cut = training(split, tmp_path / "cut")
    learn = cut._learn

    def killed():
        if cut.step == killed_at:
            raise KeyboardInterrupt
        learn()

    monkeypatch.setattr(cut, "_learn", killed)
    with pytest.raises(KeyboardInterrupt):
        cut.run()
    said: list[str] = []
    again = training(split, tmp_path / "cut", said.append)
    assert again.run() == expected
    assert said[0] == f"going on from step {killed_at // 10 * 10} of cut"
    assert same(weights(again), weights(whole))


def test_what_was_saved_of_another_training_or_is_damaged_is_not_gone_on_with(split, tmp_path):
    path = tmp_path / "state"
    said: list[str] = []
    training(split, path, steps=10).run()
    training(split, path, said.append, steps=10, about="other data").run()
    assert "is of other data or settings" in said[0]
    path.write_bytes(path.read_bytes()[:100])
    again = training(split, path, said.append, steps=10, about="other data")
    again.run()
    assert any("cannot be read, so it is begun anew" in line for line in said)
    again.forget()
    assert not path.exists()


def test_it_stops_when_held_out_films_are_met_no_better_and_keeps_the_best(split, tmp_path, monkeypatch):
    one = training(split, tmp_path / "a", every=5, patience=3)
    found = iter([3.0, 2.0, 2.5, 2.1, 2.2, 1.0])
    look, learned_by = one._look, ProgressLesson.losses

    def told():
        value = torch.tensor(next(found))
        monkeypatch.setattr(ProgressLesson, "losses", lambda *asked: {"progress": value})
        losses = look()
        monkeypatch.setattr(ProgressLesson, "losses", learned_by)
        return losses

    monkeypatch.setattr(one, "_look", told)
    learned = one.run()
    assert (learned.steps, learned.best) == (25, 10)
    assert learned.losses["all"] == pytest.approx(2.0)


@pytest.mark.parametrize("key", ["steps", "batch", "rate", "every", "patience"])
def test_a_number_that_makes_no_sense_is_named(key):
    with pytest.raises(ConfigError, match=rf"{key}=0: must be above 0"):
        Plan(**{key: 0})
