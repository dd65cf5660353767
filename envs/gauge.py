"""Numbers that a reward reads off the simulator's states where others look at pictures, episode by episode."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from vlmrl.envs.pinhole import Pinhole
from vlmrl.envs.task import State

SIGHT = (480, 480)
"""Height and width in pixels of the picture that a gauge may ask for when an episode begins."""


@dataclass(frozen=True, eq=False)
class View:
    """A picture and the camera that took it.

    Attributes:
        frame: uint8 ``(H, W, 3)``.
        camera: of the same size.
    """

    frame: NDArray[np.uint8]
    camera: Pinhole


Look: TypeAlias = Callable[[int], View]
"""Draws the state of an environment, by its number; nothing is drawn unless somebody asks."""


class Readings(Protocol):
    """What is read off N environments, each in an episode of its own; it may remember what happened in them."""

    def begin(self, envs: Sequence[int], states: State, look: Look) -> None:
        """Take in the first states of episodes, ``(k,)``, of environments ``envs``."""

    def read(self, envs: Sequence[int], states: State) -> NDArray[np.float32]:
        """Numbers float32 ``(k, W)`` of the present states ``(k,)``; reading a state twice changes nothing.

        Every state of an episode must be read, in the order of time, for what it says of the later ones.
        """


@runtime_checkable
class Gauge(Protocol):
    """Makes readings. It must pickle, as environments may run in processes of their own."""

    def readings(self, count: int) -> Readings:
        """For so many environments, in none of which an episode has begun."""
