"""A short task whose reset also changes the model, with a script, and episodes of it."""

import shutil
from functools import partial

import gymnasium as gym
import mujoco
import numpy as np
import pytest

from vlmrl.datasets import minari
from vlmrl.datasets.sheet import Sheet
from vlmrl.envs.make import find_task
from vlmrl.envs.simulator import simulator
from vlmrl.judge.cast import cast
from vlmrl.judge.collect import episodes_of


class Repainted(gym.Wrapper):
    """Each reset paints the ball in another colour and makes the hand heavier, as randomised worlds do."""

    def reset(self, *, seed=None, options=None):
        found = self.env.reset(seed=seed, options=options)
        model, data = simulator(self.env)
        rng = np.random.default_rng(seed)
        model.geom("target").rgba[:3] = rng.random(3)
        model.body("hand").mass[:] = 1 + rng.random()
        mujoco.mj_forward(model, data)
        return found


def repainted(make):
    return Repainted(make())


def turn(env):
    return lambda observation, info: np.array([0.4, -0.2], np.float32)


def painted_task():
    task = find_task("reacher/touch")
    return task.but(make=partial(repainted, task.make), horizon=15, hold=2, expert=turn)


@pytest.fixture(scope="session")
def task():
    return painted_task()


@pytest.fixture(scope="session")
def episodes(task):
    """Two of the script, two perturbed, two random."""
    return episodes_of(task, cast(task, ("script", "perturbed", "random"), 2))


@pytest.fixture(scope="session")
def sheet(task, episodes):
    return Sheet.of(task, episodes, "vlmrl collect …", {"task": (64, 64)})


@pytest.fixture(scope="session")
def folder(task, episodes, sheet, tmp_path_factory):
    """They as a Minari dataset; leave it as it is."""
    folder = tmp_path_factory.mktemp("dataset") / "kept"
    minari.write(folder, task, episodes, sheet)
    return folder


@pytest.fixture
def broken(folder, tmp_path):
    """A copy of it to be damaged, and its one large file."""
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    return copy, copy / "data" / "main_data.hdf5"
