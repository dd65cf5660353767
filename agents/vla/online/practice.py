"""A sitting of learning from rewards: episodes tried, paid and compared, round by round."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from vlmrl.agents.runs.stop import Stop
from vlmrl.agents.vla.online.curriculum import Curriculum
from vlmrl.agents.vla.online.learner import OnlineLearner, Plans
from vlmrl.agents.vla.online.rollouts import Wave
from vlmrl.agents.vla.online.settings import Grpo, Ppo
from vlmrl.agents.vla.online.stages import Stages
from vlmrl.agents.vla.policy import Mind
from vlmrl.agents.vla.session import Sitting
from vlmrl.config.run_dir import RunDir
from vlmrl.config.schema import MOST_SEEDS

LOWEST = 2**30
"""Seeds of what is tried lie from here on, far from those that people judge by."""


class Practice(Sitting):
    """A step is one of an environment, a round as many episodes as teach something, and the updates from them.

    A round draws everything from the run's seed and its own number, and begins every episode anew, so that a run that
    went on from a checkpoint is the one that was never stopped.

    Args:
        run: the run's directory.
        stages: where things are tried, the run's own task first.
        learner: what learns.
        mind: what acts: the learner's network, which it shares.
        settings: how.
        stop: asked at every step; a round that was stopped is forgotten.
        say: tells the user.

    Raises:
        RunError: as for :class:`Sitting`.
    """

    def __init__(
        self,
        run: RunDir,
        stages: Stages,
        learner: OnlineLearner,
        mind: Mind,
        settings: Grpo | Ppo,
        stop: Stop,
        say: Callable[[str], object],
    ) -> None:
        self.learner, self._stages, self._settings = learner, stages, settings
        self._curriculum = Curriculum(list(stages.worlds), settings.sharpness)
        self._steps = self._alike = 0
        self._new: dict[str, float] = {}
        super().__init__(run, stages.worlds, learner, mind, stages.clock, stop, say)

    @property
    def steps(self) -> int:
        """Steps of environments learned from so far."""
        return self._steps

    @property
    def _round_of(self) -> int:
        return 1

    @property
    def _tasks(self) -> Sequence[str]:
        shown: list[str] = self.run.read_json(self.run.clone.with_suffix(".json").name)["tasks"]
        return list(dict.fromkeys((*self._worlds, *shown)))

    def acting(self) -> AbstractContextManager[object]:
        """The newest weights."""
        self.mind.network.eval()
        return nullcontext()

    def _round(self, bar: tqdm[Any]) -> bool:
        random = np.random.default_rng([self.run.config.seed or 0, self.learner.updates])
        generator = torch.Generator().manual_seed(int(random.integers(2**62)))
        self.mind.network.eval()
        waves: list[Wave] = []
        plans: list[Plans] = []
        useful = tried = 0
        before = bar.n
        while not waves or self._wants_more(useful, tried):
            task = self._curriculum.draw(random)
            wave = self._stages[task].play(
                self.mind,
                self._settings.temperature,
                self._seeds(random),
                generator,
                lambda count: self._each(bar, count),
            )
            if wave is None:
                bar.update(before - bar.n)
                return False
            waves.append(wave)
            with self.clock.of("learning"):
                plans.append(self.learner.judge(wave))
            self._curriculum.saw(task, self._success(wave))
            tried += self._groups
            useful += self.learner.groups(plans[-1])
        with self.clock.of("learning"):
            told = self.learner.learn(plans, random)
        self._steps += sum(int(wave.lengths.sum()) for wave in waves)
        self._alike += tried - useful
        self._new = self._numbers(waves, tried, useful) | {f"train/{name}": value for name, value in told.items()}
        return True

    def _wants_more(self, useful: int, tried: int) -> bool:
        own = self._settings
        return isinstance(own, Grpo) and useful < own.groups and tried < own.groups * own.patience

    def _each(self, bar: tqdm[Any], count: int) -> bool:
        bar.update(count)
        return self._stop.wish is None

    @property
    def _groups(self) -> int:
        return self.run.config.agent.n_envs // self._settings.group

    def _seeds(self, random: np.random.Generator) -> list[int]:
        """One an environment, those of a group alike, none of which anybody is judged by."""
        judged, found = self.run.config.evaluation.seeds, list[int]()
        while len(found) < self._groups:
            seed = int(random.integers(LOWEST, MOST_SEEDS))
            if seed not in judged:
                found.append(seed)
        return [seed for seed in found for _ in range(self._settings.group)]

    def _success(self, wave: Wave) -> float | None:
        """What share of the episodes succeeded, as far as those may know that the policy learns from."""
        if wave.last is None:
            return wave.told.get("success")
        return None if self._settings.done is None else float((wave.last >= self._settings.done).mean())

    def _numbers(self, waves: Sequence[Wave], tried: int, useful: int) -> dict[str, float]:
        columns = dict.fromkeys(name for wave in waves for name in wave.told)
        means = {name: np.mean([wave.told[name] for wave in waves if name in wave.told]) for name in columns}
        found = {f"rollout/{name}": float(mean) for name, mean in means.items()}
        if isinstance(self._settings, Grpo):
            found |= {"rollout/groups": tried, "rollout/groups_alike": tried - useful}
        if len(self._worlds) > 1:
            chances = zip(self._worlds, self._curriculum.chances(), strict=True)
            found |= {f"tasks/{name.rpartition('/')[2]}": float(chance) for name, chance in chances}
        return found

    def _told(self) -> dict[str, float]:
        return self._new

    def _notes(self) -> dict[str, Any]:
        return {"steps": self._steps, "alike": self._alike, "success": self._curriculum.success}

    def _recall(self, notes: Mapping[str, Any]) -> None:
        self._steps, self._alike = int(notes["steps"]), int(notes["alike"])
        self._curriculum.recall(notes["success"])
