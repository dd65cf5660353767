"""A leaderboard of rewards on labelled episodes: scored once, kept on disk, gone on with where it was stopped."""

from __future__ import annotations

import hashlib
import json
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlmrl.envs.batch.cores import physical_cores
from vlmrl.envs.task import Task
from vlmrl.errors import ConfigError
from vlmrl.judge.bench.cells import Kept
from vlmrl.judge.bench.controls import CONTROLS
from vlmrl.judge.bench.entry import Entry
from vlmrl.judge.recorded import Recorded
from vlmrl.judge.stage import Shots, Stage
from vlmrl.metrics.board import CONTROL, Board, Cell, Confusion, Contender
from vlmrl.metrics.intervals import Interval
from vlmrl.metrics.order import cycle_order
from vlmrl.metrics.rank import auroc
from vlmrl.metrics.sheet import VERSION, Sheet, measured, overpaid, way
from vlmrl.types import Array, Words

Say = Callable[[str], object]

CONFUSED = 240
"""Moments of a task that other tasks' words are tried on, half of them done where there are so many."""


@dataclass(frozen=True)
class Plan:
    """What to look at, and how closely.

    Attributes:
        moments: of each episode, evenly spread.
        resamples: for the intervals.
        seed: of the resampling.
        processes: that compute intervals; None is one a core.
    """

    moments: int = 40
    resamples: int = 300
    seed: int = 0
    processes: int | None = None

    def __post_init__(self) -> None:
        if self.moments < 5:
            raise ConfigError(f"moments={self.moments}: must be 5 or more, for example 40")


@dataclass(frozen=True)
class _Job:
    """A cell whose scores are known."""

    contender: Contender
    task: str
    words: Words | None
    sheet: Sheet
    frames: int
    milliseconds: float
    episodes: str
    key: str


def bench(
    episodes: Mapping[str, tuple[Task, Recorded]],
    entries: Sequence[Entry],
    folder: Path,
    plan: Plan | None = None,
    say: Say = lambda line: None,
) -> Board:
    """Score every task's episodes with every reward, and measure.

    What was scored lies in ``folder/cells`` at once, so that whoever calls again after a kill, or with one more reward,
    waits for the new alone.

    Args:
        episodes: by the task's name, the task and its episodes.
        entries: the rewards.
        folder: keeps scores and results.
        plan: what to look at; None is the usual.
        say: tells the user what is under way.

    Raises:
        ConfigError: no task or no reward.
        Abstained: a reward gave no number for a frame; what was scored before is kept.
    """
    if not episodes or not entries:
        raise ConfigError("bench: has no task or no reward; `vlmrl list tasks` and `vlmrl list rewards` name them")
    kept, plan = Kept(folder / "cells"), plan or Plan()
    jobs = [job for task, recorded in episodes.values() for job in _controls(task, recorded, plan)]
    confusions = []
    for size in dict.fromkeys(entry.size for entry in entries):
        seen = [entry for entry in entries if entry.size == size]
        found, confused = _scored(episodes, seen, size, kept, plan, say)
        jobs += found
        confusions += confused
    order = {entry.contender: place for place, entry in enumerate(entries)}
    jobs.sort(key=lambda job: order.get(job.contender, -1))
    return Board(tuple(_measured(jobs, kept, plan, say)), tuple(confusions))


def _controls(task: Task, recorded: Recorded, plan: Plan) -> Iterator[_Job]:
    moments = recorded.moments(plan.moments)
    nearness = recorded.oracle[:, moments]
    ways = _ways(task, recorded, moments)
    for name, control in CONTROLS.items():
        score = np.stack([control(row) for row in nearness])
        cycle = {row: cycle_order(control(nearness[row, to_and_fro]), turn) for row, (to_and_fro, turn) in ways.items()}
        sheet = _sheet(task, recorded, moments, score, np.zeros((len(score), 0, 2)), cycle)
        key = _key(recorded, moments, name)
        yield _Job(Contender(name, "", CONTROL), task.name, None, sheet, 0, math.nan, recorded.fingerprint, key)


