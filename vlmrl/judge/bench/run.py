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
from vlmrl.judge.bench.cells import Kept, Rows
from vlmrl.judge.bench.controls import CONTROLS
from vlmrl.judge.bench.entry import Entry, refuse_known
from vlmrl.judge.bench.tracks import follow
from vlmrl.judge.recorded import Recorded
from vlmrl.judge.stage import Shots, Stage
from vlmrl.metrics.board import CONTROL, Board, Cell, Confusion, Contender
from vlmrl.metrics.intervals import Interval
from vlmrl.metrics.order import cycle_order, value_order
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
class _Asked:
    """A cell to be scored: a task's own words, and others that should not find its goal."""

    entry: Entry
    words: Words
    others: Mapping[str, Words]
    key: str


@dataclass(frozen=True)
class _Mixed:
    """A confusion matrix to be scored: what a reward is asked in each task, by the tasks' names."""

    entry: Entry
    asked: Mapping[str, _Asked]
    key: str


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
        ConfigError: no task or no reward, one that can see no task, or one that was taught by these episodes.
        Abstained: a reward gave no number for a frame; what was scored before is kept.
    """
    if not episodes or not entries:
        raise ConfigError("bench: has no task or no reward; `vlmrl list tasks` and `vlmrl list rewards` name them")
    for entry in entries:
        if all(why := [entry.unseen(task) for task, _ in episodes.values()]):
            raise ConfigError(f"rewards={entry.contender.reward}: can see none of the tasks; {why[0]}")
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
        orders = _orders(partial(_of_control, control, nearness), ways)
        sheet = _sheet(task, recorded, moments, score, np.zeros((len(score), 0, 2)), *orders)
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
    """All cells of entries that read frames of one size; the next task is drawn while this one is scored.

    Tasks in which everything is known are not drawn: drawing takes most of the time.
    """
    asked = {name: tuple(_asked(*both, entries, plan, say)) for name, both in episodes.items()}
    cells = [(name, cell) for name, several in asked.items() for cell in several]
    mixed = tuple(_mixed(entries, asked))
    sheets = {cell.key: known for _, cell in cells if (known := kept.sheet(cell.key)) is not None}
    confused = {mix.key: rows for mix in mixed if (rows := kept.confusion(mix.key)) is not None}
    for name, cell in cells:
        if cell.entry.reading is not None and cell.key not in sheets:
            sheets[cell.key] = found, cost = _follow(*episodes[name], cell, plan)
            kept.keep_sheet(cell.key, found, cost)
            say(f"{name}: {cell.entry.contender}, {found.score.size:,} moments, {cost:.2f} ms a state")
    new = {name for name, cell in cells if cell.key not in sheets}
    new.update(*(mix.asked for mix in mixed if mix.key not in confused))
    pools = dict[str, Shots]()
    for name, shots in _drawn({name: both for name, both in episodes.items() if name in new}, size, plan):
        for cell in asked[name]:
            if cell.key not in sheets:
                sheets[cell.key] = found, cost = _ask(*episodes[name], shots, cell, plan)
                kept.keep_sheet(cell.key, found, cost)
                say(f"{name}: {cell.entry.contender}, {len(shots):,} moments, {cost:.2f} ms a frame")
        pools[name] = _some(shots)
    for mix in mixed:
        if mix.key not in confused:
            confused[mix.key] = _confused(mix, pools)
            kept.keep_confusion(mix.key, confused[mix.key])
    jobs = [_job(name, cell, *sheets[cell.key], episodes[name][1]) for name, cell in cells]
    return jobs, [Confusion(mix.entry.contender, tuple(mix.asked), confused[mix.key]) for mix in mixed]


def _job(name: str, cell: _Asked, sheet: Sheet, cost: float, recorded: Recorded) -> _Job:
    who = cell.entry.contender
    return _Job(who, name, cell.words, sheet, sheet.score.size, cost, recorded.fingerprint, cell.key)


def _asked(task: Task, recorded: Recorded, entries: Sequence[Entry], plan: Plan, say: Say) -> Iterator[_Asked]:
    """What each reward is asked in a task, of those that have words for it."""
    moments = recorded.moments(plan.moments)
    for entry in entries:
        unseen = entry.unseen(task)
        if unseen:
            say(f"{task.name}: {entry.contender} is left out; {unseen}")
            continue
        refuse_known(entry, task, recorded, say)
        words = entry.words(task)
        if words is None:
            say(f"{task.name}: {entry.contender} has no words for it that it can score, and is left out")
            continue
        others = entry.others(task, words)
        key = _key(recorded, moments, entry.fingerprint, vars(words), sorted(others), entry.size, plan.seed)
        yield _Asked(entry, words, others, key)


def _mixed(entries: Sequence[Entry], asked: Mapping[str, Sequence[_Asked]]) -> Iterator[_Mixed]:
    """The rewards for which there is anything to confuse: words for two tasks or more, and moments that tell something.

    What reads clips is left out: it says nothing of single moments.
    """
    for entry in entries:
        if entry.reads_clips:
            continue
        own = {name: one for name, several in asked.items() for one in several if one.entry is entry}
        if entry.reading is None and entry.contender.prompts and len({one.words for one in own.values()}) > 1:
            yield _Mixed(entry, own, _hashed(CONFUSED, [one.key for one in own.values()]))


def _drawn(
    episodes: Mapping[str, tuple[Task, Recorded]], size: tuple[int, int], plan: Plan
) -> Iterator[tuple[str, Shots]]:
    """The moments of each task by its name, drawn one task ahead."""
    with ThreadPoolExecutor(1) as painter:  # one thread, as contexts belong to threads
        waiting = deque[tuple[str, Future[Shots]]]()
        for name, (task, recorded) in episodes.items():
            waiting.append((name, painter.submit(_draw, task, recorded, recorded.moments(plan.moments), size)))
            if len(waiting) > 1:
                first, shots = waiting.popleft()
                yield first, shots.result()
        for last, shots in waiting:
            yield last, shots.result()


def _draw(task: Task, recorded: Recorded, moments: NDArray[np.int64], size: tuple[int, int]) -> Shots:
    with Stage(task, size) as stage:
        return stage.posed(recorded.poses(moments))


def _ask(task: Task, recorded: Recorded, shots: Shots, asked: _Asked, plan: Plan) -> tuple[Sheet, float]:
    """Show a reward every moment in a shuffled order, so that time is nothing to go by, as GVL does; then the rest.

    One that reads clips is shown each episode in its own order, and says what it was worth up to each moment.

    Returns:
        What it said, and what a frame cost [ms].
    """
    entry, words = asked.entry, asked.words
    cost = entry.cost(shots.frames, words)
    moments = recorded.moments(plan.moments)
    clips = shots.frames.reshape(len(recorded), len(moments), *shots.frames.shape[1:])
    if entry.reads_clips:
        score = np.concatenate([entry.score(clip, words) for clip in clips])
        wrong = [np.stack([entry.score(clip, other)[[0, -1]] for clip in clips]) for other in asked.others.values()]
    else:
        shuffled = np.random.default_rng(plan.seed).permutation(len(shots))
        score = np.empty(len(shots))
        score[shuffled] = entry.score(shots.frames[shuffled], words)
        ends = clips[:, [0, -1]].reshape(-1, *shots.frames.shape[1:])
        wrong = [entry.score(ends, other).reshape(len(recorded), 2) for other in asked.others.values()]
    orders = _orders(lambda row, places: entry.score(clips[row, places], words), _ways(task, recorded, moments))
    stacked = np.stack(wrong, axis=1) if wrong else np.zeros((len(recorded), 0, 2))
    return _sheet(task, recorded, moments, score.reshape(clips.shape[:2]), stacked, *orders), cost


def _follow(task: Task, recorded: Recorded, asked: _Asked, plan: Plan) -> tuple[Sheet, float]:
    """The same of a reward that reads episodes in the order of time, as it would in training."""
    moments = recorded.moments(plan.moments)
    found = follow(task, recorded, asked.entry, asked.words, moments, _ways(task, recorded, moments))
    nothing = np.zeros((len(recorded), 0, 2))
    return _sheet(task, recorded, moments, found.score, nothing, found.cycle, {}), found.milliseconds


def _ways(task: Task, recorded: Recorded, moments: NDArray[np.int64]) -> dict[int, tuple[NDArray[np.int64], int]]:
    """Of each success the places of its way to the goal and back among the moments, and where it turns."""
    found = {}
    for row in np.flatnonzero(recorded.succeeded(task)):
        there = np.arange(len(moments))[way(recorded.success[row, moments])]
        found[int(row)] = np.concatenate([there, there[-2::-1]]), len(there) - 1
    return found


def _of_control(control: Callable[[Array], Array], nearness: Array, row: int, places: NDArray[np.int64]) -> Array:
    return control(nearness[row, places])


def _orders(
    score: Callable[[int, NDArray[np.int64]], Array], ways: Mapping[int, tuple[NDArray[np.int64], int]]
) -> tuple[dict[int, float], dict[int, float]]:
    """Of each success the order on its way there and back as one clip, and on the way back as one of its own."""
    cycle = {row: cycle_order(score(row, places), turn) for row, (places, turn) in ways.items()}
    return cycle, {row: value_order(score(row, places[turn:])) for row, (places, turn) in ways.items()}


def _sheet(
    task: Task,
    recorded: Recorded,
    moments: NDArray[np.int64],
    score: Array,
    wrong: Array,
    cycle: Mapping[int, float],
    back: Mapping[int, float],
) -> Sheet:
    """Scores ``(E, K)``, those ``(E, W, 2)`` with other words, and the orders that were played, beside the truth."""
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
        back=np.array([back.get(row, math.nan) for row in range(len(recorded))]),
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
    return _hashed(recorded.fingerprint, moments.tolist(), *about)


def _hashed(*about: object) -> str:
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:24]


def _some(shots: Shots) -> Shots:
    """Moments for the confusion matrix: as many done ones as others, as far as there are; the same ones every time."""
    rng = np.random.default_rng(0)
    done, other = (rng.permutation(np.flatnonzero(rows)) for rows in (shots.success, ~shots.success))
    half = max(CONFUSED // 2, CONFUSED - len(other)), max(CONFUSED // 2, CONFUSED - len(done))
    return shots[np.sort(np.concatenate([done[: half[0]], other[: half[1]]]))]


def _confused(mixed: _Mixed, pools: Mapping[str, Shots]) -> Rows:
    """A row for each task's words, a column for each task's moments."""
    rows = []
    for one in mixed.asked.values():
        found = [auroc(mixed.entry.score(pools[name].frames, one.words), pools[name].success) for name in mixed.asked]
        rows.append(tuple(None if math.isnan(value) else value for value in found))
    return tuple(rows)
