"""Plays agents in a task and keeps their episodes as states: made once, judged on often."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.wrappers import TimeLimit

from vlmrl.envs.simulator import simulator
from vlmrl.envs.task import Task
from vlmrl.envs.task_env import TaskEnv
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
    """

    name: str
    policy: Policy
    episodes: int
    about: str = ""


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
    kept = []
    for actor in actors:
        seeds = list(range(first_seed, first_seed + actor.episodes))
        first_seed += actor.episodes
        kept.append(_played(task, actor, seeds, notes or {}))
        held = int(kept[-1].succeeded(task).sum())
        say(f"{task.name}: {actor.name}, {len(seeds)} episodes, {held} succeeded ({actor.about})")
    return Recorded.join(kept)


def _played(task: Task, actor: Actor, seeds: Sequence[int], notes: Mapping[str, Any]) -> Recorded:
    env = _Noted(TimeLimit(TaskEnv(task), task.horizon))
    evaluate(actor.policy, lambda: env, task, seeds, batch=1)
    parts = [np.array([state[part] for states in env.episodes for state in states]) for part in range(3)]
    qpos, qvel, mocap_pos = (
        part.reshape(len(seeds), task.horizon + 1, *part.shape[1:]).astype(np.float32) for part in parts
    )
    oracle, success = truth_of(task, qpos, qvel, mocap_pos, np.array(seeds))
    return Recorded(
        task.name,
        task.version,
        qpos,
        qvel,
        mocap_pos,
        oracle=oracle,
        success=success,
        actor=(actor.name,) * len(seeds),
        about=(actor.about,) * len(seeds),
        seed=np.array(seeds, dtype=np.int64),
        held_out=np.arange(len(seeds)) % 2 == 1,
        notes=notes,
    )


def truth_of(task: Task, qpos: Array, qvel: Array, mocap_pos: Array, seed: Array | None = None) -> tuple[Array, Array]:
    """What is true in stored states ``(E, T + 1, ...)``: float32 oracle and bool success, each ``(E, T + 1)``.

    Where the world is drawn anew for an episode, ``seed`` ``(E,)`` says which is whose.
    """
    lead = qpos.shape[:2]
    with Stage(task) as stage:
        oracle, success = stage.truth(in_a_row(qpos, qvel, mocap_pos, seed))
    return oracle.reshape(lead).astype(np.float32), success.reshape(lead)


class _Noted(gym.Wrapper[Any, Any, Any, Any]):
    """Keeps the state after every reset and step, episode by episode."""

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        self.episodes: list[list[tuple[Array, Array, Array]]] = []

    def reset(self, **asked: Any) -> tuple[Any, dict[str, Any]]:
        """Reset, and begin a new episode."""
        found = self.env.reset(**asked)
        self.episodes.append([self._state()])
        return found

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step, and note where it led."""
        found = self.env.step(action)
        self.episodes[-1].append(self._state())
        return found

    def _state(self) -> tuple[Array, Array, Array]:
        _, data = simulator(self.env)
        return data.qpos.copy(), data.qvel.copy(), data.mocap_pos.copy()
