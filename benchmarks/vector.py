"""How many environment steps a second the batched environments make, beside other ways to step many, in one run.

Every way is handed random actions and resets what ends; learning is left out. SB3's views are included for both sides.

python benchmarks/vector.py [env=Humanoid-v5] [num_envs=64] [seconds=3] [rounds=3] [json=PATH]

``subproc`` starts a process an environment; ``envpool`` takes part where that package is installed.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
from rich.console import Console
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv

from benchmarks.speed import alternated
from vlmrl.agents.vec_env import VectorView
from vlmrl.envs import make_vec_env

WARM = 16
"""Steps that do not count, and actions that take turns."""
DEFAULTS = {"env": "Humanoid-v5", "num_envs": "64", "seconds": "3", "rounds": "3", "json": ""}


def ways(name: str, num_envs: int) -> dict[str, Callable[[], Any]]:
    """How to make each of the peers, by its name."""
    stock: list[Callable[[], gym.Env[Any, Any]]] = [partial(gym.make, name)] * num_envs
    batch = partial(make_vec_env, name, num_envs, frames=False, healthy_end=True)
    found: dict[str, Callable[[], Any]] = {
        "batch": batch,
        "batch, one thread": partial(batch, threads=1),
        "batch, SB3's view": lambda: VectorView(batch()),
        "dummy": lambda: DummyVecEnv(stock),
        "subproc": lambda: SubprocVecEnv(stock),
    }
    if importlib.util.find_spec("envpool"):
        envpool: Any = importlib.import_module("envpool")
        found["envpool"] = lambda: envpool.make_gymnasium(name, num_envs=num_envs)
    return found


def stepping(env: Any, num_envs: int, space: gym.Space[Any]) -> Callable[[], object]:
    """A function that steps ``env`` once, with random actions drawn beforehand."""
    batched = gym.vector.utils.batch_space(space, num_envs)
    actions = itertools.cycle([batched.sample() for _ in range(WARM)])
    return lambda: env.step(next(actions))


def measure(name: str, num_envs: int, seconds: float, rounds: int) -> dict[str, float]:
    """Environment steps a second of every way, the median of alternated rounds."""
    space = gym.make(name).action_space
    envs = {way: make() for way, make in ways(name, num_envs).items()}
    for env in envs.values():
        env.reset()
    found = alternated({way: stepping(env, num_envs, space) for way, env in envs.items()}, rounds, seconds, WARM)
    for env in envs.values():
        env.close()
    return {way: round(num_envs * rate) for way, rate in found.items()}


def main(arguments: list[str]) -> None:
    """Measure, print, and keep where ``json=PATH`` says."""
    asked = DEFAULTS | dict(argument.split("=", 1) for argument in arguments)
    rates = measure(asked["env"], int(asked["num_envs"]), float(asked["seconds"]), int(asked["rounds"]))
    times = {way: round(rates["batch"] / value, 2) for way, value in rates.items()}
    result = {"env": asked["env"], "num_envs": int(asked["num_envs"]), "steps_per_second": rates, "times_faster": times}
    Console().print_json(json.dumps(result))
    if asked["json"]:
        Path(asked["json"]).write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
