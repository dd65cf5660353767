"""A plan: what to take hold of, where to bring it, and the way there, made when an episode begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vlmrl.envs.gauge import Look
from vlmrl.envs.task import Points, State
from vlmrl.errors import Abstained


@dataclass(frozen=True, eq=False)
class Plan:
    """The way of one episode.

    Attributes:
        way: float64 ``(K, 3)``, places to which the robot's own point goes one after the other [m], K at least 1.
        grasped: of these the number of the one where something is taken hold of, from 0; None: nothing is.
        grasp: the thing's name; empty where nothing is taken hold of.
        target: name of where it, or the robot, is to come.
        planner: who made it.

    Raises:
        Abstained: a way without places or through nowhere, or one that takes hold of its own target.
    """

    way: NDArray[np.float64]
    grasped: int | None = None
    grasp: str = ""
    target: str = ""
    planner: str = "the simulator's geometry"

    def __post_init__(self) -> None:
        way = np.asarray(self.way, np.float64)
        if way.ndim != 2 or way.shape[1:] != (3,) or not len(way):
            raise Abstained(f"plan: has waypoints {way.shape}; must be (K, 3), one or more")
        if not np.isfinite(way).all():
            raise Abstained("plan: leads through a place that is no number; every waypoint must be in the world")
        if self.grasped is not None and not 0 <= self.grasped < len(way):
            raise Abstained(f"plan: takes hold at waypoint {self.grasped} of {len(way)}; must be one of them")
        if self.grasp and self.grasp == self.target:
            raise Abstained(f"plan: brings {self.grasp} to itself; grasp and target must be two points")
        object.__setattr__(self, "way", way)


class Planner(Protocol):
    """Makes the plans of episodes. It must pickle."""

    def plans(self, points: Points, states: State, look: Look, envs: Sequence[int]) -> list[Plan]:
        """One for each of the first states ``(k,)`` of episodes.

        Args:
            points: of the task.
            states: the first states.
            look: draws the state of one of ``envs``.
            envs: the environments' numbers, ``k`` of them.

        Raises:
            Abstained: no plan could be made of an episode.
        """


class Geometry:
    """The task's own way through its points: the simulator's knowledge, an upper bound on what a plan can do."""

    def plans(self, points: Points, states: State, look: Look, envs: Sequence[int]) -> list[Plan]:
        """One for each first state, nothing drawn."""
        ways = points.way(states)
        grasped = points.grasped if points.grasp else None
        return [Plan(way, grasped, points.grasp, points.target) for way in ways]
