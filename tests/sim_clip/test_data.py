"""Training frames are the tasks' own frames, and what is said of them is true."""

import numpy as np
import pytest

from vlmrl.envs import find_task, make_env
from vlmrl.envs.simulator import simulator
from vlmrl.find import names
from vlmrl.sim_clip.data import Drawn, Recipe, domain_of, draw, shipped


@pytest.mark.parametrize("name", names("language"))
def test_a_shipped_look_is_the_tasks_own_frame(name):
    task = find_task(domain_of(name).tasks[0])
    poses = task.goal_states(np.random.default_rng(0), 2)
    env = make_env(task, seed=0)
    model, data = simulator(env)
    poses.apply(1, model, data)
    drawn = shipped(name, poses)
    np.testing.assert_array_equal(drawn.frames[1], env.get_wrapper_attr("frame")())
    assert drawn.success[:, 0].all()
    env.close()


@pytest.mark.parametrize("name", names("language"))
def test_what_is_asked_is_near_in_goal_states_and_far_in_bad_ones(name):
    domain = domain_of(name)
    for task, asked in domain.asked.items():
        rng = np.random.default_rng(0)
        columns = [domain.index[value] for value in asked]
        goal = shipped(name, find_task(task).goal_states(rng, 8)).near[:, columns].prod(1)
        bad = shipped(name, find_task(task).bad_states(rng, 8)).near[:, columns].prod(1)
        assert goal.min() > 0.75
        assert goal.min() > bad.max()


def test_the_same_seed_draws_the_same_frames_and_another_draws_others():
    first, again, other = (draw("pendulum", 12, seed, Recipe(looks=2)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.frames, again.frames)
    np.testing.assert_array_equal(first.near, again.near)
    assert (first.frames != other.frames).any()


def test_looking_away_shows_less_of_the_robot():
    away = draw("pendulum", 40, 0, Recipe(shipped=0, own_look=1, away=1))
    there = draw("pendulum", 40, 0, Recipe(shipped=1, own_look=0, away=0))
    assert there.seen.min() == 1
    assert away.seen.mean() < 0.6


def test_frames_survive_the_disk(tmp_path):
    drawn = draw("pendulum", 4, 0, Recipe(looks=1))
    drawn.save(tmp_path / "frames.npz")
    back = Drawn.load(tmp_path / "frames.npz")
    for field, value in vars(drawn).items():
        np.testing.assert_array_equal(value, getattr(back, field))


def test_a_domain_that_was_never_taught_is_named():
    from vlmrl.errors import UnknownName

    with pytest.raises(UnknownName, match="language=cartpol: is not known; did you mean cartpole"):
        domain_of("cartpol")
