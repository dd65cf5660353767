"""Environments that are lent: made once, closed at the end, and as good as new at every reset."""

from contextlib import closing

import gymnasium as gym
import pytest

from tests.judge.dial import go_right, make, task
from tests.worlds import sample
from vlmrl.envs import make_env
from vlmrl.envs.make import find_task
from vlmrl.judge.compare import compare
from vlmrl.judge.episodes import evaluate
from vlmrl.judge.kept import Kept
from vlmrl.judge.random_policy import RandomPolicy


class Counting:
    """Makes dials, and counts those made and closed."""

    def __init__(self):
        self.made = self.closed = 0

    def __call__(self):
        self.made += 1
        return Counted(make(), self)


class Counted(gym.Wrapper):
    """Tells who made it when it is closed."""

    def __init__(self, env, count):
        super().__init__(env)
        self._count = count

    def close(self):
        self._count.closed += 1
        super().close()


def test_an_environment_is_made_once_however_often_it_is_played_in():
    count = Counting()
    with closing(Kept(count)) as kept:
        judged = [evaluate(go_right, kept, task(), range(3), batch=2).episodes for _ in range(3)]
        assert (count.made, count.closed) == (2, 0)
    assert count.closed == 2
    assert judged[0] == judged[1] == judged[2] == evaluate(go_right, make, task(), range(3), batch=2).episodes


def test_what_is_closed_twice_is_given_back_once():
    kept = Kept(make)
    first = kept()
    first.close()
    first.close()
    assert kept().env is not kept().env


def test_agents_are_compared_in_the_same_environments():
    count = Counting()
    compare({"agent": go_right, "other": go_right}, count, task(), range(6), batch=3)
    assert (count.made, count.closed) == (3, 3)


@pytest.mark.parametrize("name", sample())
def test_a_shipped_task_leaves_nothing_of_the_episode_before(name):
    def fresh():
        return make_env(name, frames=False)

    found = find_task(name)
    env = fresh()
    policy = RandomPolicy(env.action_space)
    with closing(Kept(fresh)) as kept:
        evaluate(policy, kept, found, [5, 6])
        again = evaluate(policy, kept, found, [1, 2])
    anew = evaluate(policy, fresh, found, [1, 2])
    assert again.episodes == anew.episodes
    for mine, theirs in zip(again.traces, anew.traces, strict=True):
        assert mine.oracle.tolist() == theirs.oracle.tolist()
