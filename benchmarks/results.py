"""Gather finished runs into docs/data/results.json, one row for each task, sentence, pay and agent, over its seeds.

    python benchmarks/results.py runs/results
    python benchmarks/results.py runs/families families     # into docs/data/families.json
    make docs

Every run below the folder takes part that was judged (``evaluation.json``); none is left out by its result.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.gather import gather
from vlmrl.config.compose import compose
from vlmrl.config.run_dir import RunDir
from vlmrl.config.schema import RunConfig
from vlmrl.errors import ConfigError, RunError
from vlmrl.metrics.evaluation import Comparison, Evaluation
from vlmrl.metrics.intervals import Interval, bootstrap, rate
from vlmrl.metrics.plain import plain

NAME = "results"
TRAINED, RANDOM = "agent", "random"
"""What a comparison calls the run's own agent, and the one that acts at random."""
EVERY_FRAME = "every frame"
UNSHAPED = ("center",)
"""The default's shapers, which go without saying."""
CURVES = {"success": "successes", "oracle_return": "oracle_returns"}
"""What is kept of the evaluations during training, and the array of evaluations.npz that holds it."""


@dataclass(frozen=True)
class Judged:
    """A run and what it came to."""

    run: RunDir
    comparison: Comparison

    def named(self, name: str) -> Evaluation:
        """The evaluation of one of its agents.

        Raises:
            RunError: it was not judged.
        """
        for one in self.comparison.evaluations:
            if one.agent == name:
                return one
        raise RunError(f"{self.run.path}: was judged without {name}; run `vlmrl eval` again")

    @property
    def kind(self) -> tuple[Any, ...]:
        """What all seeds of one row share: everything but the seed."""
        config = self.run.config
        goal = () if config.reward.is_oracle else self.comparison.goal or config.goal
        return config.world, goal, paid_by(config), config.agent.name, config.agent.total_steps, scored(config)


def paid_by(config: RunConfig) -> str:
    """Who paid the learner, in words: reward, encoder, settings and shapers where they are not the default's."""
    if config.reward.is_oracle:
        return "ground truth"
    usual = _usual(f"env={config.env}" if config.env else f"task={config.task}", config.reward.name)
    learned = str(RunDir(config.run_dir or Path(), config).nets)
    own = [
        f"{key}={_short(value)}"
        for key, value in config.reward.keywords.items()
        if value not in (usual.get(key), learned)  # what a run learned itself goes without saying
    ]
    shapers = tuple(config.shaping.keywords)
    return ", ".join((config.reward.name, config.encoder.name, *own, *(() if shapers == UNSHAPED else shapers)))


@cache
def _usual(world: str, reward: str) -> dict[str, Any]:
    """The settings of a reward as they are by default."""
    return dict(compose([world, f"reward={reward}"]).reward.keywords)


def _short(value: Any) -> Any:
    """A setting as a table has it: of a file of weights its name alone."""
    return Path(value).stem if isinstance(value, str) and value.endswith(".safetensors") else value


def scored(config: RunConfig) -> str:
    """Which frames paid the learner, in words."""
    every, between = config.scoring.every, config.scoring.between
    return EVERY_FRAME if every == 1 or config.reward.is_oracle else f"every {every}th, {between}"


def judged_below(folder: Path) -> list[Judged]:
    """Every judged run below ``folder``, in the order of their paths.

    Raises:
        ConfigError: there is none.
    """
    paths = sorted(path.parent for path in folder.rglob("evaluation.json"))
    if not paths:
        raise ConfigError(
            f"{folder}: holds no judged run; `vlmrl train` judges at its end, `vlmrl eval RUN` afterwards"
        )
    return [Judged(RunDir.open(path), Comparison.load(path / "evaluation.json")) for path in paths]


def over_seeds(evaluations: Sequence[Evaluation], measure: str) -> Interval | None:
    """The mean of a measure over several agents' episodes; agents are drawn first, then episodes within each.

    Returns:
        None where an episode lacks the measure.
    """
    values = [[getattr(episode, measure) for episode in one.episodes] for one in evaluations]
    if any(value is None for episodes in values for value in episodes):
        return None
    flat = np.concatenate([np.asarray(episodes, dtype=float) for episodes in values])
    if measure == "success" and (len(values) == 1 or flat.min() == flat.max()):
        return rate(flat)
    runs = [index for index, episodes in enumerate(values) for _ in episodes]
    return bootstrap(flat, runs=runs if len(values) > 1 else None)


def row(group: Sequence[Judged]) -> dict[str, Any]:
    """One line of the table, from runs that differ in their seed alone."""
    world, goal, pay, agent, steps, frames = group[0].kind
    group = sorted(group, key=lambda one: one.run.config.seed or 0)
    trained = [one.named(TRAINED) for one in group]
    intervals = {
        "success": over_seeds(trained, "success"),
        "oracle_return": over_seeds(trained, "oracle_return"),
        "random_success": over_seeds([one.named(RANDOM) for one in group], "success"),
    }
    each = [one.row().success for one in trained]
    return {
        "task": world,
        "goal": list(goal),
        "paid_by": pay,
        "agent": agent,
        "steps": steps,
        "scored": frames,
        "seeds": [one.run.config.seed for one in group],
        "episodes": sum(len(one.episodes) for one in trained),
        **plain(intervals),
        "success_by_seed": [None if value is None else value.mean for value in each],
        "chosen": sorted({one.chosen for one in trained}),
        "curves": [curve(one.run) for one in group],
    }


def _place(kind: tuple[Any, ...]) -> tuple[Any, ...]:
    """Rows stand by task, those paid by words before the one paid by truth."""
    world, goal, *rest = kind
    return (world, not goal, goal, *map(str, rest))


def curve(run: RunDir) -> dict[str, list[float]]:
    """The evaluations during training: steps, and the means over each evaluation's episodes."""
    if not run.evaluations.is_file():
        return {"steps": []}
    with np.load(run.evaluations, allow_pickle=False) as file:
        means = {name: np.nanmean(file[of], axis=1).round(4).tolist() for name, of in CURVES.items() if of in file}
        return {"steps": file["timesteps"].tolist(), **means}


def results(folder: Path, name: str = NAME) -> dict[str, Any]:
    """What the file ``name`` holds: the rows, the command and the machines.

    Raises:
        ConfigError, RunError: there is no judged run, or one cannot be read.
    """
    groups, machines = grouped(folder)
    return {
        "command": " ".join(["python benchmarks/results.py", str(folder), *([] if name == NAME else [name])]),
        "on": machines,
        "rows": [row(groups[kind]) for kind in sorted(groups, key=_place)],
    }


def grouped(folder: Path) -> tuple[dict[tuple[Any, ...], list[Judged]], str]:
    """Judged runs below ``folder`` by what they share, and the machines that they ran on.

    Raises:
        ConfigError, RunError: there is no judged run, or one cannot be read.
    """
    groups: dict[tuple[Any, ...], list[Judged]] = {}
    machines = set()
    for one in judged_below(folder):
        groups.setdefault(one.kind, []).append(one)
        told = one.run.read_json("versions.json")
        machines.add(f"{told['platform'].split('-')[0]}, {told['processors']} cores, Python {told['python']}")
    return groups, "; ".join(sorted(machines))


def main(arguments: Sequence[str]) -> int:
    """Write the file; 2 where the folder holds nothing to gather."""
    folder, name = arguments[:1], arguments[1] if len(arguments) > 1 else NAME
    return gather(folder, name, partial(results, name=name))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
