"""The callback that saves: checkpoints on time, and one more when somebody asks the run to stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.type_aliases import TrainFrequencyUnit

from vlmrl.agents.runs.checkpoint import Checkpoints
from vlmrl.agents.runs.stop import Interrupted, Stop
from vlmrl.agents.timing import Clock
from vlmrl.types import Array


class Saving(BaseCallback):
    """Saves between two rollouts, when every stored step is paid and learned from.

    Args:
        checkpoints: where to.
        every: environment steps; a kill loses no more than these (or one rollout, where that is longer).
        stop: asked between rollouts; an on-policy rollout, which can take minutes, is left in its middle.
        notes: what to save beside the model.
        clock: counts the time.
        more: arrays to save beside them.
    """

    def __init__(
        self,
        checkpoints: Checkpoints,
        every: int,
        stop: Stop,
        notes: Callable[[], Mapping[str, Any]],
        clock: Clock,
        more: Callable[[], Mapping[str, Array]] = dict,
    ) -> None:
        super().__init__()
        self._checkpoints, self._every, self._stop, self._notes, self._clock = checkpoints, every, stop, notes, clock
        self._more = more

    def save(self) -> Path:
        """Save now.

        Raises:
            RunError: it cannot be written; earlier checkpoints are whole.
        """
        with self._clock.of("saving"):
            self._saved = self.model.num_timesteps
            return self._checkpoints.save(self.model, self._notes(), self._more())

    def _on_training_start(self) -> None:
        self._saved = self._begun = self.model.num_timesteps

    def _on_rollout_start(self) -> None:
        self._begun = self.model.num_timesteps
        if self._stop.wish is not None:
            self._leave()
        due = self._begun + rollout_steps(self.model) > self._saved + self._every
        if due and self._begun > self._saved:
            self.save()

    def _on_step(self) -> bool:
        if self._stop.wish is not None and isinstance(self.model, OnPolicyAlgorithm):
            # The weights are still those of the rollout's start; its steps were not learned from, so they do not count.
            self.model.num_timesteps = self._begun
            self._leave()
        return True

    def _leave(self) -> None:
        if self._begun > 0:
            self.save()
        raise Interrupted(self._stop.wish)


def rollout_steps(model: Any) -> int:
    """Environment steps between two updates; 0 where episodes are counted, whose length nobody knows."""
    if isinstance(model, OnPolicyAlgorithm):
        return model.n_steps * model.n_envs
    frequency = model.train_freq
    return int(frequency.frequency * model.n_envs) if frequency.unit is TrainFrequencyUnit.STEP else 0
