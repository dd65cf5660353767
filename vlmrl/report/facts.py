"""Everything that a run directory tells of its run, gathered before a word of the report is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vlmrl.config.run_dir import COUNTS, RunDir
from vlmrl.config.schema import RunConfig
from vlmrl.envs.make import known_task
from vlmrl.envs.task import Task
from vlmrl.errors import RunError
from vlmrl.metrics.evaluation import Comparison
from vlmrl.report.history import History
from vlmrl.types import Words


@dataclass(frozen=True)
class Facts:
    """One run, as its directory has it at this moment.

    Attributes:
        path: the directory.
        config: its settings.
        task: its task; None for a plain Gymnasium id, or a task that is not installed here.
        words: its sentences; None for a run that is paid by ground truth and has none.
        history: what was logged.
        comparison: the evaluation after training; None before it.
        films: mp4 and gif files; of two with one name the mp4.
        command: the command lines that started and continued it; empty if they are not there.
        versions: packages, Python, machine; empty if they are not there.
        preferences: who compared frames and how often, of a reward that learns from comparisons; empty for others.
        alarms: signs of hacking that rose while it trained, the oldest first: the rows of alarms.jsonl.
        plan: picture of the way that was planned for the run's first start; None where none was.
        pictures: where the pictures come from that the agent was paid by, by the reward's settings; empty for words.
        best: how the weights of ``best_model.zip`` were chosen; empty if there are none.
        timing: seconds of the last session, and the share of each part; empty before it has ended.
    """

    path: Path
    config: RunConfig
    task: Task | None
    words: Words | None
    history: History
    comparison: Comparison | None
    films: tuple[Path, ...]
    command: str
    versions: Mapping[str, Any]
    timing: Mapping[str, Any]
    best: str
    pictures: Mapping[str, str]
    alarms: tuple[Mapping[str, Any], ...] = ()
    preferences: Mapping[str, Any] = field(default_factory=dict)
    plan: Path | None = None

    @classmethod
    def of(cls, path: Path) -> Facts:
        """Read the run in ``path``.

        Raises:
            RunError: there is no run, or one of its files is damaged; the message names it.
        """
        run = RunDir.open(path)
        task = known_task(run.config.task)
        text = (path / "command.txt").read_text(encoding="utf-8") if (path / "command.txt").is_file() else ""
        return cls(
            path=path,
            config=run.config,
            task=task,
            words=_words(run.config, task),
            history=History.of(path),
            comparison=Comparison.load(run.evaluation) if run.evaluation.is_file() else None,
            films=_films(run.films),
            command=text.strip(),
            versions=run.read_json("versions.json") if (path / "versions.json").is_file() else {},
            timing=run.read_json("timing.json") if (path / "timing.json").is_file() else {},
            best=str(run.read_json("best_model.json").get("chosen", ""))
            if (path / "best_model.json").is_file()
            else "",
            alarms=read_alarms(run.alarms),
            plan=run.plan if run.plan.is_file() else None,
            pictures=run.read_json("pictures.json") if (path / "pictures.json").is_file() else {},
            preferences=run.read_json(COUNTS) if (path / COUNTS).is_file() else {},
        )

    @property
    def total(self) -> int:
        """Steps that the run is meant to take."""
        return self.config.agent.total_steps

    @property
    def steps(self) -> int:
        """Steps that it has taken, as far as its log and its checkpoints tell."""
        saved = [place.name.removeprefix("step_") for place in (self.path / "checkpoints").glob("step_*")]
        return max([self.history.steps, *(int(number) for number in saved if number.isdigit())])

    @property
    def trained(self) -> bool:
        """Whether all steps are taken. A run may well be judged before."""
        return self.steps >= self.total


def _words(config: RunConfig, task: Task | None) -> Words | None:
    if task is None and not config.goal:
        return None
    return config.words(task.words if task is not None else None)


def read_alarms(path: Path) -> tuple[Mapping[str, Any], ...]:
    """The rows of alarms.jsonl; none where none rose.

    Raises:
        RunError: a row cannot be read.
    """
    if not path.is_file():
        return ()
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(keepends=True), start=1):
        if not line.endswith("\n"):  # the row that is being written at this moment
            break
        try:
            row = json.loads(line)
            found.append({name: row[name] for name in ("steps", "name", "said", "film")})
        except (ValueError, KeyError, TypeError) as cause:
            raise RunError(
                f"{path}: line {number} cannot be read ({cause}); move it away, the report does without it"
            ) from cause
    return tuple(found)


def _films(folder: Path) -> tuple[Path, ...]:
    found = sorted(path for path in folder.glob("*") if path.suffix in (".mp4", ".gif") and path.name[0] != ".")
    return tuple(path for path in found if path.suffix == ".mp4" or path.with_suffix(".mp4") not in found)
