"""What chance and knowledge reach is told of the version that was measured, and of no other."""

import json

import numpy as np
import pytest

from vlmrl.envs import find_task, task_names
from vlmrl.judge import reached
from vlmrl.judge.reached import IN_PASSING, Reached, bounds


def test_in_passing_counts_what_the_tasks_own_criterion_refuses():
    task = find_task("cartpole/upright")
    passing = np.zeros(task.horizon, bool)
    passing[5 : 5 + IN_PASSING] = True
    short = passing.copy()
    short[5] = False
    held = np.ones(task.horizon, bool)
    found = Reached.of("random", task, [passing, short, held])
    assert (found.episodes, found.succeeded, found.in_passing, found.ever) == (3, 1, 2, 3)
    share = found.share(found.succeeded)
    assert share["mean"] == pytest.approx(1 / 3)
    assert share["low"] < 1 / 3 < share["high"]
    assert found.share(None) is None


def test_another_version_of_a_task_was_not_measured(tmp_path, monkeypatch):
    task = find_task("cartpole/upright")
    kept = {
        "version": task.version,
        "random": {"who": "random", "episodes": 4, "succeeded": 1, "in_passing": 2, "ever": 3},
    }
    (tmp_path / "reached.json").write_text(json.dumps({"tasks": {task.name: {**kept, "knowing": None}}}))
    monkeypatch.setattr(reached, "FILE", tmp_path / "reached.json")
    assert bounds(task).random == Reached("random", 4, 1, 2, 3)
    assert bounds(task).knowing is None
    assert bounds(task.but(version=task.version + 1)).random is None
    assert bounds(find_task("walker/stand")).random is None


LUCKY = {"metaworld/handle_press": 0.2, "cartpole/right": 0.2}
"""Tasks that chance does more often than we want; the documentation says so."""


@pytest.mark.parametrize("name", task_names())
def test_what_ships_says_that_chance_does_not_do_it(name):
    known = bounds(find_task(name))
    if known.random is None:
        pytest.skip("not measured")
    assert known.random.succeeded / known.random.episodes <= LUCKY.get(name, 0.19)
