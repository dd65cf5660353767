"""Scores that come in while the agent goes on, and put right what it was paid meanwhile.

Nobody waits for the teacher: it scores what it can, the newest frames first and equal ones once, and rows of a replay
buffer get the reward of its score when that arrives. After Zheng et al., "Online Intrinsic Rewards for Decision Making
Agents from Large Language Model Feedback" (ONI, arXiv 2410.23022), whose language model labels beside the agent.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.buffers import ReplayBuffer

from vlmrl.agents.deferred.steps import Step, rewards_of
from vlmrl.shaping.base import Float, Steps
from vlmrl.wrappers.scores import CheckedScores

BATCH = 8
"""Frames scored at once where the scorer names no number: few, since the newest are worth most."""

Seen = tuple[int, int]
"""The number of a step, and an environment."""


@dataclass
class _Asked:
    """A frame that waits, and every step that led to one equal to it."""

    frame: NDArray[Any]
    origin: str
    by: list[Seen]


class Labeller:
    """A thread that scores frames while others work, the newest first.

    Args:
        scores: who scores them; asked from the thread.
        room: most frames that wait; the oldest give way.
    """

    def __init__(self, scores: CheckedScores, room: int) -> None:
        self._scores, self._room, self._batch = scores, room, scores.ahead or BATCH
        self._waiting: OrderedDict[bytes, _Asked] = OrderedDict()
        self._told: list[tuple[Seen, float]] = []
        self._guard = threading.Lock()  # around all that both threads write
        self._thread = ThreadPoolExecutor(1, "labeller")
        self._busy = False
        self._work: Future[None] | None = None  # what the thread was given last
        self.dropped = 0

    @property
    def told(self) -> dict[str, float]:
        """What is worth logging: frames that ``wait``, and those ``dropped`` that gave way to newer ones."""
        return {"waiting": len(self._waiting), "dropped": self.dropped}

    def ask(self, frame: Any, origin: str, by: Seen) -> None:
        """Have a frame scored some time, a copy of it; ``origin`` says where it came from.

        Raises:
            ConfigError: there is no frame.
            ShapeError: it is none.
            Abstained: as :meth:`answers`.
        """
        checked = self._scores.look_at(frame, origin)
        key = hashlib.blake2b(np.ascontiguousarray(checked).data, digest_size=16).digest()
        self._fail()
        with self._guard:
            if key in self._waiting:
                self._waiting[key].by.append(by)
                self._waiting.move_to_end(key)
            else:
                self._waiting[key] = _Asked(checked.copy(), origin, [by])
            while len(self._waiting) > self._room:
                self.dropped += len(self._waiting.popitem(last=False)[1].by)
            if not self._busy:
                self._busy, self._work = True, self._thread.submit(self._label)

    def answers(self) -> list[tuple[Seen, float]]:
        """What came in since the last time.

        Raises:
            Abstained: a score is no finite number.
            ShapeError: the scorer gave another number of scores than of frames.
        """
        self._fail()
        with self._guard:
            told, self._told = self._told, []
        return told

    def finish(self) -> None:
        """Forget the frames that wait, and wait for those that are being scored.

        Raises:
            Abstained, ShapeError: as :meth:`answers`.
        """
        with self._guard:
            self._waiting.clear()
        self._thread.shutdown()
        self._fail()

    def _fail(self) -> None:
        """Raise what ended the thread's work, if anything did."""
        if self._work is not None and self._work.done():
            self._work.result()

    def _label(self) -> None:
        """Score the newest, then let this be done again: what is handed in anew is refused once the program ends."""
        with self._guard:
            some = [self._waiting.popitem()[1] for _ in range(min(self._batch, len(self._waiting)))]
        if not some:  # forgotten meanwhile
            return
        scores = self._scores(np.stack([one.frame for one in some]), [one.origin for one in some])
        with self._guard:
            self._told += [(by, float(score)) for one, score in zip(some, scores, strict=True) for by in one.by]
            self._busy = bool(self._waiting)
            if self._busy:
                with suppress(RuntimeError):
                    self._work = self._thread.submit(self._label)


class LateRewards:
    """Has frames of steps labelled, and writes each score into its step, and into what the step was paid.

    Args:
        labeller: scores them.
        remembered: steps whose rewards may still change: the newest.
        buffer: holds the rewards; None where they cannot be changed any more, as in the rollouts of PPO.
    """

    def __init__(self, labeller: Labeller, remembered: int, buffer: ReplayBuffer | None) -> None:
        self.labeller, self._buffer = labeller, buffer
        self._steps: deque[Step] = deque(maxlen=remembered)
        self._seen = 0  # steps so far; the last one's number is one less
        self._row = buffer.pos if buffer is not None else 0  # of the first step
        self._changed: set[int] = set()  # numbers of steps that were paid something else

    def saw(self, step: Step) -> None:
        """Take in a step before it is stored."""
        self._steps.append(step)
        self._seen += 1

    def ask(self, env: int, frame: Any, origin: str) -> None:
        """Have the frame scored that the last step led to."""
        self.labeller.ask(frame, origin, (self._seen - 1, env))

    def arrived(self, following: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Write the scores that came in to their places.

        Args:
            following: float32 ``(N,)``, scores of the frames that the next step starts from.

        Returns:
            States ``(B, D)`` that another score was guessed for, and their scores float32 ``(B,)``.
        """
        states, scores, oldest = [], [], self._seen - len(self._steps)
        for (number, env), score in self.labeller.answers():
            if number < oldest:
                continue
            step = self._steps[number - oldest]
            last = number + 1 == self._seen
            if np.isfinite(step.after[env]) and step.seen is not None:
                states.append(step.seen[env])
                scores.append(score)
                self._changed |= {number} if last else {number, number + 1}
            step.after[env] = score
            (following if last else self._steps[number + 1 - oldest].before)[env] = score
        return np.array(states, np.float32), np.array(scores, np.float32)

    def amend(self, gamma: float, shape: Callable[[Steps], Float]) -> None:
        """Pay the steps anew of whose rows the buffer holds a reward that followed from a guess.

        To be called when every row that is stored has been paid.
        """
        if self._buffer is None:
            self._changed.clear()
            return
        size, pos = self._buffer.buffer_size, self._buffer.pos
        stored = self._seen if (self._row + self._seen) % size == pos else self._seen - 1
        oldest = self._seen - len(self._steps)
        there = [n for n in sorted(self._changed) if max(oldest, stored - size) <= n < stored]
        if there:
            rows = (self._row + np.array(there)) % size
            self._buffer.rewards[rows] = rewards_of([self._steps[n - oldest] for n in there], gamma, shape)
        self._changed = {n for n in self._changed if n >= stored}