def _scored(
    episodes: Mapping[str, tuple[Task, Recorded]],
    entries: Sequence[Entry],
    size: tuple[int, int],
    kept: Kept,
    plan: Plan,
    say: Say,
) -> tuple[list[_Job], list[Confusion]]:
    """All cells of entries that read frames of one size; the next task is drawn while this one is scored."""
    jobs, pools = list[_Job](), dict[str, Shots]()
    for (name, (task, recorded)), shots in zip(episodes.items(), _drawn(episodes, size, plan), strict=True):
        for entry in entries:
            jobs += _job(task, recorded, shots, entry, kept, plan, say)
        pools[name] = _some(shots)
    tasks = {name: task for name, (task, _) in episodes.items()}
    return jobs, [_confusion(entry, tasks, pools) for entry in entries if _reads(entry, tasks)]


def _drawn(episodes: Mapping[str, tuple[Task, Recorded]], size: tuple[int, int], plan: Plan) -> Iterator[Shots]:
    """The moments of each task, drawn one task ahead."""
    with ThreadPoolExecutor(1) as painter:  # one thread, as contexts belong to threads
        waiting = deque[Future[Shots]]()
        for task, recorded in episodes.values():
            waiting.append(painter.submit(_draw, task, recorded, recorded.moments(plan.moments), size))
            if len(waiting) > 1:
                yield waiting.popleft().result()
        yield waiting.popleft().result()


def _draw(task: Task, recorded: Recorded, moments: NDArray[np.int64], size: tuple[int, int]) -> Shots:
    with Stage(task, size) as stage:
        return stage.posed(recorded.poses(moments))


def _job(
    task: Task, recorded: Recorded, shots: Shots, entry: Entry, kept: Kept, plan: Plan, say: Say
) -> Iterator[_Job]:
    words = entry.words(task)
    if words is None:
        say(f"{task.name}: {entry.contender} has no words for it that it can score, and is left out")
        return
    moments = recorded.moments(plan.moments)
    others = entry.others(task, words)
    key = _key(recorded, moments, entry.fingerprint, vars(words), sorted(others), entry.size, plan.seed)
    known = kept.sheet(key)
    if known is None:
        cost = entry.cost(shots.frames, words)
        known = _ask(task, recorded, shots, entry, words, list(others.values()), plan), cost
        kept.keep_sheet(key, *known)
        say(f"{task.name}: {entry.contender}, {len(shots):,} moments, {cost:.2f} ms a frame")
    yield _Job(entry.contender, task.name, words, known[0], len(shots), known[1], recorded.fingerprint, key)


def _ask(
    task: Task,
    recorded: Recorded,
    shots: Shots,
    entry: Entry,
    words: Words,
    others: Sequence[Words],
    plan: Plan,
) -> Sheet:
    """Show a reward every moment in a shuffled order, so that time is nothing to go by, as GVL does; then the rest."""
    moments = recorded.moments(plan.moments)
    shuffled = np.random.default_rng(plan.seed).permutation(len(shots))
    score = np.empty(len(shots))
    score[shuffled] = entry.score(shots.frames[shuffled], words)
    clips = shots.frames.reshape(len(recorded), len(moments), *shots.frames.shape[1:])
    ends = clips[:, [0, -1]].reshape(-1, *shots.frames.shape[1:])
    wrong = [entry.score(ends, other).reshape(len(recorded), 2) for other in others]
    cycle = {
        row: cycle_order(entry.score(clips[row, to_and_fro], words), turn)
        for row, (to_and_fro, turn) in _ways(task, recorded, moments).items()
    }
    stacked = np.stack(wrong, axis=1) if wrong else np.zeros((len(recorded), 0, 2))
    return _sheet(task, recorded, moments, score.reshape(clips.shape[:2]), stacked, cycle)


def _ways(task: Task, recorded: Recorded, moments: NDArray[np.int64]) -> dict[int, tuple[NDArray[np.int64], int]]:
    """Of each success the places of its way to the goal and back among the moments, and where it turns."""
    found = {}
    for row in np.flatnonzero(recorded.succeeded(task)):
        there = np.arange(len(moments))[way(recorded.success[row, moments])]
        found[int(row)] = np.concatenate([there, there[-2::-1]]), len(there) - 1
    return found


