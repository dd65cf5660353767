"""Each posture is what its own truth says, and what another's says only where a person would agree."""

import numpy as np
import pytest

from vlmrl.envs import find_task, make_vec_env, task_names
from vlmrl.envs.humanoid.postures import POSTURES, drawn, model
from vlmrl.envs.poses import states

TASKS = [name.partition("/")[2] for name in task_names() if name.startswith("humanoid/")]
ALSO = {
    ("standing", "arms_raised"), ("standing", "hands_on_hips"), ("standing", "t_pose"), ("standing", "arms_crossed"),
}  # fmt: skip
"""Who raises both arms stands as well: (truth, posture)."""


def shares(truth):
    """How many of the states drawn around each posture are true."""
    rng = np.random.default_rng(0)
    return {name: truth(states(model(), drawn(rng, posture, 40))).mean() for name, posture in POSTURES.items()}


@pytest.mark.parametrize("name", TASKS)
def test_a_posture_is_its_own_and_no_others(name):
    found = shares(find_task(f"humanoid/{name}").success)
    assert found.pop(name) > 0.6
    for other, share in found.items():
        if (name, other) in ALSO:
            assert share > 0.9, f"{other} is {name} as well"
        else:
            assert share < 0.05, f"{other} is taken for {name}"


def test_a_robot_thrown_about_is_in_no_posture_but_by_chance():
    """Uniform joints at uniform tilts: 2000 states, of which some happen to lie."""
    rng = np.random.default_rng(0)
    qpos = np.zeros((2000, model().nq))
    qpos[:, 2] = rng.uniform(0.1, 1.5, 2000)
    turns = rng.normal(size=(2000, 4))
    qpos[:, 3:7] = turns / np.linalg.norm(turns, axis=1, keepdims=True)
    low, high = model().jnt_range[1:].T
    qpos[:, 7:] = rng.uniform(low, high, (2000, model().nu))
    seen = states(model(), qpos)
    for name in TASKS:
        assert find_task(f"humanoid/{name}").success(seen).mean() < 0.02, name


@pytest.mark.parametrize("name", TASKS)
def test_random_actions_do_not_succeed(name):
    """30 episodes: under our criterion, the last fifth of the episode."""
    task = find_task(f"humanoid/{name}")
    env = make_vec_env(task, 30, frames=False)
    env.reset(seed=0)
    env.action_space.seed(0)
    done = []
    for _ in range(task.horizon):
        *_, infos = env.step(env.action_space.sample())
        done.append(infos.get("final_info", infos)["success"])
    env.close()
    assert sum(task.succeeded(one) for one in np.array(done, dtype=bool).T) <= 1
