"""A sitting of cloning: updates from demonstrations, of which the averaged weights act."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from tqdm import tqdm

from vlmrl.agents.runs.stop import Stop
from vlmrl.agents.timing import Clock
from vlmrl.agents.vla.learning import Learner
from vlmrl.agents.vla.policy import Mind
from vlmrl.agents.vla.senses import SeenWorld
from vlmrl.agents.vla.session import Sitting
from vlmrl.config.run_dir import RunDir


class Cloning(Sitting):
    """A step is one of a demonstration, a round an update; arguments and errors as for :class:`Sitting`."""

    def __init__(
        self,
        run: RunDir,
        worlds: Mapping[str, SeenWorld],
        learner: Learner,
        mind: Mind,
        clock: Clock,
        stop: Stop,
        say: Callable[[str], object],
    ) -> None:
        self.learner = learner
        self._losses: list[float] = []
        super().__init__(run, worlds, learner, mind, clock, stop, say)

    @property
    def steps(self) -> int:
        """Steps of demonstrations learned from so far, each as often as it was."""
        return self.learner.updates * self._round_of

    @property
    def _round_of(self) -> int:
        return self.learner.batch_size

    def acting(self) -> AbstractContextManager[object]:
        """The averaged weights, for as long as the block lasts."""
        return self.learner.averaged()

    def _round(self, bar: tqdm[Any]) -> bool:
        with self.clock.of("learning"):
            self._losses.append(self.learner.update())
        bar.update(self._round_of)
        return True

    def _told(self) -> dict[str, float]:
        """What was lost since the last row, on learned and on held-out steps."""
        loss, self._losses = sum(self._losses) / len(self._losses), []
        told = {"train/loss": loss}
        with self.clock.of("judging"):
            held = self.learner.held_out()
        if held is not None:
            told["train/held_out_loss"] = held
        return told
