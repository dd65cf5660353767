"""How often each task succeeds at random, and for who knows the simulator: `vlmrl/judge/reached.json`.

    python benchmarks/reached.py [task=humanoid/*] [episodes=50] [runs=runs/oracle] [again=true]

Who knows the simulator is the task's script, or where it has none the last checkpoint of the run in the folder ``runs``
that was trained with reward=oracle and did best in its own evaluation; it is judged on other seeds here. What is in the
file already, of the same version and by the same agent, is not played again without ``again``. The file is written
after each task, so that this may be stopped at any time.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym

from vlmrl.agents.policy import load_policy
from vlmrl.config.atomic import write_json
from vlmrl.config.run_dir import RunDir
from vlmrl.config.versions import packages
from vlmrl.envs.make import find_task, make_env, task_names
from vlmrl.envs.task import Task
from vlmrl.errors import VlmrlError
from vlmrl.judge import reached
from vlmrl.judge.compare import RANDOM, beside_random
from vlmrl.judge.episodes import evaluate
from vlmrl.judge.reached import Reached
from vlmrl.judge.scripted import Scripted
from vlmrl.metrics.evaluation import Comparison

FIRST_SEED = 10_000
"""Apart from the seeds of training."""
SCRIPT = "script"
ASKED = {"task", "episodes", "runs", "again"}
"""What may be given."""


def runs_of(folder: Path, task: Task) -> Iterator[RunDir]:
    """Finished runs of a task on its ground truth: those that did best, by their own evaluation, first."""
    found = [RunDir.open(path.parent) for path in sorted(folder.glob("*/config.yaml"))]
    mine = [run for run in found if run.config.task == task.name and run.config.reward.is_oracle]
    yield from sorted((run for run in mine if run.evaluation.is_file()), key=_how_well, reverse=True)


def _how_well(run: RunDir) -> tuple[float, int]:
    row = next(row for row in Comparison.load(run.evaluation).rows() if row.agent == "agent")
    return (0.0 if row.success is None else row.success.mean), _steps(run)


def _steps(run: RunDir) -> int:
    return int(run.config.agent.total_steps or 0)


def played(task: Task, policy: Any, make: Callable[[], gym.Env[Any, Any]], who: str, episodes: int) -> Reached:
    """So many episodes of one agent."""
    seeds = range(FIRST_SEED, FIRST_SEED + episodes)
    traces = evaluate(policy, make, task, seeds, batch=10).traces
    return Reached.of(who, task, [trace.success for trace in traces if trace.success is not None])


def at_random(task: Task, episodes: int) -> Reached:
    """An agent that draws its actions evenly."""
    with beside_random({}, partial(make_env, task, frames=False)) as (agents, make):
        return played(task, agents[RANDOM], make, RANDOM, episodes)


def knowing(task: Task, folder: Path, episodes: int, known: Reached | None) -> Reached | None:
    """The script, or the trained agent that did best; what is known already where it is the same."""
    if task.expert is not None:
        scripted = Scripted(task)
        return known if known and known.who == SCRIPT else played(task, scripted, scripted.make, SCRIPT, episodes)
    run = next(runs_of(folder, task), None)
    if run is None:
        return known
    who = f"{run.config.agent.name} on ground truth, {_steps(run):,} steps, seed {run.config.seed}"
    if known and known.who == who:
        return known
    return played(task, load_policy(run)[0], partial(make_env, task, frames=False), who, episodes)


def main(arguments: list[str]) -> int:
    """Measure what is asked for, and write the file."""
    given = dict(argument.split("=", 1) for argument in arguments)
    if wrong := set(given) - ASKED:
        _say(f"{', '.join(sorted(wrong))}: no such setting; known: {', '.join(sorted(ASKED))}")
        return 2
    episodes, folder = int(given.get("episodes", 50)), Path(given.get("runs", "runs/oracle"))
    again = given.get("again") == "true"
    told = reached.read(reached.FILE)
    told |= {
        "command": "python benchmarks/reached.py",
        "on": f"{platform.system()}, {platform.machine()}",
        "packages": packages(),
    }
    asked = [name for name in task_names() if fnmatch(name, given.get("task", "*"))]
    if not asked:
        _say(f"task={given['task']}: no task has such a name")
        return 2
    try:
        for name in asked:
            task = find_task(name)
            known = reached.Bounds() if again else reached.bounds(task)
            random = known.random or at_random(task, episodes)
            able = knowing(task, folder, episodes, known.knowing)
            told["tasks"][name] = {
                "version": task.version,
                "random": asdict(random),
                "knowing": None if able is None else asdict(able),
            }
            told["tasks"] = dict(sorted(told["tasks"].items()))
            write_json(reached.FILE, told)
            _say(
                f"{name}: random {random.succeeded}/{random.episodes}" + (_line(able) if able else ", nobody knows how")
            )
    except VlmrlError as error:
        _say(str(error))
        return 2
    return 0


def _line(able: Reached) -> str:
    return f", {able.who} {able.succeeded}/{able.episodes}"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
