"""How often chance and scripts do the tasks of other suites: ``docs/data/robotics.json``.

    python benchmarks/robotics.py [episodes=20] [task=metaworld/reach] [out=docs/data/robotics.json]

Each task is played by an agent that acts at random and, where there is one, by its script, from the same starts. An
episode counts as a success by the task's own criterion, and beside it stands how many were done at any moment at all,
which is Meta-World's criterion. Nothing is drawn; two cores take ten minutes.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.wrappers import TimeLimit

from vlmrl.config import atomic
from vlmrl.config.versions import packages
from vlmrl.envs.make import find_task, task_names
from vlmrl.envs.task import Policy, Task
from vlmrl.envs.task_env import TaskEnv
from vlmrl.envs.world import World
from vlmrl.errors import VlmrlError

FIRST_SEED = 600_000
"""Of the starts; goal states come from others."""
OUT = Path("docs/data/robotics.json")
PACKAGES = ("mujoco", "gymnasium", "gymnasium-robotics", "metaworld", "ogbench")


def row(task: Task, episodes: int) -> dict[str, Any]:
    """What came of the episodes of one task."""
    env = TimeLimit(TaskEnv(task), task.horizon)
    found: dict[str, Any] = {"name": task.name, "episodes": episodes, "horizon": task.horizon, "hold": task.hold_steps}

    def chance(env: Any) -> Policy:
        return lambda observation, info: env.action_space.sample()

    found |= {f"random_{key}": value for key, value in rates(task, env, chance, episodes).items()}
    if task.expert is None:
        found |= {"script_succeeded": None, "script_ever": None, "script_first": None}
    else:
        found |= {f"script_{key}": value for key, value in rates(task, env, task.expert, episodes).items()}
    env.close()
    del found["random_first"]
    return found


def rates(task: Task, env: Any, begin: Callable[[Any], Policy], episodes: int) -> dict[str, Any]:
    """Shares of episodes that succeeded and that were done at any moment, and after how many steps, by the median."""
    held, first = [], []
    for seed in range(FIRST_SEED, FIRST_SEED + episodes):
        observation, info = env.reset(seed=seed)
        env.action_space.seed(seed)
        policy = begin(env)
        done = []
        for _ in range(task.horizon):
            observation, _, _, _, info = env.step(policy(observation, info))
            done.append(info["success"])
        held.append(task.succeeded(np.array(done)))
        first += [done.index(True) + 1] if any(done) else []
    middle = int(np.median(first)) if first else None
    return {"succeeded": sum(held) / episodes, "ever": len(first) / episodes, "first": middle}


def others() -> list[Task]:
    """The tasks of other suites."""
    domains = ("adroit", "fetch", "kitchen", "metaworld", "ogbench")
    return [find_task(name) for name in task_names() if name.partition("/")[0] in domains]


def main(arguments: list[str]) -> int:
    """Play, print a line a task, and write the file."""
    given = dict(argument.split("=", 1) for argument in arguments)
    episodes, out = int(given.get("episodes", 20)), Path(given.get("out", OUT))
    rows = []
    try:
        for task in [find_task(given["task"])] if "task" in given else others():
            assert isinstance(task.make().unwrapped, World)
            rows.append(row(task, episodes))
            print(json.dumps(rows[-1]), flush=True)  # noqa: T201  # a person waits for minutes
    except VlmrlError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    told = {
        "command": "python benchmarks/robotics.py",
        "on": f"{platform.system()}, {platform.machine()}",
        "packages": {name: packages()[name] for name in PACKAGES},
        "rows": rows,
    }
    atomic.write_text(out, json.dumps(told, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
