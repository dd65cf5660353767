"""Environment steps a second: our batches beside the ways to step many environments that people use.

Every way is handed random actions and resets what ends; learning is left out. SB3's environments are compared with our
view for SB3, Gymnasium's and EnvPool's with our batch. EnvPool takes part where it is installed, at the best of a few
numbers of threads.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import gymnasium as gym
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv

from benchmarks.speed import Budget, Figure, alternated, figures
from vlmrl.agents.vec_env import VectorView
from vlmrl.envs import make_vec_env
from vlmrl.envs.batch.cores import physical_cores

ENVS = ("Humanoid-v5", "HalfCheetah-v5", "InvertedPendulum-v5")
COUNT = 64
DRAWN = 16
"""Random actions that take turns."""
SHORTER = 6
"""How many turns are made of one of the budget's: a neighbour on the same cores comes and goes, and meets all alike."""


def measure(budget: Budget) -> Iterator[Figure]:
    """``steps/humanoid-64/subproc`` and so on."""
    for name in ENVS:
        label = f"steps/{name.partition('-')[0].lower()}-{COUNT}"
        for ours, peers in ((_view, _sb3(name)), (_batch, _gymnasium(name))):
            yield from figures(label, "env steps/s", _rates(name, {"ours": partial(ours, name), **peers}, budget))


def _rates(name: str, ways: dict[str, Callable[[], Any]], budget: Budget) -> dict[str, float]:
    envs = {way: _quietly(make) for way, make in ways.items()}
    space = gym.make(name).action_space
    for env in envs.values():
        env.reset()
    turns = Budget(budget.seconds / SHORTER, budget.rounds * SHORTER)
    rates = alternated({way: _stepping(env, space) for way, env in envs.items()}, turns, each=COUNT, warm=4)
    for env in envs.values():
        env.close()
    threads = {way: rate for way, rate in rates.items() if way.startswith("envpool")}
    if threads:
        rates = {way: rate for way, rate in rates.items() if way not in threads} | {"envpool": max(threads.values())}
    return rates


def _stepping(env: Any, space: gym.Space[Any]) -> Callable[[], object]:
    """A function that steps ``env`` once, with random actions drawn beforehand."""
    batched = gym.vector.utils.batch_space(space, COUNT)
    actions = itertools.cycle([batched.sample() for _ in range(DRAWN)])
    return lambda: env.step(next(actions))


def _batch(name: str) -> Any:
    return make_vec_env(name, COUNT, frames=False, healthy_end=True)


def _view(name: str) -> Any:
    return VectorView(_batch(name))


def _sb3(name: str) -> dict[str, Callable[[], Any]]:
    stock: list[Callable[[], gym.Env[Any, Any]]] = [partial(gym.make, name)] * COUNT
    # Forked, as Gymnasium's own are: 64 processes that each import torch would take minutes before the first step.
    return {"dummy": partial(DummyVecEnv, stock), "subproc": partial(SubprocVecEnv, stock, start_method="fork")}


def _gymnasium(name: str) -> dict[str, Callable[[], Any]]:
    stock: list[Callable[[], gym.Env[Any, Any]]] = [partial(gym.make, name)] * COUNT
    ways: dict[str, Callable[[], Any]] = {
        "gymnasium-sync": partial(SyncVectorEnv, stock),
        "gymnasium-async": partial(AsyncVectorEnv, stock),
    }
    if importlib.util.find_spec("envpool"):
        make = importlib.import_module("envpool").make_gymnasium
        cores = physical_cores()
        ways |= {f"envpool {n}": partial(make, name, num_envs=COUNT, num_threads=n) for n in {1, cores, 2 * cores}}
    return ways


def _quietly(make: Callable[[], Any]) -> Any:
    """Make environments without MuJoCo's warnings of their models, one an environment, which C prints."""
    sys.stdout.flush(), sys.stderr.flush()
    with tempfile.TemporaryFile() as nobody:
        kept = [(number, os.dup(number)) for number in (1, 2)]
        for number, _ in kept:
            os.dup2(nobody.fileno(), number)
        try:
            return make()
        finally:
            for number, copy in kept:
                os.dup2(copy, number)
                os.close(copy)
