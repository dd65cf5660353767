"""Episodes as the simulator's states, with who acted and what came of it: rewards are judged on them again and again.

States are kept, not pictures: any camera, size and encoder can be asked later, and a hundred episodes fit into some
hundred kilobytes. What is true in them is computed anew from the task, so that it cannot be out of date.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from vlmrl.config import atomic
from vlmrl.datasets.episode import trace_of
from vlmrl.envs.make import task_names
from vlmrl.envs.task import Pose, Task
from vlmrl.errors import ConfigError, RunError, ShapeError
from vlmrl.types import Array

Outcome: TypeAlias = Literal["success", "near miss", "failure"]
"""By ground truth. A near miss was done at some moment and not held."""

Part: TypeAlias = Literal["held_out", "open", "all"]

SHIPPED = Path(__file__).parent / "shipped"
"""The episodes that come with the package, a file a task."""
_STATES = ("qpos", "qvel", "mocap_pos")
_ARRAYS = (*_STATES, "oracle", "success", "seed", "held_out")


@dataclass(frozen=True)
class Recorded:
    """E episodes of one task, each of T steps, which makes T + 1 states: the start counts.

    Attributes:
        task: the task's name.
        version: the task's version when they were played.
        qpos, qvel: float32 ``(E, T + 1, nq)`` and ``(E, T + 1, nv)``, positions and velocities [m, rad; per s].
        mocap_pos: float32 ``(E, T + 1, nmocap, 3)``, the bodies that the task places [m].
        oracle: float32 ``(E, T + 1)`` in [0, 1], nearness to the goal.
        success: bool ``(E, T + 1)``, whether the task is done in that state.
        actor: who acted, one a episode: ``random``, ``still``, ``trained``, …
        about: what there is to know of it, one an episode.
        seed: int64 ``(E,)``, of the start.
        held_out: bool ``(E,)``: kept for judging. Whoever chooses words or settings looks at the others.
        notes: where they come from, for people.

    Raises:
        ShapeError: arrays that do not fit together.
    """

    task: str
    version: int
    qpos: NDArray[np.float32]
    qvel: NDArray[np.float32]
    mocap_pos: NDArray[np.float32]
    oracle: NDArray[np.float32]
    success: NDArray[np.bool_]
    actor: tuple[str, ...]
    about: tuple[str, ...]
    seed: NDArray[np.int64]
    held_out: NDArray[np.bool_]
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lead = np.shape(self.qpos)[:2]
        for name in (*_STATES, "oracle", "success"):
            if np.shape(getattr(self, name))[:2] != lead or len(lead) < 2:
                raise ShapeError(f"{name} {np.shape(getattr(self, name))}: must begin with {lead}, episodes and states")
        for name in ("actor", "about", "seed", "held_out"):
            if len(getattr(self, name)) != lead[0]:
                raise ShapeError(f"{name} ({len(getattr(self, name))},): must be ({lead[0]},), one an episode")

    def __len__(self) -> int:
        return len(self.qpos)

    def __getitem__(self, rows: Array) -> Recorded:
        """Some episodes, by a NumPy index of one dimension."""
        picked = np.arange(len(self))[rows]
        told = {name: tuple(getattr(self, name)[row] for row in picked) for name in ("actor", "about")}
        return replace(self, **{name: getattr(self, name)[picked] for name in _ARRAYS}, **told)  # type: ignore[arg-type]

    def part(self, which: Part) -> Recorded:
        """A part of the episodes: those held out for judging, the open ones by which to choose, or all.

        Raises:
            ConfigError: there are none.
        """
        rows = self.held_out == (which == "held_out") if which != "all" else np.ones(len(self), dtype=bool)
        if not rows.any():
            raise ConfigError(f"part={which}: {self.task} has no such episodes")
        return self[rows]

    @property
    def horizon(self) -> int:
        """Steps of an episode."""
        return int(self.qpos.shape[1]) - 1

    def moments(self, count: int) -> NDArray[np.int64]:
        """So many states of an episode, evenly spread, the first and the last among them; all where there are fewer."""
        return np.unique(np.linspace(0, self.horizon, count).round().astype(np.int64))

    def poses(self, moments: Array) -> Pose:
        """The states at some moments of every episode, one episode after the other: ``E * len(moments)`` poses."""
        return in_a_row(self.qpos[:, moments], self.qvel[:, moments], self.mocap_pos[:, moments], self.seed)

    def succeeded(self, task: Task) -> NDArray[np.bool_]:
        """Whether each episode succeeded, bool ``(E,)``; the start is no step."""
        return np.array([task.succeeded(row[1:]) for row in self.success], dtype=bool)

    def outcomes(self, task: Task) -> tuple[Outcome, ...]:
        """What came of each episode."""
        pairs = zip(self.succeeded(task), self.success[:, 1:], strict=True)
        return tuple(outcome_of(bool(held), row) for held, row in pairs)

    @cached_property
    def traces(self) -> tuple[str, ...]:
        """By what each episode is known again, as :func:`vlmrl.datasets.episode.trace_of` has it."""
        return tuple(trace_of(self.task, row) for row in self.qpos)

    @cached_property
    def fingerprint(self) -> str:
        """A short hash of all episodes: a part of every key that a result is kept under."""
        import hashlib

        digest = hashlib.blake2b(f"{self.task} {self.version} {self.actor}".encode(), digest_size=8)
        for name in _ARRAYS:
            digest.update(np.ascontiguousarray(getattr(self, name)).tobytes())
        return digest.hexdigest()

    @classmethod
    def join(cls, several: Sequence[Recorded]) -> Recorded:
        """All episodes of several recordings of the same task, one recording after the other.

        Raises:
            ConfigError: there is none, or they are of different tasks.
        """
        if len({(one.task, one.version, one.horizon) for one in several}) != 1:
            raise ConfigError(f"episodes: of {sorted({one.task for one in several})}; join those of one task alone")
        arrays = {name: np.concatenate([getattr(one, name) for one in several]) for name in _ARRAYS}
        told = {name: tuple(x for one in several for x in getattr(one, name)) for name in ("actor", "about")}
        return replace(several[0], **arrays, **told)  # type: ignore[arg-type]

    def save(self, path: Path) -> None:
        """Write them to one ``.npz`` file of plain arrays and one JSON text, in one piece.

        Raises:
            RunError: it cannot be written.
        """
        told = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in _ARRAYS}
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        atomic.write_arrays(path, {"told": np.array(json.dumps(told, ensure_ascii=False)), **arrays})

    @classmethod
    def load(cls, path: Path) -> Recorded:
        """Read what :meth:`save` wrote, without unpickling anything.

        Raises:
            RunError: it is not there, or is no such file.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                told = json.loads(str(file["told"]))
                told |= {"actor": tuple(told["actor"]), "about": tuple(told["about"])}
                return cls(**told, **{name: file[name] for name in _ARRAYS})
        except FileNotFoundError as cause:
            raise RunError(
                f"episodes={path}: is not there; `vlmrl collect task=NAME out=FILE.npz` makes one"
            ) from cause
        except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile, ShapeError) as cause:
            raise RunError(
                f"episodes={path}: cannot be read ({cause}); name a file that `vlmrl collect` wrote"
            ) from cause


