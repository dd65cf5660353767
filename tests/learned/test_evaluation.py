"""A value that knows the way meets every bar; a count of frames, and one that reads no words, are found out."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from vlmrl.learned.course import Split
from vlmrl.learned.evaluation import MEASURES, counter, evaluated, rows, value_of
from vlmrl.rewards._taught.learned import Course, Film


def film(number, won):
    """A film whose first number says how far it is."""
    length = 30 + number
    way = torch.linspace(0, 1 if won else 0.4, length)
    seen = torch.stack([way, torch.full((length,), float(number))], dim=1)
    done = way >= 1
    return Film(f"film {number}", 0, seen, done, won)


@pytest.fixture
def split():
    films = tuple(film(number, number % 2 == 0) for number in range(8))
    course = Course(films, torch.eye(2), ((0,),), ((1,),))
    return Split(course, course, films, (("do it", "have it done"),), (("get it done",),), (("do something else",),))


def knows(seen, sentences, since=0):
    right = all("else" not in one for one in sentences)
    return seen[since:, 0] * (1.0 if right else 0.05)


def test_who_knows_the_way_meets_every_bar(split):
    found = evaluated(knows, split)
    assert set(found) == set(MEASURES)
    assert found["forward"] == pytest.approx(1)
    assert found["reversed"] == pytest.approx(-1)
    assert found["cycled"] == pytest.approx(1)
    assert found["gap"] == pytest.approx(0.6)
    assert (found["success"], found["unseen"], found["instruction"]) == (1.0, 0.0, 1.0)
    assert found["wrong"] == pytest.approx(0.05)
    assert all(row["met"] for row in rows(found, found))


def test_a_count_of_frames_is_found_out(split):
    found = evaluated(counter(37), split)
    assert found["forward"] == pytest.approx(1)
    met = {row["measure"]: row["met"] for row in rows(found, found)}
    assert not any(met[name] for name in ("reversed", "shuffled", "cycled", "gap", "instruction", "wrong"))


def test_who_reads_no_words_is_found_out_and_other_wordings_are_asked(split):
    found = evaluated(lambda seen, sentences, since=0: seen[since:, 0], split)
    assert (found["instruction"], found["wrong"]) == (0.5, 1.0)
    deaf = evaluated(lambda seen, words, since=0: knows(seen, words, since) * ("get it done" not in words), split)
    assert deaf["unseen"] == pytest.approx(0.5)


def test_where_no_wording_is_left_nobody_knows(split):
    found = evaluated(knows, replace(split, unseen=((),)))
    assert math.isnan(found["unseen"])
    row = next(one for one in rows(found, found) if one["measure"] == "unseen")
    assert (row["found"], row["met"]) == (None, None)


def test_shuffled_orders_are_the_same_every_time(split):
    assert evaluated(knows, split) == evaluated(knows, split)
    assert np.isfinite(list(evaluated(knows, split).values())).all()


def test_a_film_done_at_its_first_frame_has_no_way_to_be_ordered(split):
    at_once = Film("at once", 0, torch.ones(9, 2), torch.ones(9, dtype=torch.bool), True)
    model = SimpleNamespace(
        encoder=SimpleNamespace(device="cpu"), score_seen=lambda seen, since, _: seen[0][since[0] :, 0]
    )
    alone = replace(split, films=(at_once, film(1, False)))
    found = evaluated(value_of(model), alone)
    assert math.isnan(found["forward"])
    assert found["gap"] == pytest.approx(0.6)
