"""What an evaluation found: one record an episode, several agents side by side, and the JSON file that keeps them.

The judge writes these files and the report reads them; neither knows the other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from vlmrl.config import atomic
from vlmrl.errors import RunError, ShapeError
from vlmrl.metrics.intervals import Interval, bootstrap, rate
from vlmrl.metrics.plain import plain
from vlmrl.types import Array

FORMAT = 1
"""Rises when a file written before can no longer be read."""


@dataclass(frozen=True)
class Episode:
    """One episode, judged.

    Attributes:
        seed: the env was reset with it.
        length: steps taken, at least 1.
        success: whether the task's own ground truth says it was done; None where no ground truth is known.
        oracle_return: mean over the steps of the ground truth's nearness to done, in [0, 1]; None where not known.
        task_return: sum of the env's own reward, which no learner from words sees; None where the env gives none.
        vlm_return: mean over the steps of the reward model's score of the frame after the step; None where not scored.
    """

    seed: int
    length: int
    success: bool | None = None
    oracle_return: float | None = None
    task_return: float | None = None
    vlm_return: float | None = None


@dataclass(frozen=True)
class Trace:
    """One episode step by step, the state after each: kept in memory for rank agreement and figures, never in JSON.

    Attributes:
        success: bool ``(T,)`` or None.
        oracle: float64 ``(T,)`` in [0, 1] or None.
        score: float32 ``(T,)``, the reward model's, or None.
        frames: uint8 ``(T, H, W, 3)``, or None where they were not asked for.
        start: uint8 ``(H, W, 3)``, the frame of the state that the first action was chosen in, likewise.
        terminated: the last state is a true end, not a time limit.
    """

    success: Array | None = None
    oracle: Array | None = None
    score: Array | None = None
    frames: Array | None = None
    start: Array | None = None
    terminated: bool = False


@dataclass(frozen=True)
class Evaluation:
    """One agent, judged over several episodes.

    Attributes:
        agent: what to call it in a table: ``agent``, ``random``, ``oracle``.
        task: the task's name, or the Gymnasium id of an env without one.
        episodes: in the order of the seeds asked for; at least one.
        chosen: how its weights were chosen ("last checkpoint"), empty where there was no choice.
        traces: as many as episodes, or none.
    """

    agent: str
    task: str
    episodes: tuple[Episode, ...]
    chosen: str = ""
    traces: tuple[Trace, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        if not self.episodes:
            raise ShapeError(f"agent={self.agent}: has no episode; judge it on at least one seed")

    def row(self, level: float = 0.95) -> Row:
        """The agent's line in a table, with bootstrap intervals over its episodes."""
        known = {name: self._column(name) for name in MEASURES}
        intervals = {
            name: None if column is None else (rate if name == "success" else bootstrap)(column, level)
            for name, column in known.items()
        }
        return Row(self.agent, len(self.episodes), self.chosen, **intervals)

    def _column(self, name: str) -> list[float] | None:
        column = [getattr(episode, name) for episode in self.episodes]
        return None if any(value is None for value in column) else [float(value) for value in column]


MEASURES = ("success", "oracle_return", "vlm_return", "task_return", "length")
"""What a row holds an interval of: fields of an episode, by name."""


@dataclass(frozen=True)
class Row:
    """One agent in a table. A measure is None where any of its episodes lacks it.

    Attributes:
        agent: its name.
        episodes: how many it was judged on.
        chosen: how its weights were chosen.
        success: share of episodes in [0, 1].
        oracle_return, vlm_return, task_return, length: means over episodes, of what :class:`Episode` says.
    """

    agent: str
    episodes: int
    chosen: str
    success: Interval | None
    oracle_return: Interval | None
    vlm_return: Interval | None
    task_return: Interval | None
    length: Interval | None


@dataclass(frozen=True)
class Comparison:
    """Agents judged on the same seeds of one task.

    Attributes:
        evaluations: one an agent, in the order of the table.
        goal, baseline, negative: the words that frames were scored against; empty where nothing was scored.
        spearman: rank agreement of score and ground truth over all steps of all agents, in [-1, 1]; None if not known.
        auroc: how well the score tells steps at which the task is done from others, in [0, 1]; None if not known.
        level: of the intervals.
    """

    evaluations: tuple[Evaluation, ...]
    goal: tuple[str, ...] = ()
    baseline: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    spearman: float | None = None
    auroc: float | None = None
    level: float = 0.95

    def rows(self) -> tuple[Row, ...]:
        """The table, one row an agent."""
        return tuple(evaluation.row(self.level) for evaluation in self.evaluations)

    def to_json(self) -> str:
        """Everything but the traces. The rows are written too, for whoever reads the file without this package."""
        body = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "evaluations"}
        body["rows"] = self.rows()
        body["evaluations"] = [
            {"agent": one.agent, "task": one.task, "chosen": one.chosen, "episodes": one.episodes}
            for one in self.evaluations
        ]
        return json.dumps(plain({"format": FORMAT, **body}), indent=2, allow_nan=False, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str, source: str = "evaluation") -> Comparison:
        """Read back what :meth:`to_json` wrote; an equal comparison, its traces gone.

        Args:
            text: the file's content.
            source: what to call it in an error, usually its path.

        Raises:
            RunError: the text is cut off, no evaluation, or of a later format.
        """
        try:
            body = json.loads(text)
            written = body.pop("format")
            if written != FORMAT:
                raise RunError(
                    f"{source}: has format {written!r}; this version reads {FORMAT}; judge it again with vlmrl eval"
                )
            body.pop("rows")
            agents = tuple(_evaluation(one) for one in body.pop("evaluations"))
            for side in ("goal", "baseline", "negative"):
                body[side] = tuple(body[side])
            return cls(agents, **body)
        except (KeyError, TypeError, AttributeError, ValueError) as cause:
            raise RunError(
                f"{source}: is no evaluation, or was cut off ({cause}); judge the run again with vlmrl eval"
            ) from cause

    def save(self, path: Path) -> None:
        """Write the file in one piece.

        Raises:
            RunError: it cannot be written; what was there stays.
        """
        atomic.write_text(path, self.to_json())

    @classmethod
    def load(cls, path: Path) -> Comparison:
        """Read the file at ``path``.

        Raises:
            RunError: it cannot be read, or is no evaluation.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as cause:
            raise RunError(f"{path}: cannot be read ({cause.strerror}); judge the run first with vlmrl eval") from cause
        return cls.from_json(text, str(path))


def _evaluation(body: Mapping[str, Any]) -> Evaluation:
    episodes = tuple(Episode(**episode) for episode in body["episodes"])
    return Evaluation(body["agent"], body["task"], episodes, body["chosen"])
