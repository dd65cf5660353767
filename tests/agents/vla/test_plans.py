"""Carrying out plans: the fast way against ACT's rule as it reads, one episode at a time."""

import numpy as np
import pytest

from vlmrl.agents.vla.plans import Plans


def slowly(made, moment, chunk, ensemble):
    """What an episode does at a moment, of all plans ``{when: plan}`` that it ever made."""
    alive = [plan[moment - when] for when, plan in sorted(made.items()) if when <= moment < when + chunk]
    if ensemble is None:
        return alive[-1]
    weights = [np.exp(-ensemble * i) for i in range(len(alive))]  # 0 is the oldest
    return sum(weight * action for weight, action in zip(weights, alive, strict=True)) / sum(weights)


@pytest.mark.parametrize("ensemble", [None, 0.0, 0.01, 1.0])
@pytest.mark.parametrize(("chunk", "replan"), [(1, 1), (4, 1), (4, 3), (8, 4), (5, 5)])
def test_equals_the_rule_as_it_reads(chunk, replan, ensemble):
    rng = np.random.default_rng(0)
    plans = Plans(chunk, replan, ensemble)
    made: list[dict] = [{}, {}, {}]
    ends = (5, 12, 7)
    moments = np.zeros(3, np.int64)
    for _ in range(30):
        due = plans.due(moments)
        assert due.tolist() == [row for row in range(3) if moments[row] % replan == 0]
        new = rng.normal(size=(len(due), chunk, 2))
        plans.add(due, moments, new)
        for row, plan in zip(due, new, strict=True):
            if moments[row] == 0:
                made[row] = {}
            made[row][int(moments[row])] = plan
        told = plans.actions(moments)
        for row in range(3):
            np.testing.assert_allclose(told[row], slowly(made[row], moments[row], chunk, ensemble), atol=1e-12)
        moments = np.array([0 if moment + 1 == end else moment + 1 for moment, end in zip(moments, ends, strict=True)])


def test_another_number_of_episodes_begins_anew():
    plans = Plans(4, 2)
    for moments in (np.array([3]), np.array([3, 3])):
        assert plans.due(moments).tolist() == list(range(len(moments)))
        plans.add(np.arange(len(moments)), moments, np.zeros((len(moments), 4, 1)))
