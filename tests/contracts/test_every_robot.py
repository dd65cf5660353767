"""What every batched form promises: the stock environment's own numbers, bit for bit; found, not listed."""

from functools import partial
from pathlib import Path

import gymnasium as gym
import pytest

from tests.envs.batch.stock import pair, task, walk_together
from tests.worlds import ours
from vlmrl.envs.batch.form import form_of
from vlmrl.envs.batch.robot import Robot
from vlmrl.envs.mjcf import MjcfEnv
from vlmrl.find import find_class, names

MJCF = f"{MjcfEnv.__module__}:{MjcfEnv.__qualname__}"
LAMP = Path(__file__).parents[2] / "docs/examples/my_tasks/lamp.xml"


def stock_of(robot):
    """Makes the stock environment of a robot, its episodes cut after some steps."""
    for spec in gym.registry.values():
        if spec.entry_point in robot.of:
            return partial(gym.make, spec.id, max_episode_steps=30)
    if MJCF in robot.of:  # a robot from a file: no file ships but the documentation's example
        return lambda: gym.wrappers.TimeLimit(MjcfEnv(LAMP, control_dt=0.05), 30)
    domain = robot.__module__.rpartition(".")[2]
    for name in sorted(ours(), key=lambda name: not name.startswith(domain)):  # the likely ones first
        env = task(name)()
        form = form_of(env)
        env.close()
        if form is not None and form.robot is robot:
            return partial(gym.make, form.task.env_id, max_episode_steps=30)
    raise AssertionError(f"{robot}: neither a Gymnasium id nor a task has it")


@pytest.mark.parametrize("name", names("robot"))
def test_goes_through_the_states_of_the_stock_environment(name):
    ours, stock = pair(stock_of(find_class("robot", name, Robot)), 3)
    assert walk_together(ours, stock, steps=70) >= 6
    ours.close()
    stock.close()


@pytest.mark.parametrize("name", ours())
def test_every_task_of_ours_has_a_batched_form(name):
    ours, stock = pair(task(name), 2)
    walk_together(ours, stock, steps=8)
    ours.close()
    stock.close()
