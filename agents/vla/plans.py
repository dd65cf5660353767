"""Plans that overlap: which actions of which plans make the next one, for many episodes at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vlmrl.types import Array


class Plans:
    """The plans of N episodes that are still to be carried out.

    An episode plans anew every ``replan`` steps. The newest plan acts; or, with ``ensemble``, all that have something
    for the moment: weighted ``exp(-m i)``, i counted from the oldest, as in ACT (Zhao et al., RSS 2023, arXiv
    2304.13705), which plans in every step.

    Args:
        chunk: actions of a plan.
        replan: steps from a plan to the next, at most ``chunk``.
        ensemble: m, or None.
    """

    def __init__(self, chunk: int, replan: int, ensemble: float | None = None) -> None:
        self._chunk, self._replan, self._ensemble = chunk, replan, ensemble
        self._plans: list[list[tuple[int, Array]]] = []

    def due(self, moments: NDArray[np.int64]) -> NDArray[np.intp]:
        """Rows that must plan now.

        Args:
            moments: int64 ``(N,)``, steps since each episode began; 0 forgets the plans of the one before.
        """
        if len(moments) != len(self._plans):
            self._plans = [[] for _ in moments]
        for row, moment in enumerate(moments):
            # Of an episode that begins, or went on from another place, nothing was planned.
            self._plans[row] = [
                (at, plan) for at, plan in self._plans[row] if 0 <= moment - at < self._chunk and moment
            ]
        return np.flatnonzero(
            [
                not plans or moment - plans[-1][0] >= self._replan
                for moment, plans in zip(moments, self._plans, strict=True)
            ]
        )

    def add(self, rows: NDArray[np.intp], moments: NDArray[np.int64], plans: Array) -> None:
        """Take in the plans ``(len(rows), chunk, A)`` of rows that were due, made at their moments."""
        for row, plan in zip(rows, plans, strict=True):
            self._plans[row].append((int(moments[row]), plan))

    def actions(self, moments: NDArray[np.int64]) -> Array:
        """What to do now in each episode: ``(N, A)``."""
        return np.stack([self._action(row, int(moment)) for row, moment in enumerate(moments)])

    def _action(self, row: int, moment: int) -> Array:
        told = np.stack([plan[moment - at] for at, plan in self._plans[row]])
        if self._ensemble is None:
            return np.asarray(told[-1])
        weights = np.exp(-self._ensemble * np.arange(len(told)))
        return np.asarray((weights / weights.sum()) @ told, dtype=told.dtype)
