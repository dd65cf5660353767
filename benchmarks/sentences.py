"""One world, many sentences: judge agents that learned from different words by what each of the sentences asks for.

    python benchmarks/sentences.py runs/sentences
    make docs

Every finished run of the cart-pole below the folder takes part, whatever it learned. Its agent plays fifty episodes on
seeds that training never saw, and each column says how many of them do what its sentence says, by ground truth.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.gather import gather
from vlmrl.agents.policy import load_policy
from vlmrl.config.run_dir import RunDir
from vlmrl.envs.make import find_task, make_env
from vlmrl.envs.task import State, Task
from vlmrl.envs.tasks.cartpole import RAIL, position
from vlmrl.errors import ConfigError
from vlmrl.judge.episodes import evaluate
from vlmrl.metrics.intervals import rate
from vlmrl.metrics.plain import plain
from vlmrl.types import Array

LITTLE_RIGHT = 0.25 * RAIL
"""Where "a little right of the middle" is [m]; no caption of sim-clip's training names that place."""


def at_little_right(state: State) -> Array:
    """True between the middle and the middle of the right half."""
    return np.abs(position(state) - LITTLE_RIGHT) < LITTLE_RIGHT


def nearness_little_right(state: State) -> Array:
    """``(...)`` in [0, 1], 1 is a little right of the middle."""
    return 1 - np.abs(position(state) - LITTLE_RIGHT) / (RAIL + LITTLE_RIGHT)


def aims() -> dict[str, Task]:
    """What is judged: the column's name, and a task of the same world whose success it is."""
    tasks = {name: find_task(f"cartpole/{name}") for name in ("upright", "left", "right")}
    little = tasks["right"].but(name="cartpole/little_right", oracle=nearness_little_right, success=at_little_right)
    return tasks | {"little_right": little}


def row(run: RunDir) -> dict[str, Any]:
    """One line of the table: how often this run's agent does what each sentence asks for."""
    policy, world, chosen = load_policy(run)
    settings = run.config.evaluation
    seeds = list(settings.seeds)[: settings.final_episodes]
    done = {}
    for name, task in aims().items():
        judged = evaluate(policy, partial(make_env, task, frames=False), task, seeds)
        done[name] = plain(rate(np.array([bool(episode.success) for episode in judged.episodes], dtype=float)))
    told = {"goal": list(world.words.goal), "seed": run.config.seed, "steps": run.config.agent.total_steps}
    return {**told, "episodes": len(seeds), **done, "chosen": chosen, "run": run.path.name}


def sentences(folder: Path) -> dict[str, Any]:
    """What the file holds: the rows and the command.

    Raises:
        ConfigError: there is no finished run of the cart-pole that learned from words.
        RunError: one cannot be read.
    """
    runs = [RunDir.open(path.parent) for path in sorted(folder.rglob("last_model.json"))]
    told = [run for run in runs if run.config.world.startswith("cartpole/") and not run.config.reward.is_oracle]
    if not told:
        raise ConfigError(f"{folder}: holds no finished run of the cart-pole that learned from words")
    return {"command": f"python benchmarks/sentences.py {folder}", "rows": [row(run) for run in told]}


def main(arguments: Sequence[str]) -> int:
    """Write the file; 2 where the folder holds nothing to judge."""
    return gather(arguments, "sentences", sentences)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
