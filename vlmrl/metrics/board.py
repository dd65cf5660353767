"""A leaderboard: what was measured of every reward in every task, and what that comes to.

The judge fills it in and the report draws it; neither knows the other.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vlmrl.config import atomic
from vlmrl.errors import RunError
from vlmrl.metrics.intervals import Interval, mean_of
from vlmrl.metrics.plain import plain
from vlmrl.metrics.reliable import foretold
from vlmrl.metrics.sheet import HIGHER, names

FORMAT = 1
"""Of the JSON; another number is another version's."""


@dataclass(frozen=True, order=True)
class Contender:
    """What stands in a row of the leaderboard.

    Attributes:
        reward: the reward's name, with its settings where they are not its own.
        encoder: the encoder's name; empty for a reward without one.
        prompts: the name of the set of sentences; empty for a reward that reads none.
    """

    reward: str
    encoder: str = ""
    prompts: str = ""

    @property
    def control(self) -> bool:
        """Whether it is no reward, but what rewards are read against."""
        return self.prompts == CONTROL

    def __str__(self) -> str:
        """Its parts in a row, as lines on the terminal name it."""
        return " ".join(filter(None, (self.reward, self.encoder, self.prompts)))


CONTROL = "control"
"""In place of the prompts of what is no reward."""


@dataclass(frozen=True)
class Cell:
    """One reward in one task.

    Attributes:
        contender: the reward.
        task: the task's name.
        goal, baseline, negative: the sentences; all empty for a reward that reads none.
        measures: by name, with 95 % intervals.
        overpaid: by actor, the share of its failed episodes paid like a success.
        frames: that were scored.
        milliseconds: for one frame, by the clock of the machine that scored [ms]; ``nan`` where nothing was scored.
        episodes: fingerprint of the episodes.
        key: of its scores in the folder ``cells``.
    """

    contender: Contender
    task: str
    goal: tuple[str, ...]
    baseline: tuple[str, ...]
    negative: tuple[str, ...]
    measures: Mapping[str, Interval]
    overpaid: Mapping[str, float]
    frames: int
    milliseconds: float
    episodes: str
    key: str


@dataclass(frozen=True)
class Confusion:
    """How well the words of each task tell the moments in which another task is done.

    Attributes:
        contender: the reward that reads the words.
        tasks: names of the tasks, T.
        auroc: T rows, one a task's words; T columns, one a task's moments, done against not done; None for no answer.
    """

    contender: Contender
    tasks: tuple[str, ...]
    auroc: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True)
class Trained:
    """An agent that learned from a reward.

    Attributes:
        contender: the reward.
        task: the task's name.
        seed: of the training.
        steps: environment steps that it learned for.
        success: share of its episodes that succeeded by ground truth, in [0, 1].
        oracle_return: mean nearness to the goal over its episodes, in [0, 1].
        episodes: that it was judged on.
    """

    contender: Contender
    task: str
    seed: int
    steps: int
    success: float
    oracle_return: float
    episodes: int


