"""A gauge read off many simulations at once, in the place of frames."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from vlmrl.envs.batch.easel import Easel, Picture
from vlmrl.envs.batch.engine import Engine
from vlmrl.envs.batch.truth import state_of
from vlmrl.envs.gauge import Gauge, View


@dataclass(frozen=True)
class Reading:
    """What is read.

    Attributes:
        gauge: reads it.
        picture: how a gauge is shown the first states of episodes, where it asks for them.
    """

    gauge: Gauge
    picture: Picture


class Tracks(Easel):
    """Rows of numbers of the states of an engine as they are at the call, whose positions must be up to date.

    Args:
        model: the model, left as it was found.
        engine: the simulations.
        reading: what is read.
    """

    def __init__(self, model: mujoco.MjModel, engine: Engine, reading: Reading) -> None:
        super().__init__(model, engine, reading.picture)
        self._states = state_of(engine)
        self._readings = reading.gauge.readings(engine.count)

    def begin(self, sims: Iterable[int]) -> None:
        """Take in the first states of episodes."""
        chosen = [int(sim) for sim in sims]
        self._readings.begin(chosen, self._states[chosen], self._view)

    def draw(self, sims: Iterable[int] | None = None) -> NDArray[Any]:
        """Numbers of simulations, of all by default: float32 ``(k, W)``."""
        chosen = list(range(self._engine.count)) if sims is None else [int(sim) for sim in sims]
        return self._readings.read(chosen, self._states[chosen])

    def _view(self, sim: int) -> View:
        frame = np.asarray(super().draw([sim])[0], np.uint8)
        return View(frame, self._painters[0].camera)
