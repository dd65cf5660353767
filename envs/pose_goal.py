"""A pose as a task's ground truth: near it the task is done, and far from it clearly not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vlmrl.envs.make import find_task
from vlmrl.envs.task import Pose, State
from vlmrl.errors import ConfigError
from vlmrl.types import Array

REACHED = 0.1
"""Distance below which the pose counts as reached; half a turn is 1, so this is 18 degrees of a single hinge."""
NOISE = 0.05
"""How far from the pose goal states are drawn, in every coordinate; below :data:`REACHED`."""
FAR = 0.3
"""Distance from which a state is clearly another."""


@dataclass(frozen=True)
class PoseGoal:
    """The ground truth of being in one pose, whatever the speed; its methods are what a task asks for, and pickle.

    The distance from the pose is the root mean square over the coordinates that count, each as a share of the
    furthest that it can be from the pose: 0 is the pose itself, 1 as far as can be.

    Attributes:
        qpos: ``(nq,)`` the pose [m, rad].
        low, high: ``(nq,)`` the range of each coordinate; where both are equal it neither counts nor varies.
        counts: the coordinates that count, by their index.
        turns: those of them that are angles without limits, alike after a whole turn.
        of: the task whose posed states, kept where they are far from the pose, are the bad ones.
        mocap_pos: ``(nmocap, 3)`` where the bodies stand that the task places [m]; empty leaves them where they are.

    Raises:
        ConfigError: nothing counts, or the ranges do not fit the pose.
    """

    qpos: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    counts: tuple[int, ...]
    of: str
    turns: tuple[int, ...] = ()
    mocap_pos: tuple[tuple[float, float, float], ...] = ()

    def __post_init__(self) -> None:
        if not len(self.qpos) == len(self.low) == len(self.high):
            raise ConfigError(f"qpos: has {len(self.qpos)} numbers, low {len(self.low)}, high {len(self.high)}")
        outside = [i for i, q in enumerate(self.qpos) if not self.low[i] <= q <= self.high[i]]
        if outside:
            raise ConfigError(f"qpos[{outside[0]}]={self.qpos[outside[0]]}: must lie between low and high")
        still = [i for i in self.counts if self.low[i] == self.high[i]]
        if still or not self.counts:
            raise ConfigError(f"counts={self.counts}: must name coordinates that move, one at least")

    def distance(self, state: State) -> Array:
        """From the pose: ``(...)``, 0 is there, 1 is as far as can be."""
        rows = list(self.counts)
        gap = np.abs(state.qpos[..., rows] - np.array(self.qpos)[rows])
        turns = np.isin(rows, self.turns)
        gap = np.where(turns, np.abs((gap + np.pi) % (2 * np.pi) - np.pi), gap)
        apart: Array = np.sqrt(np.mean((gap / self._reach[rows]) ** 2, axis=-1))
        return apart

    def nearness(self, state: State) -> Array:
        """``(...)`` in [0, 1], 1 is the pose itself."""
        return 1 - np.clip(self.distance(state), 0, 1)

    def reached(self, state: State) -> Array:
        """True within a tenth of the furthest."""
        return self.distance(state) < REACHED

    def near(self, rng: np.random.Generator, n: int) -> Pose:
        """Draw ``n`` poses around it, within the ranges."""
        noise = rng.uniform(-NOISE, NOISE, (n, len(self.qpos))) * self._reach
        return self._placed(np.clip(np.array(self.qpos) + noise, self.low, self.high))

    def far(self, rng: np.random.Generator, n: int) -> Pose:
        """Draw ``n`` poses far from it: of the posed states of :attr:`of`, or where few are far, within the ranges."""
        task = find_task(self.of)
        kept = self._far(np.concatenate([task.goal_states(rng, 2 * n).qpos, task.bad_states(rng, 2 * n).qpos]))
        while len(kept) < n:
            kept = np.concatenate([kept, self._far(rng.uniform(self.low, self.high, (2 * n, len(self.qpos))))])
        return self._placed(rng.permutation(kept)[:n])

    @property
    def _reach(self) -> Array:
        """The furthest that each coordinate can be from the pose: ``(nq,)``, 0 where it never moves."""
        furthest = np.maximum(np.array(self.high) - self.qpos, np.array(self.qpos) - self.low)
        furthest[list(self.turns)] = np.pi
        return furthest

    def _far(self, qpos: Array) -> Array:
        none = np.zeros((len(qpos), 0))
        return qpos[self.distance(State(qpos, *[none] * 7)) > FAR]

    def _placed(self, qpos: Array) -> Pose:
        placed = np.repeat(np.array(self.mocap_pos)[None], len(qpos), axis=0) if self.mocap_pos else None
        return Pose(qpos, None, placed)
