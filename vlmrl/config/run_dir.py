"""The directory of a run: what lies where, and how a run is begun or taken up again."""

from __future__ import annotations

import json
import re
import secrets
import shlex
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from vlmrl.config import atomic
from vlmrl.config.lock import Lock
from vlmrl.config.schema import RunConfig
from vlmrl.config.stored import check_same, run_in, store, stored
from vlmrl.config.trust import trusted
from vlmrl.config.versions import versions
from vlmrl.errors import RunError

CLONE = "clone.safetensors"
"""What a policy that reads was before it learned from rewards."""

COUNTS = "preferences.json"
"""How often a judge of pairs was asked and how often it answered, of a reward that learns from comparisons."""


class RunDir:
    """A run's directory. Made by :meth:`start`, for training, or :meth:`open`, to read what is there.

    Attributes:
        path: the directory.
        config: the run's settings, with the seed and the directory that it really has.
        continued: the directory held a run before, which this one goes on with.
    """

    def __init__(self, path: Path, config: RunConfig, continued: bool = False, lock: Lock | None = None) -> None:
        self.path, self.config, self.continued, self._lock = path, config, continued, lock

    @classmethod
    def start(cls, config: RunConfig, command: Sequence[str] | None = None) -> RunDir:
        """Make the directory of a run, or take up the run that is in it.

        Args:
            config: a missing seed is taken from the run that is continued, else drawn; a missing directory is
                ``runs/<task>/<reward>-<agent>-s<seed>-<date-time>``.
            command: the command line to note down; None is this process's own.

        Raises:
            RunError: the directory cannot be written, holds something else, or is in use; or ``resume=never`` and it
                holds a run; or the run in it has other settings, all of which are listed. Nothing in it is changed.
        """
        before = None
        if config.run_dir is not None:
            before = run_in(config.run_dir, config.resume)
        if config.seed is None:
            config = config.model_copy(update={"seed": before.seed if before else _drawn_seed(config)})
        path = config.run_dir or _fresh_path(config)
        config = config.model_copy(update={"run_dir": path})
        if before is not None:
            check_same(path, before, config)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as cause:
            raise RunError(
                f"run_dir={path}: cannot be made: {cause.strerror}; give a place that you may write"
            ) from cause
        run = cls(path, config, before is not None, Lock(path / ".lock"))
        try:
            run._describe(sys.argv if command is None else command)
        except BaseException:
            run.close()
            raise
        return run

    @classmethod
    def open(cls, path: Path | str) -> RunDir:
        """The run in ``path``, to look at; nothing is written.

        Raises:
            RunError: there is no run, or its config.yaml cannot be read.
        """
        path = Path(path)
        run = cls(path, stored(path), continued=True)
        reward = run.config.reward
        if run.nets.is_file() and not reward.is_oracle:  # what the run has learned of its own reward
            taught = reward.model_copy(update={"nets": str(run.nets)})
            run.config = run.config.model_copy(update={"reward": taught})
        return run

    def close(self) -> None:
        """Let others write to the directory."""
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> RunDir:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def checkpoints(self) -> Path:
        """Directory of the checkpoints, one directory each."""
        return self.path / "checkpoints"

    @property
    def plan(self) -> Path:
        """The picture of the way that was planned for the run's first start, of a reward that goes by ways."""
        return self.path / "plan.png"

    @property
    def nets(self) -> Path:
        """The nets of a reward that learned in this run."""
        return self.path / "reward.safetensors"

    @property
    def preferences(self) -> Path:
        """What a judge of pairs answered, one JSON object a question."""
        return self.path / "preferences.jsonl"

    @property
    def films(self) -> Path:
        """Directory of the films."""
        return self.path / "films"

    @property
    def tensorboard(self) -> Path:
        """Directory of TensorBoard's events."""
        return self.path / "tb"

    @property
    def progress(self) -> Path:
        """The logged numbers, one row a time they were logged (SB3's csv)."""
        return self.path / "progress.csv"

    @property
    def monitor(self) -> Path:
        """Return and length of each training episode (SB3's file)."""
        return self.path / "monitor.csv"

    @property
    def evaluations(self) -> Path:
        """Returns of each evaluation during training (SB3's file)."""
        return self.path / "evaluations.npz"

    @property
    def watched(self) -> Path:
        """Scores of the episodes that were watched for signs of hacking, and success, one row an evaluation."""
        return self.path / "watched.npz"

    @property
    def alarms(self) -> Path:
        """The alarms that rose, one JSON object a line."""
        return self.path / "alarms.jsonl"

    @property
    def alarm_films(self) -> Path:
        """Directory of the films of episodes that raised alarms."""
        return self.path / "alarms"

    @property
    def best_model(self) -> Path:
        """The agent that did best in an evaluation during training, chosen by ground truth (SB3's file, or ours)."""
        return self.path / f"best_model{self._ending}"

    @property
    def last_model(self) -> Path:
        """The agent as training left it (SB3's format; safetensors of one that reads)."""
        return self.path / f"last_model{self._ending}"

    @property
    def clone(self) -> Path:
        """What the agent began as, of one that learns on from a clone."""
        return self.path / CLONE

    @property
    def _ending(self) -> str:
        return ".safetensors" if self.config.agent.reads else ".zip"

    @property
    def vecnormalize(self) -> Path:
        """Running means of observations, where they are normalised (SB3's file)."""
        return self.path / "vecnormalize.pkl"

    @property
    def evaluation(self) -> Path:
        """The evaluation after training, as JSON."""
        return self.path / "evaluation.json"

    @property
    def report(self) -> Path:
        """The report, one page that needs nothing else."""
        return self.path / "report.html"

    def write_json(self, name: str, content: object) -> Path:
        """Put JSON at ``name`` in one piece; RunError if that fails, and what was there stays."""
        atomic.write_json(self.path / name, content)
        return self.path / name

    def read_json(self, name: str) -> Any:
        """What :meth:`write_json` wrote.

        Raises:
            RunError: it is not there, or not JSON.
        """
        try:
            return json.loads((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as cause:
            raise RunError(f"{self.path / name}: cannot be read: {cause}") from cause

    @staticmethod
    def trusted(path: Path | str) -> bool:
        """Whether SB3's pickles at ``path`` may be loaded; see :func:`vlmrl.config.trust.trusted`."""
        return trusted(path)

    def _describe(self, command: Sequence[str]) -> None:
        store(self.path, self.config)
        file = self.path / "command.txt"
        earlier = file.read_text(encoding="utf-8") if file.is_file() else ""
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        atomic.write_text(file, f"{earlier}# {now}\n{shlex.join(command)}\n")
        self.write_json("versions.json", versions())
        seed, judged = self.config.seed or 0, self.config.evaluation.seeds
        training = list(range(seed, seed + self.config.agent.n_envs))
        self.write_json("seeds.json", {"seed": seed, "environments": training, "evaluation": [judged[0], judged[-1]]})


def _drawn_seed(config: RunConfig) -> int:
    """A seed short enough to type, apart from the evaluation's."""
    while config.meets_evaluation(seed := secrets.randbelow(100_000)):
        pass
    return seed


def _fresh_path(config: RunConfig) -> Path:
    steps = [re.sub(r"[^\w.-]+", "-", step).strip(".") or "-" for step in config.world.split("/")]
    now = datetime.now().strftime("%Y%m%d-%H%M%S")
    name = f"{config.reward.name}-{config.agent.name}-s{config.seed}-{now}"
    path = Path("runs", *steps, name)
    count = 2
    while path.exists():  # two runs in one second
        path = path.with_name(f"{name}-{count}")
        count += 1
    return path
