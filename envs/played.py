"""Generators of states that come out of episodes: played by a script, by chance, or begun and then set by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import gymnasium as gym
import mujoco
import numpy as np

from vlmrl.envs.task import Policy, Pose
from vlmrl.envs.world import World
from vlmrl.errors import ConfigError
from vlmrl.types import Array

EPISODES, MOST = 4, 12
"""How many a generator plays, once a process, and how many until it has enough."""
ENOUGH = 16
"""States."""
FIRST = 700_000
"""The seed of the first of them; neither training nor judging comes here."""
KEPT = 8
"""States kept of an episode, at most."""

Play: TypeAlias = Callable[["gym.Env[Any, Any]", int], Iterator[None]]
"""Plays an episode from a seed, and yields whenever the present state is to be kept."""


@dataclass(frozen=True)
class Played:
    """Poses drawn from states that came up in a few episodes, each in the world of its own; a callable that pickles.

    Attributes:
        make: makes the :class:`~vlmrl.envs.world.World`.
        play: plays the episodes; see :func:`done_by`, :func:`at_random`, :func:`by_chance` and :func:`set_by_hand`.
        done: which of the states to keep: those in which the world's task is done, or those in which it is not.
    """

    make: Callable[[], gym.Env[Any, Any]]
    play: Play
    done: bool

    def __call__(self, rng: np.random.Generator, n: int) -> Pose:
        """Draw ``n`` poses, all different where there are as many.

        Raises:
            ConfigError: the episodes had no such state, or the world's package is not installed.
        """
        pool = _pool(self)
        return pool[rng.choice(len(pool), n, replace=n > len(pool))]


@cache
def _pool(source: Played) -> Pose:
    """All states of a generator: one look of it a process."""
    env = source.make()
    world: Any = env.unwrapped
    assert isinstance(world, World)
    kept: list[tuple[Array, Array, Array, int]] = []
    for seed in range(FIRST, FIRST + MOST):
        if seed >= FIRST + EPISODES and len(kept) >= ENOUGH:
            break
        most = len(kept) + KEPT
        for _ in source.play(env, seed):
            if bool(world.told()[0]) == source.done and len(kept) < most:
                data = world.data
                kept.append((data.qpos.copy(), data.qvel.copy(), data.mocap_pos.copy(), world.episode))
    env.close()
    if not kept:
        raise ConfigError(f"task: {MOST} episodes of {source.play} had no state to keep; give it another play")
    qpos, qvel, mocap_pos, episode = (np.array(part) for part in zip(*kept, strict=True))
    return Pose(qpos, qvel, mocap_pos if mocap_pos.size else None, episode)


def done_by(
    env: gym.Env[Any, Any], seed: int, expert: Callable[[gym.Env[Any, Any]], Policy], steps: int, every: int = 2
) -> Iterator[None]:
    """Play by script, and keep states in which the task is done, for a while from when it first is.

    Args:
        env: a :class:`~vlmrl.envs.world.World`.
        seed: of the episode.
        expert: whose script.
        steps: at most.
        every: keep every so many steps.
    """
    world: Any = env.unwrapped
    observation, info = env.reset(seed=seed)
    policy = expert(env)
    since = 0
    for _ in range(steps):
        observation, _, _, _, info = env.step(policy(observation, info))
        if world.told()[0] and since % every == 0:
            yield
        since += bool(since or world.told()[0])
        if since == KEPT * every:
            return


def at_random(env: gym.Env[Any, Any], seed: int, steps: int = 4) -> Iterator[None]:
    """Keep the start, and states soon after it, reached by acting at random."""
    env.reset(seed=seed)
    env.action_space.seed(seed)
    yield
    for step in range(1, 1 + 3 * steps):
        env.step(env.action_space.sample())
        if step % steps == 0:
            yield


def by_chance(env: gym.Env[Any, Any], seed: int, starts: int = 20, steps: int = 60) -> Iterator[None]:
    """Act at random from many starts: in some tasks that is enough to be done now and then.

    Args:
        env: a :class:`~vlmrl.envs.world.World`.
        seed: of the first start.
        starts: how many.
        steps: from each; every second is kept.
    """
    for start in range(starts):
        env.reset(seed=seed + EPISODES * (1 + start))
        env.action_space.seed(seed + start)
        for step in range(steps):
            env.step(env.action_space.sample())
            if step % 2:
                yield


def set_by_hand(
    env: gym.Env[Any, Any], seed: int, place: Callable[[World, np.random.Generator], None]
) -> Iterator[None]:
    """Set the joints that the task is about as they are when it is done; the robot is where it came at random.

    Args:
        env: a :class:`~vlmrl.envs.world.World`.
        seed: of the episode, and of what is drawn.
        place: sets ``data`` of the world; kinematics follow here.
    """
    world: Any = env.unwrapped
    rng = np.random.default_rng(seed)
    env.action_space.seed(seed)
    env.reset(seed=seed)
    for _ in range(KEPT // 2):
        for _ in range(4):
            env.step(env.action_space.sample())
        place(world, rng)
        mujoco.mj_forward(world.model, world.data)
        yield


@dataclass(frozen=True)
class Unknown:
    """Stands for a generator of states that nobody has written, and says why; a callable that pickles.

    Attributes:
        why: as the end of a sentence.
    """

    why: str

    def __call__(self, rng: np.random.Generator, n: int) -> Pose:
        """Refuse.

        Raises:
            ConfigError: always.
        """
        raise ConfigError(f"task: no such states of it are known; {self.why}")
