"""A lock that can be copied: one thread at a time, and each copy for itself."""

import pickle
import time
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy

import pytest

from vlmrl.scoring.turns import Turns


def test_threads_take_turns():
    turns, inside, most = Turns(), [], []

    def one(number):
        with turns:
            inside.append(number)
            most.append(len(inside))
            time.sleep(0.001)
            inside.pop()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(40)))
    assert most == [1] * 40


@pytest.mark.parametrize("copied", [deepcopy, lambda turns: pickle.loads(pickle.dumps(turns))])
def test_a_copy_is_free_whoever_holds_the_first(copied):
    turns = Turns()
    with turns, ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: copied(turns).__enter__()).result(5) is None


def test_an_error_gives_the_turn_back():
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns:
        1 / 0  # noqa: B018
    with turns:
        pass
