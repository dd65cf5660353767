"""Where a run's numbers are written: TensorBoard, progress.csv and monitor.csv, each continued after a resume."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import KVWriter, Logger, TensorBoardOutputFormat
from torch.utils.tensorboard.writer import SummaryWriter

from vlmrl.agents.deferred.tally import Succeeded, Tally
from vlmrl.config import atomic
from vlmrl.config.run_dir import RunDir
from vlmrl.config.schema import TrackConfig

MONITORED = ("r", "l", "t", "task_return", "oracle_return", "success")
"""Columns of monitor.csv: SB3's return (here the words'), length and seconds, and ground truth where known."""


class Table(KVWriter):
    """A CSV file whose columns grow as new quantities are logged; appended to, where SB3's own begins anew.

    Args:
        path: the file; what it holds is kept.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._columns: list[str] = []
        if path.is_file():
            with path.open(newline="", encoding="utf-8") as file:
                self._columns = next(csv.reader(file), [])

    def write(self, key_values: dict[str, Any], key_excluded: dict[str, tuple[str, ...]], step: int = 0) -> None:
        """Append one row; ``step`` is not written, for ``time/total_timesteps`` is a column."""
        row = {key: value for key, value in key_values.items() if "csv" not in key_excluded[key]}
        new = sorted(set(row) - set(self._columns))
        if new:
            self._widen(new)
        with self._path.open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, self._columns, lineterminator="\n").writerow(row)

    def close(self) -> None:
        """Nothing is held open between rows."""

    def _widen(self, new: list[str]) -> None:
        """Write the file again with more columns; rows so far leave them empty."""
        rows: list[dict[str, str]] = []
        if self._columns:
            with self._path.open(newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
        self._columns += new
        with atomic.replacing(self._path) as draft, draft.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self._columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


class Events(TensorBoardOutputFormat):
    """TensorBoard's events; those after ``step``, of a run killed and continued from there, count no more."""

    def __init__(self, folder: Path, step: int) -> None:
        self.writer = SummaryWriter(log_dir=str(folder), purge_step=step or None)
        self._is_closed = False


def logger(run: RunDir, track: TrackConfig, step: int = 0) -> Logger:
    """SB3's logger, writing what ``track`` asks for; ``step`` is where the run goes on."""
    writers: list[KVWriter] = []
    if track.csv:
        writers.append(Table(run.progress))
    if track.tensorboard:
        writers.append(Events(run.tensorboard, step))
    return Logger(str(run.path), writers)


class EpisodeLog(BaseCallback):
    """Writes monitor.csv, one row an episode, once the episode's rewards have arrived.

    SB3's own monitor writes the row when the episode ends, before the words have paid anything. Here ``r`` is what they
    paid; beside it stands the ground truth. Belongs behind the callback that pays.

    Args:
        path: the file; rows are appended to one that is there.
        world: named in its header.
        succeeded: whether an episode succeeded, from success on each step; None where no task knows.
        own_reward: the learner is paid by the environment itself.
        seconds: of earlier sessions of this run, added to the times.
    """

    def __init__(
        self, path: Path, world: str, succeeded: Succeeded | None, own_reward: bool = False, seconds: float = 0.0
    ) -> None:
        super().__init__()
        self._path, self._world, self._succeeded, self._own_reward = path, world, succeeded, own_reward
        self._start = time.time() - seconds
        self._rows: list[tuple[dict[str, Any], dict[str, float]]] = []

    def _init_callback(self) -> None:
        # One window for each row of the file, one over many episodes for the curves.
        self._each = Tally(self.training_env.num_envs, 1, self._succeeded)
        self._many = Tally(self.training_env.num_envs, self.model._stats_window_size, self._succeeded)
        if not self._path.exists():
            header = json.dumps({"t_start": self._start, "env_id": self._world})
            atomic.write_text(self._path, f"#{header}\n{','.join(MONITORED)}\n")

    def _on_step(self) -> bool:
        for env, (info, done) in enumerate(zip(self.locals["infos"], self.locals["dones"], strict=True)):
            paid = float(self.locals["rewards"][env])
            truth = {**info, "task_reward": paid} if self._own_reward else info
            self._each.add(env, paid, truth)
            self._many.add(env, paid, truth)
            if done:
                self._each.finish(env)
                self._many.finish(env)
                if "episode" in info:  # the payer corrects this very dict when the scores are in
                    self._rows.append((info["episode"], dict(self._each.means())))
        return True

    def _on_rollout_end(self) -> None:
        if self._own_reward:  # else the callback that pays logs the same, and the words' return beside it
            for name, mean in self._many.means():
                if name != "vlm_return":
                    self.logger.record(f"rollout/{name}", mean)
        rows, self._rows = self._rows, []
        if rows:
            with self._path.open("a", newline="", encoding="utf-8") as file:
                table = csv.DictWriter(file, MONITORED, lineterminator="\n", extrasaction="ignore")
                table.writerows(self._row(episode, truth) for episode, truth in rows)

    def _row(self, episode: Mapping[str, Any], truth: Mapping[str, float]) -> dict[str, Any]:
        return {**truth, **episode, "t": round(time.time() - self._start, 6)}


def _growing(run: RunDir) -> tuple[Path, ...]:
    return run.progress, run.monitor, run.alarms, run.preferences


def lengths(run: RunDir) -> dict[str, int]:
    """How many lines the run's growing files have now, for a checkpoint to remember."""
    return {path.name: len(_lines(path)) for path in _growing(run) if path.is_file()}


def cut_back(run: RunDir, to: Mapping[str, int]) -> None:
    """Cut the growing files back to the lines they had at a checkpoint: what came after it is done again.

    Raises:
        RunError: they cannot be written.
    """
    for path in _growing(run):
        if path.is_file() and len(lines := _lines(path)) > (kept := to.get(path.name, 0)):
            atomic.write_text(path, "".join(lines[:kept])) if kept else path.unlink()


def _lines(path: Path) -> list[str]:
    # Lines, not bytes: a file that got another column since has a longer first line.
    return path.read_text(encoding="utf-8").splitlines(keepends=True)
