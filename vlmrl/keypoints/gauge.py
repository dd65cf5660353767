"""The gauge of keypoints: plans when episodes begin, and then how far along its plan each robot has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vlmrl.envs.gauge import Look
from vlmrl.envs.task import Points, State, StateFn
from vlmrl.keypoints.plan import Plan, Planner
from vlmrl.keypoints.progress import along

COLUMNS = ("share", "off", "there")
"""What is read: the share of the way that is behind the robot, how far beside the way as a share of its length, and
whether it is at the end of it (1) or not (0)."""

MOVED = 0.005
"""How far a thing has moved from where it was when it counts as moved [m]: what the fingers push it on touching."""
AT = 0.07
"""How near the robot's own point is then to the thing's [m]: a block's half and some play."""


@dataclass(frozen=True, eq=False)
class PlanGauge:
    """What is read off an episode of a task, by a plan that is made when it begins.

    Attributes:
        points: the task's.
        planner: makes the plans.
        held: by what it is told that something was taken hold of, before which nothing behind that waypoint counts:
            ``moved`` (it moved and the robot is at it), ``closed`` (the fingers are), ``never`` (nobody asks).
        success: the ground truth, where that says who is there; None: who is at the way's end, all of it behind him,
            or who has brought what was to be brought, where it is followed (``moved``), within ``near`` of its point.
        near: how near to the way's end, or to a waypoint, counts as there [m]; None is what the points say.
    """

    points: Points
    planner: Planner
    held: str = "moved"
    success: StateFn | None = None
    near: float | None = None

    def readings(self, count: int) -> PlanReadings:
        """For so many environments."""
        return PlanReadings(self, count)


class PlanReadings:
    """What is read off N episodes.

    Args:
        gauge: says how.
        count: N.

    Attributes:
        plans: of the present episodes; None before the first.
    """

    def __init__(self, gauge: PlanGauge, count: int) -> None:
        self._gauge = gauge
        self.plans: list[Plan | None] = [None] * count
        self._ways = np.zeros((count, 2, 3))
        self._at = np.zeros(count, np.int64)
        self._before = np.zeros(count, np.int64)  # the same before the last state was read
        self._last = np.full((count, 3), np.nan)  # where each was then
        self._ends = np.zeros(count, np.int64)  # the last segment before something must be held
        self._takes = np.zeros(count, bool)  # whether anything is to be taken hold of
        self._was = np.zeros((count, 3))  # where that thing was

    def begin(self, envs: Sequence[int], states: State, look: Look) -> None:
        """Plan the episodes that begin.

        Raises:
            Abstained: there is no plan for one; which nobody is paid for.
        """
        rows = list(envs)
        points = self._gauge.points
        plans = self._gauge.planner.plans(points, states, look, rows)
        most = max((len(plan.way) for plan in plans), default=1)
        if most + 1 > self._ways.shape[1]:
            longer = np.repeat(self._ways[:, -1:], most + 1 - self._ways.shape[1], axis=1)
            self._ways = np.concatenate([self._ways, longer], axis=1)
        starts = points.named[points.own](states)
        for env, start, plan in zip(rows, starts, plans, strict=True):
            self.plans[env] = plan
            self._takes[env] = plan.grasped is not None
            rest = self._ways.shape[1] - 1 - len(plan.way)
            self._ways[env] = np.concatenate([start[None], plan.way, np.repeat(plan.way[-1:], rest, axis=0)])
            self._ends[env] = self._ways.shape[1] - 2 if plan.grasped is None else plan.grasped
        self._was[rows] = self._things(rows, states)
        self._at[rows] = self._before[rows] = 0
        self._last[rows] = np.nan

    def read(self, envs: Sequence[int], states: State) -> NDArray[np.float32]:
        """Float32 ``(k, 3)``: :data:`COLUMNS`."""
        rows = list(envs)
        points = self._gauge.points
        near = points.near if self._gauge.near is None else self._gauge.near
        own = points.named[points.own](states)
        last = self._ways.shape[1] - 2
        free = self._holds(rows, own, states)
        again = (own == self._last[rows]).all(axis=-1)
        self._before[rows] = np.where(again, self._before[rows], self._at[rows])
        came = self._before[rows]
        if self._gauge.held == "moved":  # whoever has the thing is past the place where it was to be taken
            came = np.where(free & self._takes[rows], np.maximum(came, self._ends[rows] + 1), came)
        upto = np.where(free, last, self._ends[rows])
        found = along(self._ways[rows], np.minimum(came, last), own, upto, near)
        self._at[rows], self._last[rows] = found.at, own
        if self._gauge.success is not None:
            there = np.asarray(self._gauge.success(states), bool)
        else:
            end = np.linalg.norm(own - self._ways[rows, -1], axis=-1)
            there = free & (end <= near) & (found.left <= near)
            if self._gauge.held == "moved":
                there = self._brought(rows, states, near, there)
        return np.stack([found.share, found.off, there], axis=-1).astype(np.float32)

    def _holds(self, rows: list[int], own: NDArray[np.float64], states: State) -> NDArray[np.bool_]:
        """Who has what it was to take hold of, or was to take nothing; bool ``(k,)``."""
        points, held = self._gauge.points, self._gauge.held
        nothing = ~self._takes[rows]
        if held == "never" or nothing.all():
            return np.ones(len(rows), bool)
        if held == "closed":
            has = np.ones(len(rows), bool) if points.closed is None else np.asarray(points.closed(states), bool)
        else:
            thing = self._things(rows, states)
            moved = np.linalg.norm(thing - self._was[rows], axis=-1) >= MOVED
            has = moved & (np.linalg.norm(thing - own, axis=-1) <= AT)
        free: NDArray[np.bool_] = nothing | has
        return free

    def _things(self, rows: list[int], states: State) -> NDArray[np.float64]:
        """Where the things are that were to be taken hold of, ``(k, 3)``; zeros where there is none."""
        names = [plan.grasp if (plan := self.plans[env]) is not None else "" for env in rows]
        found = np.zeros((len(rows), 3))
        for name in set(names) - {""}:
            of = np.array([one == name for one in names])
            found[of] = self._gauge.points.named[name](states)[of]
        return found

    def _brought(self, rows: list[int], states: State, near: float, there: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Who is there, where the task's own thing was to be brought to the task's own place: the thing decides."""
        points = self._gauge.points
        if not (points.grasp and points.target):
            return there
        asked = [(plan.grasp, plan.target) if (plan := self.plans[env]) is not None else None for env in rows]
        own = np.array([one == (points.grasp, points.target) for one in asked])
        gap = points.named[points.grasp](states) - points.named[points.target](states)
        decided: NDArray[np.bool_] = np.where(own, np.linalg.norm(gap, axis=-1) <= near, there)
        return decided