def outcome_of(succeeded: bool, success: Array) -> Outcome:
    """What came of an episode with ``success`` bool ``(T,)`` after each step."""
    return "success" if succeeded else "near miss" if success.any() else "failure"


def in_a_row(qpos: Array, qvel: Array, mocap_pos: Array, seed: Array | None = None) -> Pose:
    """States ``(E, K, ...)`` as ``E * K`` poses, one episode after the other, each in its seed's world."""
    count = qpos.shape[0] * qpos.shape[1]
    flat = [part.reshape(count, *part.shape[2:]).astype(np.float64) for part in (qpos, qvel, mocap_pos)]
    episode = None if seed is None else np.repeat(seed, qpos.shape[1])
    return Pose(flat[0], flat[1], flat[2] if mocap_pos.size else None, episode)


def shipped(task: Task) -> Recorded:
    """The episodes of a task that come with the package.

    Raises:
        ConfigError: there are none, or they were played in another version of the task.
    """
    path = shipped_path(task.name)
    if not path.is_file():
        raise ConfigError(
            f"task={task.name}: no episodes of it come with the package; "
            f"`vlmrl collect task={task.name} out=FILE.npz` plays some, then give episodes=FILE.npz"
        )
    return checked(Recorded.load(path), task)


def checked(episodes: Recorded, task: Task) -> Recorded:
    """The episodes, if they are of this task as it is now.

    Raises:
        ConfigError: they are of another task, version or horizon.
    """
    if (episodes.task, episodes.version) != (task.name, task.version):
        raise ConfigError(
            f"episodes: are of {episodes.task} version {episodes.version}, the task is {task.name} version "
            f"{task.version}; play new ones with `vlmrl collect task={task.name} out=FILE.npz`"
        )
    return episodes


def shipped_tasks() -> tuple[str, ...]:
    """Names of the tasks of which episodes come with the package."""
    return tuple(name for name in task_names() if shipped_path(name).is_file())


def shipped_path(name: str) -> Path:
    """Where the episodes of the task of this name lie in the package, if any come with it."""
    return SHIPPED / f"{name.replace('/', '_')}.npz"
