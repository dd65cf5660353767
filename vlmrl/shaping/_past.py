"""What shapers ask of an episode's past: kept in the order of time, for each environment on its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlmrl.errors import ConfigError
from vlmrl.shaping.base import Float, Needs, Steps
from vlmrl.types import Array

SEED = 20_261_123
"""Draws the planes that cut states into cells, alike for every run, so that what resumes finds the same cells."""


class Past:
    """The past of N environments' episodes: the best score of each, and how often cells of the state were visited.

    Steps are told one by one, in the order of time. Scores and states may be told apart, as states are known at once
    and scores may come later. A cell is a SimHash (Tang et al., "#Exploration", NeurIPS 2017, arXiv 1611.04717): on
    which side of so many random planes a state lies. It is one of the state and not of the score, or an agent would be
    paid for seeing new numbers rather than new places, low ones too.

    Args:
        shape: from scores to rewards; its attribute ``needs`` says what it asks for. Without one it asks for nothing.

    Attributes:
        needs: what is asked for.
    """

    def __init__(self, shape: object) -> None:
        self.needs: Needs = getattr(shape, "needs", Needs())
        self._visits: Counter[int] = Counter()  # by cell, over all episodes
        self._marked: dict[int, int] = {}
        self._planes: NDArray[np.float64] | None = None
        self.begin(0)

    def begin(self, envs: int) -> None:
        """Begin an episode in each of so many environments; what was visited before still counts."""
        self._best = np.zeros(envs, np.float32)
        self._fresh = np.ones(envs, dtype=bool)
        self._here: list[Counter[int]] = [Counter() for _ in range(envs)]

    def restart(self, envs: NDArray[np.bool_]) -> None:
        """Begin an episode where ``envs``, bool ``(N,)``, says so."""
        self._fresh |= envs
        for env in np.flatnonzero(envs).tolist():
            self._here[env].clear()

    def own(self, infos: Sequence[Mapping[str, Any]]) -> dict[str, Float]:
        """What the task itself pays a step, if anybody asks.

        Args:
            infos: what the environments told of it, one each: ``task_reward``, ``success``.

        Returns:
            ``own`` of the step, ``(N,)``.

        Raises:
            ConfigError: one does not tell it, or it is no finite number.
        """
        if self.needs.own is None:
            return {}
        what = self.needs.own.what
        key = {"reward": "task_reward"}.get(what, what)
        told = np.array([info.get(key, np.nan) for info in infos], np.float32)
        if not np.isfinite(told).all():
            instead = "name a task, or take own=reward" if what == "success" else "wrap it in vlmrl.envs.FrameTap"
            raise ConfigError(
                f"shaping.blend.own={what}: asks for the task's own {what}, and env {int(np.isfinite(told).argmin())} "
                f"tells no such number (info[{key!r}]); {instead}"
            )
        return {"own": told}

    def scores(
        self, before: Float, done: NDArray[np.bool_], acted: NDArray[np.bool_] | None = None
    ) -> dict[str, Float]:
        """Take in a step's scores.

        Args:
            before: float32 ``(N,)``, of the frame the action was chosen in.
            done: bool ``(N,)``, the step ended an episode, truly or by a time limit.
            acted: bool ``(N,)``, False where it was no step but a reset; None: all were.

        Returns:
            ``best`` of the step, ``(N,)``, if anybody asks.
        """
        if not self.needs.best:
            return {}
        self._best = np.where(self._fresh, before, np.maximum(self._best, before)).astype(np.float32)
        self._fresh = done | (False if acted is None else ~acted)
        return {"best": self._best}

    def states(
        self, states: Array | None, done: NDArray[np.bool_], acted: NDArray[np.bool_] | None = None
    ) -> dict[str, Float]:
        """Take in the states that a step led to; environments that visit a cell at once count alike.

        Args:
            states: ``(N, D)``, taken before any reset.
            done: bool ``(N,)``.
            acted: bool ``(N,)``, as for :meth:`scores`.

        Returns:
            ``visits_episode`` and ``visits_global`` of the step, ``(N,)``, this visit among them, if anybody asks.

        Raises:
            ConfigError: states are no finite numbers ``(N, D)``.
        """
        if not self.needs.bits:
            return {}
        cells = self._cells(states)
        here, ever = np.ones((2, len(cells)), np.float32)
        there = range(len(cells)) if acted is None else np.flatnonzero(acted).tolist()
        for env in there:
            self._here[env][cells[env]] += 1
            here[env], ever[env] = self._here[env][cells[env]], self._visits[cells[env]] + 1
        self._visits.update(cells[env] for env in there)
        for env in np.flatnonzero(done).tolist():
            self._here[env].clear()
        return {"visits_episode": here, "visits_global": ever}

    @property
    def told(self) -> dict[str, float]:
        """``cells`` visited so far, where they are counted."""
        return {"cells": len(self._visits)} if self.needs.bits else {}

    def mark(self) -> None:
        """Remember the counts as they are now, for :attr:`marked`."""
        self._marked = dict(self._visits)

    @property
    def marked(self) -> list[list[int]]:
        """Cells, and how often each had been visited at the last mark: what a checkpoint keeps."""
        return [list(self._marked), list(self._marked.values())]

    def recall(self, marked: Sequence[Sequence[int]]) -> None:
        """Go on from counts that were :attr:`marked` earlier."""
        self._visits = Counter(dict(zip(*marked, strict=True)))
        self.mark()

    def _cells(self, states: Array | None) -> list[int]:
        rows = np.asarray(states)
        if rows.ndim != 2 or rows.dtype.kind not in "fiub":
            raise ConfigError(
                "shaping.novelty: counts cells of the state, and the agent sees none: its observation must be one "
                f"vector of numbers, and is {rows.dtype} {rows.shape[1:]}; take obs=state, or leave novelty out"
            )
        if self._planes is None or self._planes.shape != (self.needs.bits, rows.shape[1] + 1):
            # The last number moves a plane off the origin, so that states of one direction fall apart too.
            self._planes = np.random.default_rng(SEED).standard_normal((self.needs.bits, rows.shape[1] + 1))
        # Summed row by row: a matrix product may round otherwise for another number of environments.
        seen = rows.astype(np.float32).astype(np.float64)[:, None, :]
        sides = (seen * self._planes[:, :-1]).sum(-1) + self._planes[:, -1] > 0
        cells: list[int] = (sides @ (1 << np.arange(self.needs.bits))).tolist()
        return cells


def with_past(
    shape: object, steps: Steps, done: NDArray[np.bool_], states: Array | None = None, own: Float | None = None
) -> Steps:
    """Whole episodes, one after the other, with what ``shape`` asks of their past, every cell new at first.

    Args:
        shape: from scores to rewards.
        steps: ``(T, N)``, in the order of time.
        done: bool ``(T, N)``, the step ended an episode, truly or by a time limit.
        states: ``(T, N, D)``, what the steps led to; None where nobody asks.
        own: float32 ``(T, N)``, what the task itself paid; likewise.

    Raises:
        ConfigError: states are asked for, and there are none.
    """
    past = Past(shape)
    if past.needs.own is not None:
        steps = steps.but(own=own)
    if not (past.needs.best or past.needs.bits):
        return steps
    past.begin(steps.after.shape[1])
    rows: list[Mapping[str, Any]] = [
        past.scores(before, ended) | past.states(None if states is None else states[step], ended)
        for step, (before, ended) in enumerate(zip(steps.before, done, strict=True))
    ]
    return steps.but(**{name: np.stack([row[name] for row in rows]) for name in rows[0]})
