"""Frames that are embedded when they are seen, and scored when they are paid: by the nets as they are then.

:class:`~vlmrl.agents.deferred.DeferredReward` asks a scorer for a number a frame, and hands the numbers of each step to
a shape. Here the number is a ticket, under which the frame's embedding is kept until the shape redeems it for a score.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlmrl.agents.preferences.memory import Memory
from vlmrl.preferences.pool import Pool
from vlmrl.rewards.preference import Preference
from vlmrl.shaping import Steps
from vlmrl.types import Words

Float = NDArray[np.float32]

CODES = 2**23
"""Tickets under way at once, at most: a float32 holds each of them exactly."""


class Tickets:
    """Scorer and shape in one: takes frames, and pays steps by what the nets say of them.

    Args:
        model: its encoder embeds frames, its nets score them.
        shape: from scores to rewards.
        pool: is shown every frame.

    Attributes:
        ahead: as of a :class:`~vlmrl.scoring.scorer.Scorer`.
        memory: takes in every step that is paid; None where none is remembered, as in the rollouts of PPO.
        numbers: int64 ``(N,)`` each, of the frames that the steps led to since somebody last took them away.
    """

    cadence, takes = "step", "picture"

    def __init__(self, model: Preference, shape: Callable[[Steps], Float], pool: Pool) -> None:
        self._model, self._shape, self._pool = model, shape, pool
        encoder = model.encoder
        self.ahead = encoder.batch_size if encoder.device.type == "cuda" else 0
        self.memory: Memory | None = None
        self.numbers: list[NDArray[np.int64]] = []
        self._kept: dict[int, tuple[int, Float]] = {}  # by the ticket: the frame's number, and its embedding
        self._open: list[int] = []  # tickets of the frames that the last step led to
        self._led_to: NDArray[np.int64] | None = None  # the numbers of the frames that the last step led to
        self._guard = threading.Lock()  # frames may come from a thread while others are drawn
        self.met = 0

    def frames(self, frames: Any, words: Words | None) -> Float:
        """Embed frames uint8 ``(B, H, W, 3)``, and give each a ticket, float32 ``(B,)``."""
        size = self._model.encoder.batch_size
        parts = [self._model.encoder.images(frames[at : at + size]).cpu() for at in range(0, len(frames), size)]
        embeddings = np.concatenate([part.float().numpy() for part in parts])
        with self._guard:
            numbers = self.met + np.arange(len(frames))
            self.met += len(frames)
            self._pool.meet(np.asarray(frames), embeddings, numbers)
            codes = numbers % CODES
            self._kept |= {
                int(code): (int(number), one) for code, number, one in zip(codes, numbers, embeddings, strict=True)
            }
        return codes.astype(np.float32)

    def __call__(self, steps: Steps) -> Float:
        """What steps are paid whose scores are tickets, float32 ``(T, N)``; each step once, in the order of time."""
        before, after = (side.astype(np.int64) for side in (steps.before, steps.after))
        codes = np.unique(np.concatenate([before, after]))
        with self._guard:
            kept = {int(code): self._kept[int(code)] for code in codes}
            # The next step starts from where this one led, unless its episode was over.
            for code in {*kept, *self._open} - {*after[-1].tolist()}:
                self._kept.pop(code, None)
            self._open = after[-1].tolist()
        scores = self._model.nets.score(np.stack([one for _, one in kept.values()]))
        for left, right, ends in zip(before, after, steps.terminated, strict=True):
            self._remember(left, right, ends, kept)
        told = [scores[np.searchsorted(codes, side)] for side in (before, after)]
        return self._shape(steps.but(before=told[0], after=told[1]))

    def _remember(
        self,
        before: NDArray[np.int64],
        after: NDArray[np.int64],
        ends: NDArray[np.bool_],
        kept: dict[int, tuple[int, Float]],
    ) -> None:
        started, led_to = (np.array([kept[int(code)][0] for code in side]) for side in (before, after))
        if self.memory is not None:
            fresh = np.ones(len(after), bool) if self._led_to is None else started != self._led_to
            starts = {int(env): kept[int(before[env])][1] for env in np.flatnonzero(fresh)}
            self.memory.add(np.stack([kept[int(code)][1] for code in after]), ends, starts)
        self._led_to = led_to
        self.numbers.append(led_to)
