"""The learner of a benchmark's second stage: ``vlmrl train`` with its defaults, a run directory an agent."""

from __future__ import annotations

from pathlib import Path

from vlmrl.cli._entries import settings_of
from vlmrl.envs.task import Task
from vlmrl.errors import RunError
from vlmrl.judge.bench.entry import Entry
from vlmrl.judge.bench.second_stage import Train
from vlmrl.metrics.board import Trained
from vlmrl.metrics.evaluation import Comparison


def learner(folder: Path, steps: int | None) -> Train:
    """Trains into run directories below a folder; one that is there goes on, or is only read where it is done.

    Args:
        folder: for the runs.
        steps: environment steps; None is the agent's own.
    """
    from vlmrl.agents.train import train
    from vlmrl.config.compose import configure

    def learn(entry: Entry, task: Task, seed: int) -> Trained:
        who = entry.contender
        words = entry.words(task)
        name, settings = settings_of(who.reward)
        path = folder / "-".join([task.name, who.reward, who.encoder, who.prompts, str(seed)]).translate(PLAIN)
        said = {side: getattr(words, side) for side in ("goal", "baseline", "negative")} if words != task.words else {}
        config = configure(
            task=task.name,
            reward={"name": name, **settings},
            encoder=who.encoder,
            seed=seed,
            run_dir=str(path),
            progress=False,
            agent={"total_steps": steps} if steps is not None else {},
            **said,
        )
        done = train(config, lambda line: None)
        if done.comparison is None:
            raise RunError(f"{path}: the training was stopped; the same command goes on with it")
        return _of(done.comparison, entry, task, seed, done.steps)

    return learn


PLAIN = str.maketrans(dict.fromkeys("/:=. \\", "_"))
"""Makes a directory's name of any."""


def _of(comparison: Comparison, entry: Entry, task: Task, seed: int, steps: int) -> Trained:
    row = next(row for row in comparison.rows() if row.agent == "agent")
    if row.success is None or row.oracle_return is None:
        raise RunError(f"{task.name}: the agent was judged without ground truth")
    return Trained(entry.contender, task.name, seed, steps, row.success.mean, row.oracle_return.mean, row.episodes)
