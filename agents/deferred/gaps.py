"""Which frames are scored where not all are, and what those between are worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from vlmrl.agents.deferred.steps import Step
from vlmrl.errors import ConfigError
from vlmrl.rewards.base import Cadence

Between = Literal["line", "hold"]
"""What stands between two scores: a straight line, or the earlier one."""


class Gaps:
    """Every k-th frame of an environment is scored, beside the first and last of every episode.

    Args:
        every: k, at least 1.
        between: ``line``, as if scores went straight from one to the next, for which the last frame of a rollout is
            scored too; or ``hold``, the score before, which looks at nothing to come.

    Attributes:
        every: k, at present.
        widest: k, where it varies the largest.
        looks_ahead: whether a gap cannot be filled before a later frame is scored.
        reads_states: whether steps must bring along the states that the policy saw.
        late: whether scores may come in after their step was paid.
        waits: whether they are waited for at present.

    Raises:
        ConfigError: ``every`` below 1, or ``between`` something else.
    """

    reads_states = late = False

    def __init__(self, every: int = 1, between: Between = "line") -> None:
        if every < 1 or between not in get_args(Between):
            known = ", ".join(get_args(Between))
            raise ConfigError(f"every={every}, between={between}: must be 1 or more, and one of {known}")
        self.every = self.widest = every
        self.looks_ahead = between == "line"
        self._since = 0  # steps since the last after which every environment's frame was scored

    def restart(self) -> None:
        """The present frames are scored."""
        self._since = 0

    def due(self) -> bool:
        """Count a step; whether the frames that it led to are to be scored."""
        self._since = (self._since + 1) % self.every
        return self._since == 0

    @property
    def waits(self) -> bool:  # noqa: D102  # an attribute of the class
        return True

    @property
    def told(self) -> dict[str, float]:
        """What is worth logging beside the frames scored; here nothing."""
        return {}

    @property
    def is_open(self) -> bool:
        """Whether the present frames must be scored before what lies behind them can be told."""
        return self.looks_ahead and self._since > 0

    def hear(self, states: NDArray[np.float32], scores: NDArray[np.float32]) -> None:
        """Learn from scores float32 ``(B,)`` of states ``(B, D)`` that came in late; here nobody does."""

    def fill(self, steps: Sequence[Step], following: NDArray[np.float32]) -> None:
        """Put numbers where scores are NaN, in place; scores that are there do not change.

        Where no later frame of an environment was scored, the one before it holds.

        Args:
            steps: one or more, in the order of time. The first one's ``before`` is known, and so are the last frame of
                an episode and the first of the next; so no line leads from one episode into another.
            following: float32 ``(N,)``, scores of the frames that the next step starts from.
        """
        # In the order of time: the frame after a step is that before the next, but where an episode ended.
        frames = [row for step in steps for row in (step.before, step.after)] + [following]
        scores = np.stack(frames)
        known, order = np.isfinite(scores), np.arange(len(frames))[:, None]
        if known.all():
            return
        left = np.maximum.accumulate(np.where(known, order, 0), axis=0)
        guess = np.take_along_axis(scores, left, axis=0)
        if self.looks_ahead:
            right = np.minimum.accumulate(np.where(known, order, len(frames))[::-1], axis=0)[::-1]
            right = np.where(right < len(frames), right, left)
            times = (np.arange(len(frames)) + 1) // 2
            share = (times[:, None] - times[left]) / np.maximum(times[right] - times[left], 1)
            guess = guess + (np.take_along_axis(scores, right, axis=0) - guess) * share
        for row, there, guessed in zip(frames, known, guess, strict=True):
            row[~there] = guessed[~there]


def check_gaps(gaps: Gaps, cadence: Cadence, takes: str = "picture") -> None:
    """Refuse gaps that would be filled with numbers which whole episodes do not have, or single states do not tell.

    Raises:
        ConfigError: a line would lead up to an episode's score, or a student or late scores would stand in for it, or
            for the score of an episode so far.
    """
    if cadence == "episode" and gaps.widest > 1 and (gaps.looks_ahead or gaps.reads_states):
        raise ConfigError(
            "scoring.between: between the frames of an episode that is scored as a whole there is nothing to fill in; "
            "take scoring.between=hold, which leaves frames out (Gaps(k, 'hold'))"
        )
    if takes == "history" and (gaps.reads_states or gaps.late):
        raise ConfigError(
            "scoring.between: a student sees a state alone, and this reward reads the episode up to it; take "
            "scoring.between=line or scoring.between=hold"
        )