@dataclass(frozen=True)
class Board:
    """All cells.

    Attributes:
        cells: one a reward and task.
        confusions: of rewards that read words, where there are several tasks.
        trained: agents that learned from the rewards, where any did.
        notes: how it was made: command, machine, versions, episodes of each task.
    """

    cells: tuple[Cell, ...]
    confusions: tuple[Confusion, ...] = ()
    trained: tuple[Trained, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tasks(self) -> tuple[str, ...]:
        """Every task, in the order of the cells."""
        return tuple(dict.fromkeys(cell.task for cell in self.cells))

    @property
    def contenders(self) -> tuple[Contender, ...]:
        """Every reward, in the order of the cells."""
        return tuple(dict.fromkeys(cell.contender for cell in self.cells))

    def of(self, contender: Contender) -> list[Cell]:
        """The cells of a reward."""
        return [cell for cell in self.cells if cell.contender == contender]

    def mean(self, contender: Contender, measure: str) -> Interval:
        """A measure's mean over the tasks that have an answer, every task counting alike; ``nan`` where none has."""
        found = [cell.measures[measure] for cell in self.of(contender) if measure in cell.measures]
        return mean_of([one for one in found if not math.isnan(one.mean)])

    def milliseconds(self, contender: Contender) -> float:
        """What a frame costs, the middle of its tasks [ms]; ``nan`` where nothing was scored."""
        times = sorted(cell.milliseconds for cell in self.of(contender) if not math.isnan(cell.milliseconds))
        return times[len(times) // 2] if times else math.nan

    def ranked(self, measure: str) -> list[Contender]:
        """Rewards, the best first; those without an answer last."""

        def key(contender: Contender) -> tuple[bool, float]:
            mean = self.mean(contender, measure).mean
            return math.isnan(mean), -mean if HIGHER[measure] else mean

        return sorted(self.contenders, key=key)

    def reached(self, contender: Contender) -> dict[str, list[float]]:
        """What its agents reached, by task: the success of each seed."""
        found: dict[str, list[float]] = {}
        for one in self.trained:
            if one.contender == contender:
                found.setdefault(one.task, []).append(one.success)
        return found

    def foretold(self, measure: str) -> Interval:
        """Spearman's correlation, over rewards and tasks, of a measure and the success of the agents trained.

        Its sign is turned where lower is better, so that 1 foretold everything.
        """
        cells = {(cell.contender, cell.task): cell for cell in self.cells}
        known: dict[str, list[tuple[float, float]]] = {}
        for contender in self.contenders:
            for task, seeds in self.reached(contender).items():
                if (contender, task) in cells:
                    value = cells[contender, task].measures[measure].mean
                    known.setdefault(task, []).append((value, sum(seeds) / len(seeds)))
        columns = {task: np.array(pairs) for task, pairs in known.items()}
        told = foretold(
            {task: pairs[:, 0] for task, pairs in columns.items()},
            {task: pairs[:, 1] for task, pairs in columns.items()},
            resamples=500,
        )
        return told if HIGHER[measure] else Interval(-told.mean, -told.high, -told.low)

    def to_json(self) -> dict[str, Any]:
        """Everything as plain values; what is no number is None."""
        body: dict[str, Any] = plain({"format": FORMAT, **vars(self)})
        return body

    @classmethod
    def load(cls, path: Path) -> Board:
        """Read what was written as JSON.

        Raises:
            RunError: it is not there, or is no leaderboard of this version.
        """
        try:
            body = json.loads(path.read_text(encoding="utf-8"))
            if body["format"] != FORMAT:
                raise ValueError(f"format {body['format']}, this version reads {FORMAT}")
            return cls(
                tuple(map(_cell, body["cells"])),
                tuple(map(_confusion, body["confusions"])),
                tuple(Trained(**one | {"contender": Contender(**one["contender"])}) for one in body["trained"]),
                body["notes"],
            )
        except (OSError, ValueError, KeyError, TypeError) as cause:
            raise RunError(f"{path}: is no leaderboard ({cause}); name a folder that `vlmrl bench` wrote") from cause

    def to_csv(self) -> str:
        """One line a reward, task and measure, with the interval."""
        out = io.StringIO()
        table = csv.writer(out, lineterminator="\n")
        table.writerow(["reward", "encoder", "prompts", "task", "measure", "mean", "low", "high"])
        for cell in self.cells:
            who = cell.contender
            for name in (*(one for one in names() if one in cell.measures), "milliseconds"):
                one = Interval(cell.milliseconds, math.nan, math.nan) if name == "milliseconds" else cell.measures[name]
                row = ("" if math.isnan(value) else f"{value:.6g}" for value in (one.mean, one.low, one.high))
                table.writerow([who.reward, who.encoder, who.prompts, cell.task, name, *row])
        return out.getvalue()

    def save(self, folder: Path) -> None:
        """Write ``bench.json`` and ``bench.csv``, each in one piece.

        Raises:
            RunError: they cannot be written.
        """
        atomic.write_json(folder / "bench.json", self.to_json())
        atomic.write_text(folder / "bench.csv", self.to_csv())


def _cell(body: Mapping[str, Any]) -> Cell:
    told = dict(body)
    told["contender"] = Contender(**told["contender"])
    told["measures"] = {name: _interval(one) for name, one in told["measures"].items()}
    told["milliseconds"] = _number(told["milliseconds"])
    return Cell(**told | {side: tuple(told[side]) for side in ("goal", "baseline", "negative")})


def _confusion(body: Mapping[str, Any]) -> Confusion:
    rows = tuple(tuple(row) for row in body["auroc"])
    return Confusion(Contender(**body["contender"]), tuple(body["tasks"]), rows)


def _interval(body: Mapping[str, Any]) -> Interval:
    return Interval(*(_number(body[name]) for name in ("mean", "low", "high")))


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def shown(contenders: Sequence[Contender]) -> list[str]:
    """A name for each that tells it from the others, without what all of them share."""
    encoders = {one.encoder for one in contenders if one.encoder}
    prompts = {one.prompts for one in contenders if one.prompts and not one.control}
    found = []
    for one in contenders:
        parts = [one.reward]
        if one.control:
            parts.append("(control)")
        if len(encoders) > 1 and one.encoder:
            parts.append(one.encoder)
        if len(prompts) > 1 and one.prompts and not one.control:
            parts.append(f"[{one.prompts}]")
        found.append(" ".join(parts))
    return found
