"""A world's own truth as a task's: it says in words when it is done, and goes to another process."""

import pickle
from functools import partial

import numpy as np

from vlmrl.envs import Camera, State
from vlmrl.envs.played import Unknown
from vlmrl.envs.told import Told, told_task
from vlmrl.types import Words

NOTHING = np.zeros((3, 0))


def test_success_is_the_first_thing_told_and_says_when_that_is():
    done = pickle.loads(pickle.dumps(Told("the door is open")))
    told = np.array([[0.0, 0.9], [0.5, 0.2], [1.0, 1.0]])
    state = State(**dict.fromkeys(State.__dataclass_fields__, NOTHING) | {"told": told})
    assert done(state).tolist() == [False, False, True]
    assert done.__doc__ == "True while the door is open."


def test_a_told_task_is_done_once_it_was_done_for_a_moment_unless_told_otherwise():
    words = Words.of("the door is open", "a door", "the door is closed")
    make = partial(told_task, "house/open", object, "the door is open", words, Unknown("nobody knows"))
    make = partial(make, camera=Camera())
    usual = make(horizon=30)
    assert (usual.hold, usual.held, usual.words) == (5, "any", words)
    assert usual.truth == "True while the door is open."
    assert make(horizon=30, hold=2).hold == 2
