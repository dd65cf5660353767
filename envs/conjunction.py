"""A ground truth of conditions that must all hold: done when each does, near by the product of how near each is.

The product, not the mean: a robot that kneels with a straight back has most of what standing asks for, and an agent
paid by the mean stays there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vlmrl.envs.task import State
from vlmrl.errors import ConfigError
from vlmrl.types import Array


@dataclass(frozen=True)
class Condition:
    """One thing that must hold.

    Attributes:
        says: it, in words: "the head is above 1.35 m".
        measure: ``State (...) -> float (...)``; or ``(..., 2)``, with ``both``.
        holds: the measure from which on it holds.
        none: the measure at which it could not be less true; on the other side of ``holds`` than the truth.
        both: the measure is of the right and of the left, and it must hold of both.
    """

    says: str
    measure: Callable[[State], Array]
    holds: float
    none: float
    both: bool = False

    def __post_init__(self) -> None:
        if self.holds == self.none:
            raise ConfigError(f"condition={self.says}: holds={self.holds} and none={self.none} must differ")

    def nearness(self, state: State) -> Array:
        """``(...)`` in [0, 1]: 1 exactly where it holds, falling in a straight line to 0."""
        near: Array = np.clip((self.measure(state) - self.none) / (self.holds - self.none), 0.0, 1.0)
        return near.min(axis=-1) if self.both else near


class Conjunction:
    """Several conditions as the ground truth of a task: called, it is ``success``; :meth:`nearness` is the oracle.

    Args:
        *conditions: what must hold.

    Raises:
        ConfigError: there is none.
    """

    def __init__(self, *conditions: Condition) -> None:
        if not conditions:
            raise ConfigError("conditions: there is none; a ground truth has at least one")
        self.conditions = conditions
        said = "; ".join(one.says for one in conditions)
        self.__doc__ = f"True while {said}."

    def __call__(self, state: State) -> Array:
        """Whether all hold: bool ``(...)``."""
        done: Array = self.nearness(state) == 1.0
        return done

    def nearness(self, state: State) -> Array:
        """``(...)`` in [0, 1], the product over the conditions; 1 where all hold and nowhere else."""
        near: Array = np.prod([one.nearness(state) for one in self.conditions], axis=0)
        return near