def _sheet(
    task: Task,
    recorded: Recorded,
    moments: NDArray[np.int64],
    score: Array,
    wrong: Array,
    cycle: Mapping[int, float],
) -> Sheet:
    """Scores ``(E, K)``, those ``(E, W, 2)`` with other words, and the cycles that were played, beside the truth."""
    state = np.concatenate([recorded.qpos[:, moments], recorded.qvel[:, moments]], axis=2)
    return Sheet(
        score=score.astype(np.float64),
        oracle=recorded.oracle[:, moments].astype(np.float64),
        done=recorded.success[:, moments],
        succeeded=recorded.succeeded(task),
        actor=recorded.actor,
        state=state.astype(np.float64),
        wrong=wrong,
        cycle=np.array([cycle.get(row, math.nan) for row in range(len(recorded))]),
    )


def _measured(jobs: Sequence[_Job], kept: Kept, plan: Plan, say: Say) -> Iterator[Cell]:
    """Cells in the order of the jobs; what was not measured before, on every core."""
    how = {"version": VERSION, "resamples": plan.resamples, "seed": plan.seed}
    known = {job.key: kept.measures(job.key, how) for job in jobs}
    new = [job for job in jobs if known[job.key] is None]
    if new:
        say(f"{len(jobs)} cells scored; measuring {len(new)} with {plan.resamples} resamples each")
        with on_every_core(min(len(new), plan.processes or physical_cores())) as each:
            ask = partial(measured, resamples=plan.resamples, seed=plan.seed)
            found_all = each(ask, [job.sheet for job in new])
            for place, (job, found) in enumerate(zip(new, found_all, strict=True), start=1):
                kept.keep_measures(job.key, how, found)
                known[job.key] = found
                if place % 10 == 0:
                    say(f"{place} of {len(new)} cells measured")
    for job in jobs:
        yield _cell(job, known[job.key] or {})


@contextmanager
def on_every_core(processes: int) -> Iterator[Callable[..., Iterable[Any]]]:
    """``map``, each call in one of so many processes; in this one where that is one."""
    if processes == 1:
        yield map
        return
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        yield pool.map


def _cell(job: _Job, found: Mapping[str, Interval]) -> Cell:
    words = job.words
    sides = (words.goal, words.baseline, words.negative) if words is not None else ((), (), ())
    return Cell(
        job.contender, job.task, *sides, found, overpaid(job.sheet), job.frames, job.milliseconds, job.episodes, job.key
    )


def _key(recorded: Recorded, moments: NDArray[np.int64], *about: object) -> str:
    """What a cell's scores depend on, hashed."""
    text = json.dumps([recorded.fingerprint, moments.tolist(), *about], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _some(shots: Shots) -> Shots:
    """Moments for the confusion matrix: as many done ones as others, as far as there are; the same ones every time."""
    rng = np.random.default_rng(0)
    done, other = (rng.permutation(np.flatnonzero(rows)) for rows in (shots.success, ~shots.success))
    half = max(CONFUSED // 2, CONFUSED - len(other)), max(CONFUSED // 2, CONFUSED - len(done))
    return shots[np.sort(np.concatenate([done[: half[0]], other[: half[1]]]))]


def _reads(entry: Entry, tasks: Mapping[str, Task]) -> bool:
    """Whether there is anything to confuse: words for two tasks or more."""
    asked = {words for task in tasks.values() if (words := entry.words(task)) is not None}
    return bool(entry.contender.prompts) and len(asked) > 1


def _confusion(entry: Entry, tasks: Mapping[str, Task], pools: Mapping[str, Shots]) -> Confusion:
    named = {name: words for name, task in tasks.items() if (words := entry.words(task)) is not None}
    rows = []
    for words in named.values():
        found = [auroc(entry.score(pools[name].frames, words), pools[name].success) for name in named]
        rows.append(tuple(None if math.isnan(value) else value for value in found))
    return Confusion(entry.contender, tuple(named), tuple(rows))
