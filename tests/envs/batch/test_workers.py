"""Environments in processes: one that dies is named, nobody waits for it, and nothing is left behind."""

import os
import signal
import time

import gymnasium as gym
import numpy as np
import pytest

from vlmrl.envs.batch.engine import SimulationError
from vlmrl.envs.batch.workers import Workers


class Slow(gym.Env):
    """Steps at once, or once it is told to, in a minute."""

    observation_space = gym.spaces.Box(-1, 1, (1,), np.float32)
    action_space = gym.spaces.Box(-1, 1, (1,), np.float32)
    naps = False

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(1, np.float32), {}

    def step(self, action):
        if self.naps:
            time.sleep(60)
        return np.zeros(1, np.float32), 0.0, False, False, {}


@pytest.fixture
def workers():
    env = Workers(Slow, 2, (), False)
    env.reset(seed=0)
    yield env
    env.close()


def kill(workers, which):
    os.kill(workers.processes[which].pid, signal.SIGKILL)
    workers.processes[which].join()


@pytest.mark.parametrize(
    "ask",
    [
        lambda env: env.step(env.action_space.sample()),
        lambda env: env.reset(seed=1),
        lambda env: env.call("naps"),
        lambda env: env.set_attr("naps", True),
    ],
    ids=["step", "reset", "call", "set_attr"],
)
def test_a_process_that_was_killed_is_named(workers, ask):
    kill(workers, 1)
    with pytest.raises(SimulationError, match=r"1 \(killed by signal 9\) of 2 died.*fewer environments"):
        ask(workers)


def test_one_killed_in_the_middle_of_a_step_is_named_too(workers):
    workers.set_attr("naps", [False, True])
    workers.step_async(workers.action_space.sample())
    kill(workers, 1)
    with pytest.raises(SimulationError, match=r"killed by signal 9"), workers._alive():
        workers.step_wait()


@pytest.mark.parametrize("busy", [False, True])
def test_closing_ends_the_others_without_waiting(workers, busy):
    if busy:
        workers.set_attr("naps", True)
        workers.step_async(workers.action_space.sample())
    kill(workers, 0)
    workers.close()
    assert [process.exitcode is not None for process in workers.processes] == [True, True]
