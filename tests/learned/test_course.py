"""What is held out: episodes of each outcome, a wording of each task, some of the sentences that ask for else."""

import pytest
import torch

from vlmrl.envs.make import find_task
from vlmrl.errors import ConfigError
from vlmrl.learned.course import Sentences, split
from vlmrl.learned.films import Films
from vlmrl.rewards._taught.learned import Film

TASKS = (find_task("point_mass/target"), find_task("point_mass/top_left"))
SAID = Sentences(
    (("on the dot", "it lies on the dot"), ("in the corner",)), (("far", "away", "gone"), ("on the dot", "lost"))
)


def film(number, task, won, done_from=3):
    done = torch.arange(6) >= (done_from if won else 6)
    return Film(f"episode {number} of data", task, torch.zeros(6, 4), done, won)


def films(*several):
    return Films(TASKS, ({}, {}), several, "print")


@pytest.fixture
def whole():
    return films(*(film(number, number % 2, number % 4 < 2) for number in range(32)))


def test_every_fourth_episode_of_each_task_and_outcome_is_held_out(whole, toy_encoder):
    parts = split(whole, SAID, toy_encoder)
    assert len(parts.taught.films) + len(parts.films) == 32
    assert parts.held.films == parts.films
    for task in (0, 1):
        for won in (True, False):
            assert len([one for one in parts.films if (one.task, one.succeeded) == (task, won)]) == 2
    assert not set(map(id, parts.films)) & set(map(id, parts.taught.films))
    assert [one.name for one in split(whole, SAID, toy_encoder).films] == [one.name for one in parts.films]


def test_a_wording_is_kept_back_where_there_are_two(whole, toy_encoder):
    parts = split(whole, SAID, toy_encoder)
    assert parts.known == (("on the dot",), ("in the corner",))
    assert parts.unseen == (("it lies on the dot",), ())


def test_what_another_task_asks_for_is_wrong_and_no_sentence_is_right_and_wrong(whole, toy_encoder):
    parts = split(whole, SAID, toy_encoder)
    rows = toy_encoder.texts(["on the dot", "in the corner", "far", "away", "gone", "lost"])

    def said(several):
        return {int((rows @ parts.taught.texts[row]).argmax()) for row in several}

    assert [said(right) for right in parts.taught.right] == [{0}, {1}]
    assert [said(wrong) for wrong in parts.taught.wrong] == [{1, 3, 4}, {0}]  # "far" and "lost" are kept back
    assert parts.wrong == (("far",), ("lost",))


def test_data_of_one_outcome_or_that_begins_done_is_refused_by_the_episode(toy_encoder):
    won, lost = [film(number, 0, won=True) for number in range(4)], [film(number, 0, won=False) for number in range(4)]
    one_task = {"tasks": TASKS[:1], "views": ({},), "fingerprint": ""}
    said = Sentences(SAID.right[:1], SAID.wrong[:1])
    with pytest.raises(ConfigError, match=r"0 of 4 episodes failed, from episode 0 of data on; 2 must"):
        split(Films(films=tuple(won), **one_task), said, toy_encoder)
    with pytest.raises(
        ConfigError, match=r"1 of 5 episodes of point_mass/target came to success; only episode 0 of data"
    ):
        split(Films(films=(won[0], *lost), **one_task), said, toy_encoder)
    begun = [film(number, 0, won=True, done_from=0) for number in range(4)]
    with pytest.raises(ConfigError, match=r"0 of 8 episodes of point_mass/target came to success"):
        split(Films(films=(*begun, *lost), **one_task), said, toy_encoder)
