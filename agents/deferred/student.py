"""A small network that learns online what the teacher says of a state, and is believed while it is right.

The teacher scores every k-th frame; the student reads the policy's observation of the others. Each new score of the
teacher's is first foretold, then learned from, so that the running error is one on frames never learned from. While it
is too large the teacher scores every frame, as before the student knew anything. After Zheng et al., "Online
Intrinsic Rewards for Decision Making Agents from Large Language Model Feedback" (ONI, arXiv 2410.23022), whose student
learns from labels that come in while the agent trains.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from vlmrl.agents.deferred.gaps import Gaps
from vlmrl.agents.deferred.steps import Step

WIDTH = 64
RATE = 3e-3
BATCH = 256
ROUNDS = 8
"""Gradient steps for each batch of new scores."""
REMEMBERED = 20_000
"""Scores that it learns from: the newest."""
SAMPLED = 2_000
"""States from which their mean and deviation are taken."""
JUDGED = 512
"""Newest scores over which its error is taken; before so many came in nobody believes it."""


class StudentGaps(Gaps):
    """Every k-th frame is scored while the student knows the others, every frame while it does not.

    Args:
        every: k.
        bearable: mean distance from the teacher's scores that is borne, as a share of their standard deviation.
        seed: of its weights and batches.
        late: while the student knows, nobody waits for the teacher either: its scores are learned from, and change
            rewards in a replay buffer, when they come in. What is learned then depends on how fast that is.
    """

    reads_states = True

    def __init__(self, every: int, bearable: float = 0.2, seed: int = 0, *, late: bool = False) -> None:
        super().__init__(every, "hold")
        self.every, self.late = 1, late
        self._bearable = bearable
        self._student = Student(seed)

    @property
    def error(self) -> float:
        """Of the student: see :attr:`Student.error`."""
        return self._student.error

    @property
    def waits(self) -> bool:
        """Whether scores are waited for: always, or while the student errs."""
        return not self.late or not self._is_believed

    @property
    def told(self) -> dict[str, float]:
        """``student_error``, once there is one."""
        error = self.error
        return {} if math.isnan(error) else {"student_error": error}

    def fill(self, steps: Sequence[Step], following: NDArray[np.float32]) -> None:
        """Learn from the scores that are there, and put the student's in the place of those that are not."""
        seen = np.stack([step.seen for step in steps if step.seen is not None])
        scores, done = (np.stack([getattr(step, of) for step in steps]) for of in ("after", "done"))
        scored = np.isfinite(scores)
        heard = scored & ~done  # an ended step's state is that of the next episode already
        self.hear(seen[heard], scores[heard])
        scores[~scored] = self._student.foretell(seen[~scored])
        nexts = [step.before for step in steps[1:]] + [following]
        for step, known, guessed, after in zip(steps, scored, scores, nexts, strict=True):
            step.after[~known] = after[~known] = guessed[~known]

    def hear(self, states: NDArray[np.float32], scores: NDArray[np.float32]) -> None:
        """Learn from scores float32 ``(B,)`` of states ``(B, D)``."""
        self._student.hear(states, scores)
        self.every = self.widest if self._is_believed else 1

    @property
    def _is_believed(self) -> bool:
        return self.error <= self._bearable


class Student:
    """Tells scores from states, and how wrong it was of late.

    Args:
        seed: of its weights and batches.
    """

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        self._network: nn.Sequential | None = None
        self._optimizer: torch.optim.Optimizer
        self._states = np.empty((0, 0), np.float32)
        self._scores = np.empty(REMEMBERED, np.float32)
        self._missed = np.empty(JUDGED, np.float32)
        self._heard = 0

    @property
    def error(self) -> float:
        """Mean distance from the teacher's newest scores, as a share of all their deviation; NaN while they are few."""
        if self._heard < JUDGED:
            return float("nan")
        return float(self._missed.mean() / max(self._known(self._scores).std(), 1e-6))

    def hear(self, states: NDArray[np.float32], scores: NDArray[np.float32]) -> None:
        """Foretell new scores, keep how wrong that was, and learn from them.

        Args:
            states: ``(B, D)``.
            scores: float32 ``(B,)``, the teacher's.
        """
        if not len(scores):
            return
        if self._network is None:
            self._begin(states.shape[1])
        self._missed[self._places(len(scores), JUDGED)] = np.abs(self.foretell(states) - scores)
        rows = self._places(len(scores), REMEMBERED)
        self._states[rows], self._scores[rows] = states, scores
        self._heard += len(scores)
        self._learn()

    def foretell(self, states: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores float32 ``(B,)`` of states ``(B, D)``."""
        if self._network is None or not self._heard:
            return np.zeros(len(states), np.float32)
        with torch.no_grad():
            told: NDArray[np.float32] = self._network(self._scaled(states)).squeeze(-1).numpy()
        return told * self._spread + self._middle

    def _begin(self, width: int) -> None:
        with torch.random.fork_rng(devices=()):  # the learner's own draws must not depend on a student's being there
            torch.manual_seed(int(self._rng.integers(2**31)))
            layers = [nn.Linear(width, WIDTH), nn.Tanh(), nn.Linear(WIDTH, WIDTH), nn.Tanh(), nn.Linear(WIDTH, 1)]
            self._network = nn.Sequential(*layers)
        self._optimizer = torch.optim.Adam(self._network.parameters(), RATE)
        self._states = np.empty((REMEMBERED, width), np.float32)

    def _places(self, count: int, size: int) -> NDArray[np.int_]:
        """Where the next scores go in a ring; of more than it holds, the last win."""
        return (self._heard + np.arange(count)) % size

    def _known(self, ring: NDArray[np.float32]) -> NDArray[np.float32]:
        return ring[: min(self._heard, len(ring))]

    def _scaled(self, states: NDArray[np.float32]) -> torch.Tensor:
        return torch.from_numpy(((states - self._center) / self._scale).astype(np.float32))

    def _learn(self) -> None:
        if self._network is None:
            return
        states, scores = self._known(self._states), self._known(self._scores)
        some = states[self._rng.integers(0, len(states), SAMPLED)]
        self._center, self._scale = some.mean(0), some.std(0) + 1e-6
        self._middle, self._spread = float(scores.mean()), max(float(scores.std()), 1e-6)
        for _ in range(ROUNDS):
            rows = self._rng.integers(0, len(scores), BATCH)
            wanted = torch.from_numpy((scores[rows] - self._middle) / self._spread)
            loss = nn.functional.mse_loss(self._network(self._scaled(states[rows])).squeeze(-1), wanted)
            self._optimizer.zero_grad()
            loss.backward()
            self._optimizer.step()
