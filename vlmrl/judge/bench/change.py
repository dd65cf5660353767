"""Two benchmarks of the same tasks beside each other: what got worse?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vlmrl.envs.batch.cores import physical_cores
from vlmrl.errors import ConfigError
from vlmrl.judge.bench.cells import Kept
from vlmrl.judge.bench.run import on_every_core
from vlmrl.metrics.board import Board, Cell
from vlmrl.metrics.change import Change
from vlmrl.metrics.intervals import Interval, difference
from vlmrl.metrics.sheet import HIGHER, MEASURES, Measure, Sheet

HEADLINE = (
    "auroc_trained",
    "fpr_trained",
    "spearman",
    "episode_auroc",
    "hacked",
    "goal_rank",
    "value_order",
    "grounding",
)
"""Measures that are compared: the others say the same in other words, and each would be one more false alarm."""
RESAMPLES = 500


def compared(before: Path, after: Path, say: Callable[[str], object] = lambda line: None) -> list[Change]:
    """Every headline measure of the cells that both have.

    Where both scored the same episodes these are drawn anew for both alike, which sees small changes; otherwise the two
    intervals are set against each other.

    Args:
        before: a folder that a benchmark wrote.
        after: a later one.
        say: tells the user what is under way.

    Raises:
        RunError: a folder holds no leaderboard.
        ConfigError: they share no reward and task.
    """
    boards = [Board.load(folder / "bench.json") for folder in (before, after)]
    known = {(cell.contender, cell.task): cell for cell in boards[0].cells if not cell.contender.control}
    pairs = [(known[key], cell) for cell in boards[1].cells if (key := (cell.contender, cell.task)) in known]
    if not pairs:
        raise ConfigError(f"compare: {before} and {after} share no reward, words and task")
    say(f"{len(pairs)} cells on both sides")
    places = [folder / "cells" for folder in (before, after)]
    jobs = [(one, other, Kept(places[0]), Kept(places[1])) for one, other in pairs]
    with on_every_core(min(len(jobs), physical_cores())) as each:
        return [change for found in each(_changes, jobs) for change in found]


def _changes(job: tuple[Cell, Cell, Kept, Kept]) -> list[Change]:
    """What changed from a cell to another, each with the folder that has its scores."""
    before, after, old, new = job
    sheets = [found[0] if (found := kept.sheet(cell.key)) else None for kept, cell in ((old, before), (new, after))]
    changes = []
    for measure in MEASURES:
        if measure.name in HEADLINE:
            first, second = before.measures[measure.name], after.measures[measure.name]
            change = _paired(measure, *sheets) if before.episodes == after.episodes else None
            changes.append(
                Change(
                    after.contender,
                    after.task,
                    measure.name,
                    first.mean,
                    second.mean,
                    change or difference(second, first),
                    HIGHER[measure.name],
                )
            )
    return changes


def _paired(measure: Measure, old: Sheet | None, new: Sheet | None) -> Interval | None:
    if old is None or new is None or old.score.shape != new.score.shape:
        return None
    return measure.change(old, new, RESAMPLES)
