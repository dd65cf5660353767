"""The labelled episodes that come with the package: agents trained, played and kept as states.

    python benchmarks/episodes.py runs/episodes [task=walker/stand] [hackers=runs/study/runs]

In every task act: one that acts at random, one that never acts, two that are bad on purpose; an agent trained on the
ground truth after a tenth, three tenths and all of its steps; what the domain's other tasks' agents make of it; and
agents that words misled: runs of the same task in the folder ``hackers`` that succeeded in less than half of their
episodes. Trainings go on where they were stopped; a task whose file is there and whose agents are the same is played
again all the same, as playing takes seconds.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vlmrl import train
from vlmrl.agents.policy import load_policy
from vlmrl.config.compose import configure
from vlmrl.config.run_dir import RunDir
from vlmrl.config.versions import packages
from vlmrl.envs.make import find_task, task_names
from vlmrl.envs.task import Task
from vlmrl.errors import VlmrlError
from vlmrl.judge.collect import Actor, collect, habitual
from vlmrl.judge.recorded import SHIPPED, shipped_path
from vlmrl.judge.sentences import siblings
from vlmrl.metrics.evaluation import Comparison

STEPS = {
    "cartpole/left": 20_000,
    "cartpole/right": 20_000,
    "pendulum/upright": 30_000,
    "reacher/touch": 60_000,
    "double_pendulum/upright": 100_000,
    "walker/stand": 120_000,
}
"""Of an agent on ground truth; in all other tasks it takes the default."""
DEFAULT = 50_000
STAGES = {"beginner": 0.1, "half trained": 0.3, "trained": 1.0}
"""After which share of its steps an agent plays."""
EPISODES = {"beginner": 8, "half trained": 8, "trained": 12}
OTHER, HACKER = 4, 8
"""Episodes of each agent that learned another task, and of each that words misled."""
FEW = 0.5
"""Success below which an agent paid by words was misled."""


def steps_of(task: Task) -> int:
    """Steps of an agent that learns this task from ground truth."""
    return STEPS.get(task.name, DEFAULT)


def run_dir(folder: Path, task: Task, stage: str) -> Path:
    """Where an agent of a stage lies; every stage has a directory of its own, as a run keeps its last agent alone."""
    return folder / f"{task.name.replace('/', '_')}-{stage.replace(' ', '_')}"


def learn(folder: Path, task: Task) -> None:
    """Train the agents of every stage of a task, those that are not there."""
    for stage, share in STAGES.items():
        steps = round(share * steps_of(task))
        path = run_dir(folder, task, stage)
        train(
            configure(
                task=task.name,
                reward="oracle",
                agent={"total_steps": steps},
                evaluation={"every": 0, "final_episodes": 8},
                seed=0,
                run_dir=str(path),
            )
        )


def actors(folder: Path, task: Task, hackers: Path | None) -> Iterator[Actor]:
    """Everybody who acts in a task."""
    yield from habitual(task)
    for stage, count in EPISODES.items():
        steps = round(STAGES[stage] * steps_of(task))
        about = f"sac on ground truth, {steps:,} steps, seed 0"
        yield Actor(stage, _policy(run_dir(folder, task, stage)), count, about)
    for other in siblings(task):
        if other.name != task.name:
            about = f"sac on the ground truth of {other.name}, {steps_of(other):,} steps, seed 0"
            yield Actor("other task", _policy(run_dir(folder, other, "trained")), OTHER, about)
    for path in sorted(hackers.glob("*/")) if hackers is not None else ():
        yield from _hacker(path, task)


def _hacker(path: Path, task: Task) -> Iterator[Actor]:
    run = RunDir.open(path)
    if run.config.task != task.name or not run.evaluation.is_file() or run.config.reward.is_oracle:
        return
    row = next(row for row in Comparison.load(run.evaluation).rows() if row.agent == "agent")
    if row.success is not None and row.success.mean < FEW:
        words = f"{run.config.reward.name}: {'; '.join(run.config.goal) or 'the shipped sentence'}"
        yield Actor("hacker", _policy(path), HACKER, f"sac paid by words, {words}, seed {run.config.seed}")


def _policy(path: Path) -> Any:
    return load_policy(RunDir.open(path))[0]


def main(arguments: list[str]) -> int:
    """Train, play, and write a file a task."""
    given = dict(argument.split("=", 1) for argument in arguments[1:])
    folder, hackers = Path(arguments[0]), Path(given["hackers"]) if "hackers" in given else None
    tasks = [find_task(name) for name in ([given["task"]] if "task" in given else task_names())]
    notes = {
        "command": " ".join(["python", "benchmarks/episodes.py", *arguments]),
        "on": f"{platform.system()}, {platform.machine()}",
        "packages": packages(),
    }
    try:
        for task in tasks:
            learn(folder, task)
        SHIPPED.mkdir(exist_ok=True)
        for task in tasks:
            kept = collect(task, list(actors(folder, task, hackers)), notes=notes, say=_say)
            kept.save(shipped_path(task.name))
    except VlmrlError as error:
        _say(str(error))
        return 2
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
