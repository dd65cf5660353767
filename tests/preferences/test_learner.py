"""Who asks and learns: frames kept, pairs chosen, answers counted, and going on after a stop."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vlmrl.encoders.base import Encoder
from vlmrl.errors import Abstained, ConfigError
from vlmrl.preferences.build import judge_of, learner_of, tell_judged
from vlmrl.preferences.judges.base import Judge
from vlmrl.preferences.pool import Pool, pairs
from vlmrl.rewards._taught.bradley_terry import Label, Nets
from vlmrl.rewards.preference import Preference
from vlmrl.types import Words

WORDS = Words.of("a bright picture")


class Grey(Encoder):
    """Knows how bright a frame is, and nothing else."""

    dim, image_size, fingerprint, device = 3, (4, 4), "grey", torch.device("cpu")

    def images(self, frames):
        angle = torch.as_tensor(np.asarray(frames)).float().mean((1, 2, 3)) / 255
        return torch.stack([angle.cos() * 0.8, angle.sin() * 0.8, torch.full_like(angle, 0.6)], 1)

    def texts(self, sentences):
        return torch.tensor([[0.0, 0.8, 0.6]] * len(sentences))


class Bright(Judge):
    """The brighter; abstains from some, or says what it is told to."""

    def __init__(self, says=None, facts=()):
        super().__init__(Grey())
        self.says, self.facts = says, facts

    needs_facts = property(lambda self: self.facts)

    def check(self, words):
        pass

    def _prefer(self, a, b, words):
        light = [side.frames.mean((1, 2, 3, 4)) for side in (a, b)]
        return (light[1] > light[0]).astype(np.float32) if self.says is None else np.full(len(a), self.says)


def grey(levels):
    return np.broadcast_to(np.asarray(levels, np.uint8)[:, None, None, None], (len(levels), 4, 4, 3)).copy()


def met(learner, count=200, seed=0, first=0):
    """Show it so many frames of any brightness, and tell it the truth."""
    levels = np.random.default_rng(seed).integers(0, 256, count)
    numbers = first + np.arange(count)
    learner.pool.meet(grey(levels), Grey().images(grey(levels)).numpy(), numbers)
    learner.pool.tell(numbers, {"oracle": levels / 255})


def learner(judge="bright", labels=(), seed=0, **settings):
    from vlmrl.preferences.learner import Learner

    model = Preference(Grey(), **settings)
    return Learner(model, Bright() if judge == "bright" else judge, WORDS, seed, labels)


# Frames that are kept.


def test_both_halves_are_drawn_without_a_bias():
    """Of a thousand frames each is as often in the first half, and each since the renewal in the second."""
    found = np.zeros((2, 1000))
    for seed in range(200):
        pool = Pool(40, np.random.default_rng(seed))
        for at in range(0, 1000, 50):
            if at == 600:
                pool.renew()
            numbers = np.arange(at, at + 50)
            pool.meet(grey(numbers % 256), np.zeros((50, 3), np.float32), numbers)
        np.add.at(found, (np.repeat([0, 1], 20), pool.tickets), 1)
    assert found[1, :600].sum() == 0
    for kept, expected in ((found[0], 4.0), (found[1, 600:], 10.0)):
        parts = kept.reshape(-1, 100).mean(1)
        assert np.abs(parts - expected).max() < 4 * np.sqrt(expected / 100)


def test_a_frame_keeps_its_number_embedding_and_truth():
    one = learner()
    met(one)
    met(one, 300, seed=1, first=200)
    places = one.pool.there(["oracle"])
    assert len(places) > 250
    levels = one.pool.frames[places].mean((1, 2, 3))
    np.testing.assert_allclose(one.pool.facts["oracle"][places], levels / 255)
    np.testing.assert_allclose(one.pool.embeddings[places], Grey().images(one.pool.frames[places]), atol=1e-6)
    assert len(set(one.pool.tickets[places])) == len(places)


def test_what_nobody_told_is_not_known():
    pool = Pool(10, np.random.default_rng(0))
    assert len(pool.there()) == 0
    pool.meet(grey([1, 2, 3]), np.zeros((3, 3), np.float32), np.array([7, 8, 9]))
    pool.tell(np.array([[9, 7]]), {"oracle": np.array([[0.9, 0.7]]), "success": np.array([[1.0, np.nan]])})
    pool.tell(np.empty((0, 2), int), {"oracle": np.empty((0, 2))})
    assert sorted(pool.tickets[pool.there()]) == [7, 8, 9]
    assert sorted(pool.tickets[pool.there(["oracle"])]) == [7, 9]
    assert sorted(pool.tickets[pool.there(["oracle", "success"])]) == [9]


# Pairs that are chosen.


def slow_disagreement(nets, a, b, temperature):
    worth = [nets(torch.from_numpy(side[None]))[:, 0].detach().numpy().astype(float) for side in (a, b)]
    return float(np.std(1 / (1 + np.exp(-(worth[1] - worth[0]) / temperature))))


def test_those_are_asked_about_that_the_nets_disagree_on_most():
    one = learner()
    met(one, 12)
    nets, rng = Nets(3, members=4), np.random.default_rng(0)
    found = pairs(one.pool, 5, nets, 0.25, rng, candidates=1_000)
    places = one.pool.there()
    every = [(i, j) for at, i in enumerate(places) for j in places[at + 1 :]]
    known = one.pool.embeddings
    doubt = {tuple(sorted(pair)): slow_disagreement(nets, known[pair[0]], known[pair[1]], 0.25) for pair in every}
    asked = [doubt[tuple(sorted(pair))] for pair in found.tolist()]
    np.testing.assert_allclose(asked, sorted(doubt.values(), reverse=True)[:5], atol=1e-6)


@given(frames=st.integers(0, 9), count=st.integers(1, 40), candidates=st.integers(1, 5), seed=st.integers(0, 9))
def test_pairs_differ_and_none_comes_twice(frames, count, candidates, seed):
    pool = Pool(20, np.random.default_rng(seed))
    if frames:
        pool.meet(grey(range(frames)), np.random.default_rng(0).random((frames, 3), np.float32), np.arange(frames))
    asked: set[tuple[int, int]] = set()
    nets = Nets(3)
    every = frames * (frames - 1) // 2
    for _ in range(3):
        found = pairs(pool, count, nets, 0.25, np.random.default_rng(seed), candidates=candidates, asked=asked)
        numbers = {tuple(sorted(pair)) for pair in pool.tickets[found].tolist()}
        assert len(numbers) == len(found) == min(count, every - len(asked))
        assert all(a != b for a, b in numbers)
        assert not numbers & asked
        asked |= numbers


def test_neither_side_is_the_older_one_by_rule():
    one = learner()
    met(one, 60)
    found = one.pool.tickets[pairs(one.pool, 200, Nets(3), 0.25, np.random.default_rng(0), candidates=1)]
    assert 60 < (found[:, 0] < found[:, 1]).sum() < 140


# Rounds.


def rounds(one, count, every=1_000):
    found = []
    for number in range(count):
        met(one, 200, seed=number, first=200 * number)
        found += one.round((number + 1) * every, print)
    return found


def test_the_nets_learn_what_the_judge_likes():
    one = learner(ask={"questions": 30})
    rows = rounds(one, 4)
    assert one.counts["questions"] == len(rows) == 120
    assert all(row["better"] == row["truth"] for row in rows if row["truth"] is not None)
    assert one.told["answers_right"] == 1.0
    assert one.told["nets_right"] > 0.9
    scores = one.model.score_frames(grey(range(0, 256, 5)), WORDS).numpy()
    assert np.corrcoef(scores, np.arange(len(scores)))[0, 1] > 0.9
    assert not one.model.untaught


def test_the_truth_is_for_the_log_alone():
    """An oracle judge is asked by facts; all else that learns must not notice when they are lies."""
    told = []
    for factor in (1, -1):
        one = learner(ask={"questions": 20})
        met(one)
        one.pool.facts["oracle"] *= factor
        one.round(1_000, print)
        told.append((one.model.nets.digest, one.told["answers_right"]))
    assert told[0][0] == told[1][0]
    assert (told[0][1], told[1][1]) == (1.0, 0.0)


def test_questions_come_when_they_are_due_and_end():
    one = learner(ask={"every": 400, "questions": 15, "most": 40})
    assert [one.due(steps) for steps in (0, 199, 200, 5_000)] == [False, False, True, True]
    assert learner(ask={"every": 50_000}).due(1_000)
    met(one)
    one.round(200, print)
    assert [one.due(steps) for steps in (201, 399, 400)] == [False, False, True]
    met(one, first=200)
    one.round(410, print)
    assert [one.due(steps) for steps in (799, 800)] == [False, True]
    one.round(800, print)
    assert one.counts["questions"] == 40
    assert not one.due(9_000)


def test_it_goes_on_as_if_it_had_not_stopped():
    through, stopped = (learner(ask={"questions": 20}, seed=4) for _ in range(2))
    rounds(through, 2)
    rounds(stopped, 2)
    again = learner(ask={"questions": 20}, seed=99)
    notes = json.loads(json.dumps(stopped.notes()))
    again.recall({name: one.copy() for name, one in stopped.arrays().items()}, notes)
    assert again.told == {name: one for name, one in through.told.items() if name != "nets_foretold"}
    for one in (through, again):
        met(one, 150, seed=50, first=5_000)
    assert through.round(9_000, print) == again.round(9_000, print)
    assert through.model.nets.digest == again.model.nets.digest
    np.testing.assert_array_equal(through.pool.tickets, again.pool.tickets)


def test_one_frame_alone_is_nothing_to_ask_about():
    one, said = learner(), list[str]()
    with pytest.raises(Abstained, match="has not answered one of 0 questions"):
        one.round(1_000, said.append)
    met(one, 1)
    with pytest.raises(Abstained, match="nothing to learn from"):
        one.round(1_000, said.append)
    assert "no two frames are left to ask about" in said[-1]


def test_when_no_pair_is_left_the_nets_stay_as_they_are():
    one, said = learner(), list[str]()
    met(one, 3)
    assert len(one.round(1_000, said.append)) == 3
    before = one.model.nets.digest
    assert one.round(2_000, said.append) == []
    assert "no two frames are left to ask about at 2,000 steps" in said[-1]
    assert one.model.nets.digest == before


@pytest.mark.parametrize("says", [np.nan, 3.0])
def test_who_never_answers_ends_it_with_the_reason(says):
    one = learner(Bright(says), ask={"questions": 10})
    met(one)
    with pytest.raises(Abstained, match=r"not answered one of 10 questions and .*it abstained from every question"):
        one.round(1_000, print)


def test_who_falls_silent_later_is_gone_on_without():
    judge = Bright()
    one, said = learner(judge, ask={"questions": 10}), list[str]()
    met(one)
    one.round(1_000, said.append)
    judge.says, judge.fault = np.nan, "the endpoint is down"
    before = one.model.nets.digest
    assert [row["better"] for row in one.round(2_000, said.append)] == [None] * 10
    assert "warning: preferences: the endpoint is down" in said[-1]
    assert (one.counts["abstained"], one.model.nets.digest) == (10, before)


def test_answers_of_people_are_learned_from_before_any_question():
    rng = np.random.default_rng(0)
    sides = [Grey().images(grey(rng.integers(0, 256, 4))).numpy() for _ in range(120)]
    labels = [Label(a, b, float(b[:, 1].mean() > a[:, 1].mean())) for a, b in zip(sides[::2], sides[1::2], strict=True)]
    one = learner(None, labels)
    one.round(1_000, print)
    assert (one.told["questions"], one.told["labels"]) == (0, 60)
    scores = one.model.score_frames(grey(range(0, 256, 5)), WORDS).numpy()
    assert np.corrcoef(scores, np.arange(len(scores)))[0, 1] > 0.8
    assert not one.due(50_000)


def test_facts_are_asked_of_frames_that_have_some():
    one = learner(Bright(facts=("success",)))
    met(one)
    with pytest.raises(Abstained, match="0 questions"):
        one.round(1_000, print)


# From settings.


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"judge": "oracle"},
            r"reward\.judge=oracle: asks the simulator for oracle, and this world is no task of ours",
        ),
        ({"judge": "encoder", "margn": 0.1}, r"reward\.margn=0.1: is taken by neither .*; did you mean margin\?"),
        ({"judge": "oracle", "by": "cosine"}, r"reward\.by=cosine: is taken by neither preference nor judge oracle"),
        ({"judge": "nobody"}, "judge=nobody: is not known"),
        ({"judge": None}, r"reward\.judge, reward\.answers: are both null"),
        ({"judge": None, "wrong": 0.1}, r"reward\.wrong: is for a judge"),
        ({"judge": "encoder", "margin": "wide"}, r"reward\.margin=wide: is not a number"),
        ({"judge": "encoder"}, "baseline: is missing"),
    ],
)
def test_what_makes_no_judge_is_refused_before_anything_costs_time(settings, said):
    with pytest.raises(ConfigError, match=said):
        learner_of(Preference(Grey(), **settings), WORDS, truth=False, seed=0)


def test_a_judge_by_its_settings_and_what_the_user_is_told():
    model = Preference(Grey(), judge="oracle", wrong=0.2)
    assert judge_of(model, truth=True).wrong == 0.2
    said = list[str]()
    tell_judged(learner_of(model, WORDS, truth=True, seed=0), said.append)
    assert "privileged, not from words" in said[-1]
