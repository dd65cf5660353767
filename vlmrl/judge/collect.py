"""Plays agents in a task and keeps their episodes as states: made once, judged on often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from vlmrl.datasets.episode import Episode
from vlmrl.datasets.recorder import Recorder
from vlmrl.envs.make import make_env
from vlmrl.envs.task import Task
from vlmrl.envs.task_env import TaskEnv
from vlmrl.errors import ShapeError
from vlmrl.judge.episodes import evaluate
from vlmrl.judge.habits import Push, Still
from vlmrl.judge.random_policy import RandomPolicy
from vlmrl.judge.recorded import Recorded, in_a_row
from vlmrl.judge.stage import Stage
from vlmrl.types import Array
from vlmrl.video.play import Policy

FIRST_SEED = 500_000
"""Of the starts: neither training nor its evaluations come here."""


@dataclass(frozen=True)
class Actor:
    """Somebody who acts in a task.

    Attributes:
        name: what kind it is, in a word: ``random``, ``still``, ``trained``.
        policy: from observations ``(N, ...)`` to actions ``(N, ...)``.
        episodes: how many to play.
        about: what there is to know of it.
        make: builds the environment that it acts in; None takes the task's own.
    """

    name: str
    policy: Policy
    episodes: int
    about: str = ""
    make: Callable[[], gym.Env[Any, Any]] | None = None


def habitual(task: Task, episodes: int = 6) -> list[Actor]:
    """Those who have learned nothing: one that acts at random, one that never acts, two that are bad on purpose."""
    with TaskEnv(task) as env:
        space = env.action_space
    return [
        Actor("random", RandomPolicy(space), episodes, "draws every action at random"),
        Actor("still", Still(space), episodes, "never acts"),
        Actor("push", Push(space), episodes, "full force in one direction, bad on purpose"),
        Actor("shake", Push(space, turns=True), episodes, "full force to and fro, bad on purpose"),
    ]


def collect(
    task: Task,
    actors: Sequence[Actor],
    first_seed: int = FIRST_SEED,
    notes: Mapping[str, Any] | None = None,
    say: Callable[[str], object] = lambda line: None,
) -> Recorded:
    """Play every actor's episodes, each from a start of its own, and keep all their states.

    Every second episode of an actor is held out.

    Args:
        task: where they act.
        actors: one after the other.
        first_seed: of the first episode's start; the others follow.
        notes: where they come from, for people.
        say: tells the user what is under way.
    """
    return recorded(task, episodes_of(task, actors, first_seed, say), notes)


def episodes_of(
    task: Task,
    actors: Sequence[Actor],
    first_seed: int = FIRST_SEED,
    say: Callable[[str], object] = lambda line: None,
) -> list[Episode]:
    """Play every actor's episodes, each from a start of its own; the arguments are those of :func:`collect`."""
    kept: list[Episode] = []
    for actor in actors:
        seeds = list(range(first_seed, first_seed + actor.episodes))
        first_seed += actor.episodes
        found = played(task, actor, seeds)
        kept += found
        held = sum(episode.succeeded(task) for episode in found)
        say(f"{task.name}: {actor.name}, {len(seeds)} episodes, {held} succeeded ({actor.about})")
    return kept


def played(task: Task, actor: Actor, seeds: Sequence[int]) -> list[Episode]:
    """One episode a seed, kept whole."""
    make = actor.make or partial(make_env, task, frames=False)
    env = Recorder(make(), task.goal[0])
    evaluate(actor.policy, lambda: env, task, seeds, batch=1)
    return [replace(episode, actor=actor.name, about=actor.about) for episode in env.episodes]


def recorded(task: Task, episodes: Sequence[Episode], notes: Mapping[str, Any] | None = None) -> Recorded:
    """Episodes as `vlmrl bench` takes them; of each actor every second one is held out.

    Raises:
        ShapeError: they are not of the same length.
    """
    states = [_single(episodes, name) for name in ("qpos", "qvel")]
    mocap_pos = _single(episodes, "mocap_pos", (*states[0].shape[:2], 0, 3))
    oracle, success = truth_of(task, states[0], states[1], mocap_pos, np.array([episode.seed for episode in episodes]))
    before: Counter[tuple[str, str]] = Counter()
    held_out = []
    for episode in episodes:
        held_out.append(before[episode.actor, episode.about] % 2 == 1)
        before[episode.actor, episode.about] += 1
    return Recorded(
        task.name,
        task.version,
        states[0],
        states[1],
        mocap_pos,
        oracle=oracle,
        success=success,
        actor=tuple(episode.actor for episode in episodes),
        about=tuple(episode.about for episode in episodes),
        seed=np.array([episode.seed for episode in episodes], dtype=np.int64),
        held_out=np.array(held_out, dtype=np.bool_),
        notes=notes or {},
    )


def _single(episodes: Sequence[Episode], name: str, empty: tuple[int, ...] = ()) -> NDArray[np.float32]:
    """A part of the states as float32 ``(E, T + 1, ...)``; zeros of that shape where the simulator has none."""
    if name not in episodes[0].states:
        return np.zeros(empty, dtype=np.float32)
    if len({len(episode) for episode in episodes}) != 1:
        raise ShapeError(
            f"episodes: of {sorted({len(one) for one in episodes})} steps; one file holds those of a length"
        )
    return np.stack([episode.states[name] for episode in episodes]).astype(np.float32)


def truth_of(task: Task, qpos: Array, qvel: Array, mocap_pos: Array, seed: Array | None = None) -> tuple[Array, Array]:
    """What is true in stored states ``(E, T + 1, ...)``: float32 oracle and bool success, each ``(E, T + 1)``.

    Where the world is drawn anew for an episode, ``seed`` ``(E,)`` says which is whose.
    """
    lead = qpos.shape[:2]
    with Stage(task) as stage:
        oracle, success = stage.truth(in_a_row(qpos, qvel, mocap_pos, seed))
    return oracle.reshape(lead).astype(np.float32), success.reshape(lead)
