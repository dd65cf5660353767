"""The loop of RL-VLM-F beside any learner: frames met, questions asked, nets taught, the whole buffer paid anew."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm

from vlmrl.agents.preferences.memory import Memory
from vlmrl.agents.preferences.tickets import Tickets
from vlmrl.agents.timing import Clock
from vlmrl.config.run_dir import COUNTS, RunDir
from vlmrl.metrics.plain import plain
from vlmrl.preferences.build import save_nets
from vlmrl.preferences.judges.base import FACTS
from vlmrl.preferences.learner import Learner
from vlmrl.shaping import Steps
from vlmrl.types import Array


class Truths(BaseCallback):
    """Notes what the simulator knows of the frames that each step led to. It belongs behind the callback that pays.

    Attributes:
        told: of each step so far since somebody last took them away, facts ``(N,)`` by name, NaN where not known.
    """

    def __init__(self) -> None:
        super().__init__()
        self.told: list[dict[str, Array]] = []

    def _on_step(self) -> bool:
        infos = self.locals["infos"]
        self.told.append({name: np.array([float(info.get(name, np.nan)) for info in infos]) for name in FACTS})
        return True


class Rounds(BaseCallback):
    """Between rollouts: asks and learns when it is time, and pays what is remembered anew.

    It belongs into ``DeferredReward(after_labels=[…])``, which calls it when a rollout's steps are paid, before the
    update. The pay of an on-policy rollout stays what the nets said while it was made.

    Args:
        learner: asks and learns.
        tickets: pays the steps.
        truths: what the simulator knows of them.
        shape: from scores to rewards, as the tickets have it.
        run: where answers and nets are written.
        clock: counts the time of questions and lessons as scoring.
        say: tells the user.
    """

    def __init__(
        self,
        learner: Learner,
        tickets: Tickets,
        truths: Truths,
        shape: Callable[[Steps], Any],
        run: RunDir,
        clock: Clock,
        say: Callable[[str], object],
    ) -> None:
        super().__init__()
        self._learner, self._tickets, self._truths, self._shape = learner, tickets, truths, shape
        self._run, self._clock, self._say = run, clock, say
        self._before: Mapping[str, Array] = {}

    def recall(self, arrays: Mapping[str, Array], notes: Mapping[str, Any]) -> None:
        """Go on from :meth:`arrays` and :meth:`notes` of a checkpoint; to be called before learning starts."""
        self._before = {key.removeprefix("memory/"): one for key, one in arrays.items() if key.startswith("memory/")}
        self._learner.recall({key: one for key, one in arrays.items() if not key.startswith("memory/")}, notes)
        self._tickets.met = int(notes["met"])

    def arrays(self) -> dict[str, Array]:
        """What it must remember to go on, by name."""
        memory = {} if self._tickets.memory is None else self._tickets.memory.arrays()
        return self._learner.arrays() | {f"memory/{name}": one for name, one in memory.items()}

    def notes(self) -> dict[str, Any]:
        """The rest of it, fit for JSON."""
        return {**self._learner.notes(), "met": self._tickets.met}

    def _init_callback(self) -> None:
        if isinstance(self.model, OffPolicyAlgorithm) and self._tickets.memory is None:
            buffer = self.model.replay_buffer
            assert buffer is not None  # DeferredReward has refused a learner without one
            self._tickets.memory = Memory(buffer, self._learner.model.nets.dim)
            if self._before:
                self._tickets.memory.recall(self._before)

    def _on_step(self) -> bool:
        numbers, self._tickets.numbers = self._tickets.numbers, []
        told, self._truths.told = self._truths.told, []
        if numbers:
            facts = {name: np.stack([step[name] for step in told]) for name in FACTS}
            self._learner.pool.tell(np.stack(numbers), facts)
        if self._learner.due(self.num_timesteps):
            with self._clock.of("scoring"):
                self._round()
        for name, value in self._learner.told.items():
            self.logger.record(f"preferences/{name}", value)
        return True

    def _round(self) -> None:
        rows = self._learner.round(self.num_timesteps, self._say)
        with self._run.preferences.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
        memory, model = self._tickets.memory, self._learner.model
        if memory is not None:
            memory.relabel(model.nets.score, self._shape, float(self.model.gamma))  # type: ignore[attr-defined]
        self.write()

    def write(self) -> None:
        """Put the nets, and how often was asked, into the run's directory."""
        save_nets(self._run.nets, self._learner.model, self._learner.words)
        judge, (name, _) = self._learner.judge, self._learner.model.judged_by
        about = {
            "judge": name,
            "privileged": judge is not None and judge.privileged,
            **self._learner.told,
            "told": {} if judge is None else dict(judge.told),
        }
        self._run.write_json(COUNTS, plain(about))
