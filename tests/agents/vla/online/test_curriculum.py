"""Which task comes next."""

import math

import numpy as np
import pytest

from vlmrl.agents.vla.online.curriculum import KEEP, Curriculum


def test_tasks_are_drawn_the_more_the_nearer_they_are_to_half_success():
    tasks = Curriculum(["never", "half", "always", "untried"], sharpness=4.0)
    for task, success in (("never", 0.0), ("half", 0.5), ("always", 1.0)):
        tasks.saw(task, success)
    weights = [math.exp(-2.0), 1.0, math.exp(-2.0), 1.0]
    assert tasks.chances().tolist() == pytest.approx([one / sum(weights) for one in weights])
    rng = np.random.default_rng(0)
    drawn = [tasks.draw(rng) for _ in range(2000)]
    assert drawn.count("half") / 2000 == pytest.approx(weights[1] / sum(weights), abs=0.04)


def test_where_nobody_knows_success_they_are_drawn_evenly():
    tasks = Curriculum(["one", "other"], sharpness=4.0)
    tasks.saw("one", None)
    assert tasks.chances().tolist() == [0.5, 0.5]


def test_what_was_long_ago_is_forgotten_and_goes_on_after_a_stop():
    tasks = Curriculum(["one"], 1.0)
    tasks.saw("one", 0.0)
    tasks.saw("one", 1.0)
    assert tasks.success["one"] == pytest.approx(1 - KEEP)
    again = Curriculum(["one"], 1.0)
    again.recall(tasks.success)
    assert again.success == tasks.success
