"""A pose as ground truth: near is done, far is not, and a whole turn changes nothing."""

import pickle

import numpy as np
import pytest

from vlmrl.envs.make import find_task
from vlmrl.envs.pose_goal import FAR, NOISE, REACHED, PoseGoal
from vlmrl.envs.task import State
from vlmrl.errors import ConfigError

CART = PoseGoal((0.5, 1.0), (-1.8, -3.14), (1.8, 3.14), (0, 1), "cartpole/upright", (1,))


def states(qpos) -> State:
    qpos = np.asarray(qpos, dtype=float)
    return State(qpos, *[np.zeros((*qpos.shape[:-1], 0))] * 7)


def test_the_distance_is_the_share_of_the_furthest():
    # The cart can be 2.3 m away at most, the pole half a turn.
    far = states([[0.5, 1.0], [-1.8, 1.0 + np.pi], [0.5, 1.0 + np.pi / 2]])
    np.testing.assert_allclose(CART.distance(far), [0.0, 1.0, np.sqrt(0.5 * 0.5**2)], atol=1e-12)
    np.testing.assert_allclose(CART.nearness(far), 1 - CART.distance(far))


def test_a_whole_turn_changes_nothing_and_what_does_not_count_neither():
    turned = states([[0.5, 1.0 + 2 * np.pi], [0.5, 1.0 - 2 * np.pi]])
    np.testing.assert_allclose(CART.distance(turned), 0, atol=1e-12)
    pole = PoseGoal(CART.qpos, CART.low, CART.high, (1,), CART.of, (1,))
    assert pole.reached(states([-1.8, 1.0]))
    assert not CART.reached(states([-1.8, 1.0]))


@pytest.mark.parametrize("n", [1, 64])
@pytest.mark.parametrize("task", ["cartpole/upright", "walker/stand", "reacher/touch", "inverted_pendulum/balance"])
def test_near_is_reached_and_far_is_not(task, n):
    rng = np.random.default_rng(0)
    pose = find_task(task).goal_states(rng, 1).qpos[0]
    low, high = pose - 1.5, pose + 0.5
    goal = PoseGoal(tuple(pose), tuple(low), tuple(high), tuple(range(len(pose))), task)
    near, far = goal.near(rng, n), goal.far(rng, n)
    assert near.qpos.shape == far.qpos.shape == (n, len(pose))
    assert goal.distance(states(near.qpos)).max() <= NOISE < REACHED
    assert goal.distance(states(far.qpos)).min() > FAR
    assert ((near.qpos >= low) & (near.qpos <= high)).all()


def test_bodies_are_placed_where_they_stood():
    goal = PoseGoal((0.0, 0.0), (-1.0, -1.0), (1.0, 1.0), (0,), "reacher/touch", mocap_pos=((0.1, 0.2, 0.0),))
    placed = goal.near(np.random.default_rng(0), 3).mocap_pos
    np.testing.assert_array_equal(placed, np.repeat([[[0.1, 0.2, 0.0]]], 3, axis=0))


def test_it_travels_to_a_worker():
    near = pickle.loads(pickle.dumps(CART.near))
    np.testing.assert_array_equal(
        near(np.random.default_rng(1), 2).qpos, CART.near(np.random.default_rng(1), 2).qpos
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"counts": ()}, "one at least"),
        ({"low": (0.5, -3.14), "high": (0.5, 3.14)}, "counts=.*coordinates that move"),
        ({"low": (0.6, -3.14)}, r"qpos\[0\]=0.5: must lie between"),
        ({"low": (0.0,)}, "qpos: has 2 numbers, low 1"),
    ],
)
def test_a_pose_that_makes_no_sense_is_refused(changed, said):
    with pytest.raises(ConfigError, match=said):
        PoseGoal(**{**vars(CART), **changed})
