"""Demonstrations: the steps of datasets in rows, with what is seen, felt, said and done in each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vlmrl.agents.vla.eyes import Eye
from vlmrl.agents.vla.pictures import Drawn
from vlmrl.agents.vla.settings import Settings
from vlmrl.agents.vla.weights import advantages, by_advantage, by_progress, gains
from vlmrl.agents.vla.wordings import wordings_of
from vlmrl.datasets import rescore
from vlmrl.datasets.episode import Episode
from vlmrl.datasets.lerobot import unit_range
from vlmrl.datasets.minari import DATA, METADATA, Dataset
from vlmrl.datasets.scene import Scene
from vlmrl.envs.make import find_task
from vlmrl.envs.task import Task
from vlmrl.envs.task_env import TaskEnv
from vlmrl.errors import ConfigError
from vlmrl.types import Array

ORACLE = "oracle"
"""Progress that the simulator knows."""


@dataclass(frozen=True)
class Demonstrations:
    """S steps of E episodes of K tasks. Steps of an episode lie in a row, in their order.

    Attributes:
        tasks: names, in the order in which they were met.
        sentences: of each task, the ways to say it.
        pictures: of each camera what its eye prepared, ``(S, ...)``.
        state: float32 ``(S, D)``, the numbers that are felt, in their own units.
        actions: float32 ``(S, A)``, likewise.
        task, episode: int ``(S,)``, whose steps they are.
        left: int ``(S,)``, steps from this one to the last that is kept of its episode, itself included.
        held: bool ``(S,)``, of episodes that are not learned from.
        weight: float32 ``(S,)``, how much each counts.
        bounds: float32 ``(2, A)``, lowest and highest of each number of an action.
    """

    tasks: tuple[str, ...]
    sentences: tuple[tuple[str, ...], ...]
    pictures: tuple[Array, ...]
    state: NDArray[np.float32]
    actions: NDArray[np.float32]
    task: NDArray[np.int64]
    episode: NDArray[np.int64]
    left: NDArray[np.int64]
    held: NDArray[np.bool_]
    weight: NDArray[np.float32]
    bounds: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.actions)

    @property
    def episodes(self) -> int:
        """How many, those held out included."""
        return int(self.episode.max()) + 1


@dataclass
class _Kept:
    """What is taken from one episode."""

    task: int
    held: bool
    state: NDArray[np.float32]
    actions: NDArray[np.float32]
    pictures: tuple[Array, ...]
    progress: NDArray[np.float64]


def found_in(paths: Sequence[Path]) -> list[Path]:
    """The datasets that paths name: themselves, or those that lie in them.

    Raises:
        ConfigError: none are named, or there are none.
    """
    if not paths:
        raise ConfigError("data: is missing; give data=FOLDER, which `vlmrl collect task=NAME out=FOLDER` makes")
    found: list[Path] = []
    for path in paths:
        if (path / DATA / METADATA).is_file() or (path.name == DATA and (path / METADATA).is_file()):
            found.append(path)
            continue
        inside = sorted(one.parent.parent for one in path.glob(f"*/{DATA}/{METADATA}"))
        if not inside:
            raise ConfigError(
                f"data={path}: is no dataset and has none in it; `vlmrl collect task=NAME out={path}` makes one"
            )
        found += inside
    return found


def gather(
    paths: Sequence[Path], settings: Settings, eyes: Sequence[Eye], say: Callable[[str], object]
) -> Demonstrations:
    """Read datasets of `vlmrl collect`, and draw what the policy's cameras would have seen.

    Args:
        paths: folders of datasets, or folders with datasets in them.
        settings: what to keep, and how to weigh it.
        eyes: one a camera, which prepare its pictures.
        say: tells the user what is under way.

    Raises:
        ConfigError: a dataset has other actions than the others, lacks a camera, or holds numbers that are none; or
            nothing is left to learn from.
        RunError: a dataset cannot be read.
    """
    tasks: dict[str, tuple[str, ...]] = {}
    kept: list[_Kept] = []
    space: tuple[str, NDArray[np.float32]] | None = None
    folders = found_in(paths)
    for folder in folders:
        with Dataset(folder) as dataset:
            task = find_task(dataset.sheet.task)
            dataset.sheet.check(task, settings.other_version)
            bounds = _bounds(folder, task)
            space = space or (str(folder), bounds)
            if not np.array_equal(space[1], bounds):
                raise ConfigError(
                    f"data={folder}: has actions of {bounds.shape[1]} numbers in {bounds.tolist()}, and {space[0]} of "
                    f"{space[1].shape[1]} in {space[1].tolist()}; one policy learns from actions of one kind"
                )
            tasks[task.name] = tuple(dict.fromkeys((*tasks.get(task.name, ()), *wordings_of(dataset.sheet))))
            before = len(kept)
            kept += _episodes(dataset, task, list(tasks).index(task.name), settings, eyes, say)
            say(f"{task.name}: {len(kept) - before} of {len(dataset)} episodes of {folder} are learned from")
    if space is None or not any(not one.held for one in kept):
        raise ConfigError(
            f"data={', '.join(map(str, folders))}: leaves nothing to learn from; collect more, or take "
            "agent.params.episodes=all"
        )
    return _joined(kept, tasks, space[1], settings)


def _bounds(folder: Path, task: Task) -> NDArray[np.float32]:
    with TaskEnv(task) as env:
        space = env.action_space
    low, high = getattr(space, "low", None), getattr(space, "high", None)
    if low is None or high is None or np.ndim(low) != 1:
        raise ConfigError(f"data={folder}: acts in {space}; a policy of chunks wants a box of numbers in a row")
    return np.stack([low, high]).astype(np.float32)


def _episodes(
    dataset: Dataset, task: Task, number: int, settings: Settings, eyes: Sequence[Eye], say: Callable[[str], object]
) -> list[_Kept]:
    found: list[_Kept] = []
    with Scene(task) as scene:
        drawn = Drawn(dataset.folder, scene, settings.form, say)
        chosen = [
            (index, episode)
            for index, episode in dataset.episodes(settings.skip_broken, say)
            if settings.episodes == "all" or episode.succeeded(task)
        ]
        progress = _progress(dataset, chosen, settings)
        for place, (index, episode) in enumerate(chosen):
            steps = _steps(episode, settings.tail)
            held = bool(settings.held_out) and place % settings.held_out == settings.held_out - 1
            state, actions = _numbers(dataset.folder, index, episode, settings.proprio)
            pictures = tuple(
                eye.prepare(drawn.of(episode, camera, steps))
                for camera, eye in zip(settings.cameras, eyes, strict=True)
            )
            found.append(_Kept(number, held, state[:steps], actions[:steps], pictures, progress[place]))
    return found


def _steps(episode: Episode, tail: int | None) -> int:
    """How many steps are kept: until so many after the task was done for good."""
    if tail is None or not episode.success[-1]:
        return len(episode)
    undone = np.flatnonzero(~episode.success)
    return int(min(len(episode), (undone[-1] + 1 if len(undone) else 0) + tail))


def _numbers(
    folder: Path, index: int, episode: Episode, proprio: int | None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    seen = episode.observations
    if not isinstance(seen, np.ndarray) or seen.ndim != 2:
        raise ConfigError(
            f"data={folder}: episode {index} has no state in a row among its observations; collect it anew"
        )
    if proprio is not None and seen.shape[1] < proprio:
        raise ConfigError(
            f"agent.params.proprio={proprio}: data={folder} observes {seen.shape[1]} numbers; take {seen.shape[1]} or "
            "less"
        )
    state = seen[:-1, :proprio].astype(np.float32)
    actions = np.asarray(episode.actions, dtype=np.float32)
    for name, rows in (("observations", state), ("actions", actions)):
        if not np.isfinite(rows).all():
            step = int(np.flatnonzero(~np.isfinite(rows).all(axis=1))[0])
            raise ConfigError(
                f"data={folder}: episode {index} has no number in its {name} at step {step}; leave it out"
            )
    return state, actions


def _progress(dataset: Dataset, chosen: Sequence[tuple[int, Episode]], settings: Settings) -> list[NDArray[np.float64]]:
    """Of each episode, ``(T + 1,)``: the oracle's, or kept scores brought to [0, 1] over the dataset."""
    if settings.weighting == "none" or settings.progress == ORACLE:
        return [episode.oracle.astype(np.float64) for _, episode in chosen]
    folder = dataset.folder / "scores" / settings.progress
    scores = []
    for index, episode in chosen:
        one = rescore.read(folder, index, episode)
        if one is None:
            raise ConfigError(
                f"agent.params.progress={settings.progress}: {folder} has no scores of episode {index}; "
                f"`vlmrl rescore {dataset.folder} out={folder}` makes them"
            )
        scores.append(one)
    return [one.astype(np.float64) for one in unit_range(scores)]


