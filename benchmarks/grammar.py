"""How often scripts do what the tabletop's sentences ask, and how often chance does: `docs/data/grammar.json`.

    python -m benchmarks.grammar
    make docs

Four episodes of each instruction, and one of each with looks that vary, on seeds from 10,000 on.
"""

from __future__ import annotations

import json
import platform
import sys
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
from rich.console import Console

from benchmarks.gather import DATA
from vlmrl.config import atomic
from vlmrl.envs.make import make_env
from vlmrl.envs.tabletop import Looks, instructions, task
from vlmrl.envs.task import Task
from vlmrl.judge.episodes import evaluate
from vlmrl.judge.random_policy import RandomPolicy
from vlmrl.judge.scripted import Scripted
from vlmrl.metrics.intervals import rate
from vlmrl.metrics.plain import plain

FIRST, EACH = 10_000, 4
"""The first seed, and how many an instruction gets."""
VARIED = "all, with varied looks"


def successes(task: Task, seeds: range, script: bool) -> list[float]:
    """1 for each episode that succeeds, else 0: acted by the task's script, or at random."""
    if script:
        scripted = Scripted(task)
        found = evaluate(scripted, scripted.make, task, seeds, batch=1)
    else:
        env = make_env(task, frames=False)
        found = evaluate(RandomPolicy(env.action_space), lambda: env, task, seeds, batch=1)
    return [float(bool(episode.success)) for episode in found.episodes]


def rows() -> Iterable[dict[str, Any]]:
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
        shares = {"script": plain(rate(np.array(script))), "random": plain(rate(np.array(chance)))}
        yield {"name": name, **shares, "episodes": len(script)}


def main() -> int:
    """Write the file."""
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    found = []
    for one in rows():
        found.append(one)
        console.print(f"{one['name']}: script {one['script']['mean']:.2f}, random {one['random']['mean']:.2f}")
    told = {
        "command": "python -m benchmarks.grammar",
        "on": f"{platform.system()}, {platform.machine()}",
        "rows": found,
    }
    atomic.write_text(DATA / "grammar.json", json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
