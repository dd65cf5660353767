"""Tasks: what counts as success of an episode, and states of any shape."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrl.envs import State, find_task, make_env
from vlmrl.envs.simulator import simulator
from vlmrl.errors import ConfigError, ShapeError


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(1, 8))
def test_success_held_at_the_end_or_anywhere(success, hold):
    task = find_task("cartpole/upright").but(hold=hold)
    assert task.succeeded(np.array(success)) == (len(success) >= hold and all(success[-hold:]))
    runs = "".join("x" if s else " " for s in success)
    assert task.but(held="any").succeeded(np.array(success)) == ("x" * hold in runs)


def test_success_must_be_one_entry_a_step():
    with pytest.raises(ShapeError, match=r"\(T,\)"):
        find_task("cartpole/upright").succeeded(np.zeros((3, 2), bool))


def test_a_hold_longer_than_the_episode_is_refused():
    with pytest.raises(ConfigError, match="hold must lie in"):
        find_task("cartpole/upright").but(hold=151)


def test_truth_is_the_same_for_one_state_and_for_many():
    for name in ("reacher/touch", "walker/stand", "double_pendulum/upright"):
        task = find_task(name)
        env = make_env(task, frames=False, seed=0)
        model, data = simulator(env)
        poses = task.bad_states(np.random.default_rng(0), 6)
        one = []
        for i in range(6):
            poses.apply(i, model, data)
            one.append(State.of(model, data))
        many = State.stack(one)
        np.testing.assert_array_equal(task.oracle(many), [task.oracle(state) for state in one])
        np.testing.assert_array_equal(task.oracle(many[2:4]), task.oracle(many)[2:4])
        env.close()


def test_a_straight_back_on_bent_knees_is_not_half_of_standing():
    from vlmrl.envs.tasks.walker import STAND, poses

    env = make_env(STAND, frames=False)
    model, data = simulator(env)
    kneeling = poses(
        np.random.default_rng(0), 8, (0, 0, 0.5, -2.4, 0, 0.5, -2.4, 0), (0.1, 0.01, 0.6, -2.3, 0, 0.6, -2.3, 0)
    )
    for i in range(8):
        kneeling.apply(i, model, data)
        assert STAND.oracle(State.of(model, data)) < 0.75
        assert not STAND.success(State.of(model, data))
    env.close()


def test_a_copy_stays_in_its_world_whatever_it_is_called():
    task = find_task("cartpole/upright")
    assert task.world == "cartpole"
    copy = task.but(name="my_cart/tilted")
    assert (copy.world, copy.but(name="other/again").world) == ("cartpole", "cartpole")
