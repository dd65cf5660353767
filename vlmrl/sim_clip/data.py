"""Training frames: states over the whole reachable space, in many looks, with how near each is to every value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gymnasium as gym
import mujoco
import numpy as np

from vlmrl.envs.make import find_task
from vlmrl.envs.simulator import simulator
from vlmrl.envs.task import Pose, State
from vlmrl.find import find
from vlmrl.sim_clip.grammar import Domain, nearness
from vlmrl.sim_clip.looks import Spread, Stage, repaint
from vlmrl.types import Array

SIZE = 64
"""Pixels of the square frame."""


@dataclass(frozen=True)
class Recipe:
    """How the frames of one domain are drawn.

    Attributes:
        shipped: share of frames in the task's own colours and exact camera.
        own_look: share in the task's own colours through a straying camera.
        away: share that looks past the robot.
        ends: share of states in which one of the domain's tasks is done, or clearly is not: where rewards are decided.
        looks: random paints.
        held_out: paint and camera from ranges that training never uses.
    """

    shipped: float = 0.4
    own_look: float = 0.2
    away: float = 0.07
    ends: float = 0.2
    looks: int = 16
    held_out: bool = False


@dataclass(frozen=True)
class Drawn:
    """Frames of one domain and what is true in them.

    Attributes:
        frames: uint8 ``(N, 64, 64, 3)``.
        near: float32 ``(N, V)`` in [0, 1], nearness to every value of the domain.
        seen: float32 ``(N,)`` in [0, 1], how much of the robot is in view.
        oracle: float32 ``(N, T)``, the oracle of every task of the domain.
        success: bool ``(N, T)``, likewise.
        withheld: float32 ``(N, W)`` in [0, 1], nearness to every value that the domain withholds from its captions.
    """

    frames: Array
    near: Array
    seen: Array
    oracle: Array
    success: Array
    withheld: Array = field(default_factory=lambda: np.empty((0, 0), np.float32))

    def save(self, path: Path) -> None:
        """Write as one ``.npz`` of plain arrays."""
        np.savez(path, **vars(self))

    @classmethod
    def load(cls, path: Path) -> Drawn:
        """Read what :meth:`save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(**arrays)


def domain_of(name: str) -> Domain:
    """What sim-clip can say about a domain.

    Raises:
        UnknownName: it was never taught that domain.
    """
    domain: Domain = find("language", name).DOMAIN
    return domain


def draw(
    name: str, n: int, seed: int, recipe: Recipe | None = None, progress: Callable[[int], None] | None = None
) -> Drawn:
    """Draw ``n`` frames of a domain.

    Args:
        name: the domain.
        n: how many frames.
        seed: of states, looks and cameras.
        recipe: shares of looks; the default is the training's.
        progress: called with the number drawn so far.
    """
    recipe = recipe or Recipe()
    domain = domain_of(name)
    rng = np.random.default_rng([seed, *name.encode()])
    poses = _poses(domain, n, round(n * recipe.ends), rng)
    env = _begun(domain.tasks[0])
    model, _ = simulator(env)
    look = _looks(n, recipe, rng)
    frames, seen = np.empty((n, SIZE, SIZE, 3), np.uint8), np.empty(n, np.float32)
    states: list[State] = [None] * n  # type: ignore[list-item]
    done = 0
    for which in np.unique(look):
        stage = Stage(
            _painted(model, int(which), recipe, domain, rng), find_task(domain.tasks[0]).camera, domain.bodies, SIZE
        )
        for i in np.flatnonzero(look == which):
            poses.apply(int(i), stage.model, stage.data)
            states[i] = State.of(stage.model, stage.data)
            exact = which == EXACT
            frames[i], seen[i] = stage.shoot(
                rng, None if exact else _spread(recipe), not exact and rng.random() < recipe.away * 1.5
            )
            done += 1
            if progress is not None:
                progress(done)
        stage.close()
    env.close()
    return _labelled(domain, frames, seen, State.stack(states))


def _begun(task: str) -> gym.Env[Any, Any]:
    """An environment in an episode: some start by changing the model, such as how large a target is drawn."""
    env = find_task(task).make()
    env.reset(seed=0)
    return env


def _poses(domain: Domain, n: int, ends: int, rng: np.random.Generator) -> Pose:
    """``n`` poses over the whole reachable space, ``ends`` of them from the tasks' own generators."""
    tasks = [find_task(name) for name in domain.tasks]
    generators = [generate for task in tasks for generate in (task.goal_states, task.bad_states)]
    counts = np.bincount(rng.integers(0, len(generators), ends), minlength=len(generators))
    parts = [domain.poses(rng, n - ends), *(g(rng, int(k)) for g, k in zip(generators, counts, strict=True))]
    order = rng.permutation(n)
    mocap = [part.mocap_pos for part in parts if part.mocap_pos is not None]
    qpos = np.concatenate([part.qpos for part in parts])[order]
    return Pose(qpos, None, np.concatenate(mocap)[order] if mocap else None)


EXACT, OWN = -2, -1
"""Looks with the task's own paint: through its exact camera, and through a straying one."""


def _looks(n: int, recipe: Recipe, rng: np.random.Generator) -> Array:
    shares = np.array([recipe.shipped, recipe.own_look])
    drawn = rng.random(n)
    look = rng.integers(0, max(1, recipe.looks), n)
    look[drawn < shares.sum()] = OWN
    look[drawn < shares[0]] = EXACT
    return look


def _painted(
    model: mujoco.MjModel, which: int, recipe: Recipe, domain: Domain, rng: np.random.Generator
) -> mujoco.MjModel:
    return model if which < 0 else repaint(model, rng, recipe.held_out, domain.coloured)


def _spread(recipe: Recipe) -> Spread:
    return Spread(turn=12.0, zoom=0.15, shift=0.08) if recipe.held_out else Spread()


def _labelled(domain: Domain, frames: Array, seen: Array, states: State) -> Drawn:
    tasks = [find_task(name) for name in domain.tasks]
    oracle = np.stack([np.asarray(task.oracle(states), np.float32) for task in tasks], axis=-1)
    success = np.stack([np.asarray(task.success(states), bool) for task in tasks], axis=-1)
    return Drawn(frames, domain.nearness(states), seen, oracle, success, nearness(domain.withheld, states))


def shipped(name: str, poses: Pose) -> Drawn:
    """Frames of given poses exactly as a task draws them, fully in view."""
    domain = domain_of(name)
    env = _begun(domain.tasks[0])
    model, _ = simulator(env)
    stage = Stage(model, find_task(domain.tasks[0]).camera, domain.bodies, SIZE)
    rng = np.random.default_rng(0)
    frames, states = [], []
    for i in range(len(poses)):
        poses.apply(i, stage.model, stage.data)
        states.append(State.of(stage.model, stage.data))
        frames.append(stage.shoot(rng, None, away=False)[0])
    stage.close()
    env.close()
    return _labelled(domain, np.stack(frames), np.ones(len(poses), np.float32), State.stack(states))
