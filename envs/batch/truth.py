"""A task's ground truth for all simulations at once, straight from the engine's arrays."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from vlmrl.envs.batch.engine import Engine
from vlmrl.envs.batch.robot import ALL, Rows
from vlmrl.envs.task import State, Task
from vlmrl.types import Array


def state_of(engine: Engine) -> State:
    """The state of all simulations as live views, ``(count,)``; positions are those that were computed last."""
    arrays = {part.name: engine.field(part.name) for part in fields(State) if part.name != "told"}
    arrays["xmat"] = arrays["xmat"].reshape(engine.count, -1, 3, 3)
    return State(**arrays)


class Truth:
    """Evaluates ``oracle`` and ``success`` of a task.

    Args:
        task: whose truth it is.
        engine: the simulations; their positions must be up to date.
    """

    def __init__(self, task: Task, engine: Engine) -> None:
        self._task = task
        self._state = state_of(engine)

    def __call__(self, rows: Rows = ALL) -> dict[str, Array]:
        """``oracle`` float64 ``(k,)`` in [0, 1] and ``success`` bool ``(k,)``, new arrays."""
        state = self._state[rows]
        oracle, success = self._task.oracle(state), self._task.success(state)
        return {"oracle": np.array(oracle, dtype=np.float64), "success": np.array(success, dtype=bool)}

    def reward(self, truths: dict[str, Array]) -> Array:
        """The task's own reward for what :meth:`__call__` said, float64 ``(k,)``, a new array."""
        return np.array(self._task.reward(truths["oracle"]), dtype=np.float64)

    def ended(self, truths: dict[str, Array]) -> Array:
        """Which episodes that ends, bool ``(k,)``: those that are done, in a task that ends by it."""
        done = truths["success"]
        return done.copy() if self._task.ends else np.zeros_like(done)
