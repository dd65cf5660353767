"""How often a task's script does it, and how often chance does: what every learner stands between.

    python -m benchmarks.experts              every task that has a script
    python -m benchmarks.experts "tabletop/*" those whose name fits
    python -m benchmarks.experts grammar      every instruction of the tabletop, by kind and split
    make docs

Fifty episodes of each on seeds from 10,000 on; of the grammar four of each instruction. Rows of tasks that were not
asked for stay as they are.
"""

from __future__ import annotations

import json
import platform
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from fnmatch import fnmatch
from typing import Any

import numpy as np
from rich.console import Console

from benchmarks.gather import DATA
from vlmrl.config import atomic
from vlmrl.envs.make import find_task, make_env, task_names
from vlmrl.envs.tabletop import Looks, instructions, task
from vlmrl.envs.task import Task
from vlmrl.judge.random_policy import RandomPolicy
from vlmrl.metrics.intervals import rate
from vlmrl.metrics.plain import plain

FIRST, EPISODES, EACH = 10_000, 50, 4
"""The first seed, how many a task gets, and how many an instruction of the grammar."""


VARIED = "all, with varied looks"


def successes(task: Task, seeds: Iterable[int], script: bool) -> list[float]:
    """1 for each episode that succeeds, else 0: acted by the task's script, or at random.

    Args:
        task: has a script.
        seeds: one an episode.
        script: whether it acts.
    """
    env, told = make_env(task, frames=False), []
    chance = RandomPolicy(env.action_space)
    for seed in seeds:
        observation, info = env.reset(seed=seed)
        chance.start([seed])
        policy = task.expert(env) if script and task.expert is not None else None
        success, over = [], False
        while not over:
            action = policy(observation, info) if policy is not None else chance([observation])[0]
            observation, _, _, over, info = env.step(action)
            success.append(info["success"])
        told.append(float(task.succeeded(np.array(success))))
    env.close()
    return told


def row(name: str, script: list[float], chance: list[float]) -> dict[str, Any]:
    """One line of the table."""
    return {
        "name": name,
        "script": plain(rate(np.array(script))),
        "random": plain(rate(np.array(chance))),
        "episodes": len(script),
    }


def of_tasks(patterns: Sequence[str]) -> Iterable[dict[str, Any]]:
    """A row for each task that has a script and whose name fits."""
    seeds = range(FIRST, FIRST + EPISODES)
    for found in map(find_task, task_names()):
        if found.expert is not None and any(fnmatch(found.name, pattern) for pattern in patterns):
            yield row(found.name, successes(found, seeds, True), successes(found, seeds, False))


def of_grammar() -> Iterable[dict[str, Any]]:
    """A row for each kind of instruction in each split, and one for looks that vary."""
    told: dict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for number, asked in enumerate(instructions()):
        seeds = range(FIRST + EACH * number, FIRST + EACH * (number + 1))
        both = [successes(task(asked), seeds, script) for script in (True, False)]
        varied = [successes(task(asked, Looks()), seeds[:1], script) for script in (True, False)]
        for name, found in ((f"{asked.form}, {'held out' if asked.held_out else 'train'}", both), (VARIED, varied)):
            told[name][0].extend(found[0])
            told[name][1].extend(found[1])
    told[VARIED] = told.pop(VARIED)  # last
    for name, (script, chance) in told.items():
        yield row(name, script, chance)


def main(arguments: Sequence[str]) -> int:
    """Write ``docs/data/experts.json``, or ``docs/data/grammar.json`` for the grammar."""
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    grammar = list(arguments) == ["grammar"]
    file = DATA / ("grammar.json" if grammar else "experts.json")
    rows = {}
    if file.is_file() and not grammar:
        rows = {one["name"]: one for one in json.loads(file.read_text(encoding="utf-8"))["rows"]}
    measured = {}
    for one in of_grammar() if grammar else of_tasks(arguments or ["*"]):
        measured[one["name"]] = one
        console.print(f"{one['name']}: script {one['script']['mean']:.2f}, random {one['random']['mean']:.2f}")
    if not measured:
        console.print(f"{' '.join(arguments)}: no task with a script has such a name")
        return 2
    rows |= measured
    told = {
        "command": "python -m benchmarks.experts" + (" grammar" if grammar else ""),
        "on": f"{platform.system()}, {platform.machine()}",
        "rows": [rows[name] for name in (rows if grammar else sorted(rows))],
    }
    atomic.write_text(file, json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