def _joined(
    kept: Sequence[_Kept], tasks: dict[str, tuple[str, ...]], bounds: NDArray[np.float32], settings: Settings
) -> Demonstrations:
    lengths = [len(one.actions) for one in kept]
    return Demonstrations(
        tuple(tasks),
        tuple(tasks.values()),
        tuple(np.concatenate(rows) for rows in zip(*(one.pictures for one in kept), strict=True)),
        np.concatenate([one.state for one in kept]),
        np.concatenate([one.actions for one in kept]),
        np.repeat([one.task for one in kept], lengths),
        np.repeat(np.arange(len(kept)), lengths),
        np.concatenate([np.arange(length, 0, -1) for length in lengths]),
        np.repeat([one.held for one in kept], lengths),
        _weights(kept, settings),
        bounds,
    )


def _weights(kept: Sequence[_Kept], settings: Settings) -> NDArray[np.float32]:
    """How much each step counts: float32 ``(S,)``."""
    if settings.weighting == "none":
        return np.ones(sum(len(one.actions) for one in kept), np.float32)
    if settings.weighting == "progress":
        gained = [gains(one.progress, settings.chunk)[: len(one.actions)] for one in kept]
        return by_progress(np.concatenate(gained), settings.kappa).astype(np.float32)
    found: list[Array] = [np.zeros(0)] * len(kept)
    for task in {one.task for one in kept}:
        mine = [index for index, one in enumerate(kept) if one.task == task]
        for index, above in zip(mine, advantages([kept[index].progress for index in mine]), strict=True):
            found[index] = above[: len(kept[index].actions)]
    return by_advantage(np.concatenate(found), settings.temperature, settings.most).astype(np.float32)
