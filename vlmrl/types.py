"""The shapes that travel through the project, named once.

Frames are uint8 ``(B, H, W, 3)`` RGB, row 0 at the top; scores are float32 ``(B,)``. Both may be NumPy arrays or torch
tensors. This module imports neither torch nor MuJoCo, so that ``import vlmrl`` stays light.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vlmrl.errors import ConfigError

if TYPE_CHECKING:
    import torch

Array: TypeAlias = NDArray[Any]
"""Any NumPy array; the docstring that uses it gives shape, dtype, range and unit."""

Frames: TypeAlias = "NDArray[np.uint8] | torch.Tensor"
"""uint8 ``(B, H, W, 3)``, RGB, row 0 at the top."""

Scores: TypeAlias = "torch.Tensor"
"""float32 ``(B,)``, one number a frame."""


@dataclass(frozen=True)
class Words:
    """What a person asks for: sentences for the goal, and what to tell it from.

    Attributes:
        goal: at least one sentence that is true when the task is done; several are averaged.
        baseline: sentences true of any frame of this world ("a pole on a cart"); empty where a reward needs none.
        negative: sentences true when the task is clearly not done; may be empty.

    Raises:
        ConfigError: no goal, or a sentence without a letter in it.
    """

    goal: tuple[str, ...]
    baseline: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for side in ("goal", "baseline", "negative"):
            sentences = getattr(self, side)
            if isinstance(sentences, str):
                raise ConfigError(f"{side}={sentences!r}: is one string; give a tuple of sentences, or use Words.of")
            for sentence in sentences:
                if not isinstance(sentence, str) or not any(letter.isalnum() for letter in sentence):
                    raise ConfigError(
                        f"{side}={sentence!r}: has no words; write a sentence such as 'a pole standing upright'"
                    )
        if not self.goal:
            raise ConfigError(
                "goal: is missing; say in a sentence what to do, for example goal='a pole standing upright'"
            )

    @classmethod
    def of(
        cls, goal: str | Iterable[str], baseline: str | Iterable[str] = (), negative: str | Iterable[str] = ()
    ) -> Words:
        """Build words from single sentences or several, whichever is at hand."""
        return cls(*(((side,) if isinstance(side, str) else tuple(side)) for side in (goal, baseline, negative)))

    @classmethod
    def over(
        cls, task: Words | None, goal: tuple[str, ...], baseline: tuple[str, ...], negative: tuple[str, ...]
    ) -> Words:
        """A user's sentences over a task's.

        Args:
            task: the task's own sentences, or None where there is no task. Its baseline stands in for a missing one;
                its negatives only while its goal is kept too, for they are the opposite of that goal and no other.
            goal: the user's; empty where none were given, as the other two.
            baseline: likewise.
            negative: likewise.

        Raises:
            ConfigError: there is no goal on either side.
        """
        if task is None:
            return cls(goal, baseline, negative)
        return cls(goal or task.goal, baseline or task.baseline, negative or (() if goal else task.negative))

    @property
    def sentences(self) -> tuple[str, ...]:
        """Every sentence, goal first, then baseline, then negative."""
        return self.goal + self.baseline + self.negative
