"""Where rewards go that come after their step was stored: into rows of a replay buffer, or onto a finished rollout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.buffers import ReplayBuffer, RolloutBuffer

from vlmrl.errors import RunError

Rewards = NDArray[np.float32]
"""float32 ``(N,)``: one step of N environments."""


class UnpaidRows:
    """Rewards on their way to a replay buffer, one ``(N,)`` a step, in the order of the steps.

    Args:
        buffer: has a row for each.
        also: float32 ``(rows, N)`` each, written beside it: what the rewards are made of.
    """

    def __init__(self, buffer: ReplayBuffer, also: Sequence[Rewards] = ()) -> None:
        self._buffer, self._into = buffer, (buffer.rewards, *also)
        self._first = buffer.pos  # the row of the first of them
        self._rewards: list[tuple[Rewards, ...]] = []

    def append(self, *reward: Rewards) -> None:
        """Take the reward of the next step, whose row may not be stored yet, and what goes beside it."""
        self._rewards.append(reward)

    def pay(self) -> None:
        """Write the rewards whose rows are stored; keep the one, if any, whose row is not.

        Raises:
            RunError: the buffer was written by somebody else meanwhile.
        """
        buffer, size, seen = self._buffer, self._buffer.buffer_size, len(self._rewards)
        # Callbacks run before a step is stored, so the row of the last step seen may be there or not.
        stored = next((n for n in (seen, seen - 1) if n >= 0 and (self._first + n) % size == buffer.pos), None)
        if stored is None:
            raise RunError(
                f"replay buffer: its next row is {buffer.pos}, yet {seen} steps from row {self._first} on were seen; "
                "it must not be loaded or changed while learning"
            )
        if stored:
            kept = np.arange(max(0, stored - size), stored)  # an episode longer than the buffer overwrote its beginning
            rows = (self._first + kept) % size
            for into, written in zip(self._into, zip(*self._rewards[kept[0] : stored], strict=True), strict=True):
                into[rows] = np.stack(written)
        self._first, self._rewards = buffer.pos, self._rewards[stored:]


def pay_rollout(buffer: RolloutBuffer, rewards: Rewards, last_values: Any, dones: Any) -> None:
    """Add rewards float32 ``(T, N)`` to a finished rollout and compute its returns and advantages anew.

    Added, not assigned: on steps cut by a time limit the buffer already holds the discounted value of the last state.

    Args:
        buffer: full, with the rewards of the environment (zeros).
        rewards: of each step.
        last_values: value of the observation after the last step, torch, one an environment.
        dones: whether the last step ended an episode, bool ``(N,)``.
    """
    buffer.rewards += rewards
    buffer.compute_returns_and_advantage(last_values=last_values, dones=dones)


def mark_gap(buffer: ReplayBuffer) -> None:
    """Say that the step after the last stored one does not follow it, so that no n-step window runs across.

    Marks the last row as cut by a time limit wherever its episode had not ended; what else is sampled does not change.
    """
    if buffer.size() > 0:
        last = (buffer.pos - 1) % buffer.buffer_size
        buffer.timeouts[last] = np.maximum(buffer.timeouts[last], 1 - buffer.dones[last])
