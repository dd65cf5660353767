"""A finished run, opened for judging or filming: its agent, its world, and what scores its frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vlmrl.config.run_dir import RunDir
from vlmrl.config.schema import RunConfig
from vlmrl.errors import ConfigError, RunError

if TYPE_CHECKING:
    from vlmrl.agents.build import World
    from vlmrl.agents.policy import TrainedPolicy
    from vlmrl.agents.vla.policy import VLAPolicy
    from vlmrl.scoring.tracks import AnyScorer
    from vlmrl.types import Words


@dataclass(frozen=True)
class Trained:
    """What a run left behind.

    Attributes:
        run: its directory.
        policy: its agent, which does not explore.
        world: where the agent acts.
        chosen: how its weights were chosen.
        steps: environment steps that it learned for.
        told: what else stands beside its weights.
    """

    run: RunDir
    policy: TrainedPolicy | VLAPolicy
    world: World
    chosen: str
    steps: int
    told: Mapping[str, Any] = field(default_factory=dict)

    @property
    def config(self) -> RunConfig:
        """The run's settings."""
        return self.run.config

    def seeds(self, first: int | None, count: int) -> list[int]:
        """Seeds of so many episodes to judge by; None begins where the run's evaluation does.

        Raises:
            ConfigError: they meet the seeds of training.
        """
        first = self.config.evaluation.seed if first is None else first
        seeds, training = list(range(first, first + count)), self.config.seed or 0
        if first < training + self.config.agent.n_envs and training <= seeds[-1]:
            raise ConfigError(f"seed={first}: meets the seeds of training, from {training} on; take another")
        return seeds

    @property
    def tasks(self) -> tuple[str, ...]:
        """What it was shown, of one that imitates; else the task that it learned."""
        return tuple(self.told.get("tasks", (self.config.world,)))

    def asked(self, task: str | None, instruction: str | None) -> Trained:
        """The same agent, asked for another task, or with other words for its own.

        Args:
            task: of the same world; None: the run's.
            instruction: what it is told; empty says nothing; None: what the task says.

        Raises:
            ConfigError: this agent reads no sentences.
            UnknownName: there is no such task.
        """
        if task is None and instruction is None:
            return self
        from vlmrl.agents.vla.senses import SeenWorld

        if not isinstance(self.world, SeenWorld):
            key = f"task={task}" if task is not None else f"instruction={instruction}"
            raise ConfigError(f"{key}: run={self.run.path} reads no sentences; only agent=vla/… can be asked for more")
        if task is None:
            return replace(self, world=replace(self.world, instruction=instruction))
        return replace(self, world=self.world.on(task, instruction))

    def scorer(self) -> tuple[AnyScorer | None, Words | None]:
        """What paid this agent, and for which words; no scorer for one that the simulator paid, or that imitates."""
        if self.config.reward.is_oracle:
            return None, None
        if self.config.agent.imitates:
            from vlmrl.agents.vla.senses import title_of

            return None, title_of(self.world)
        from vlmrl.agents.build import build_scorer
        from vlmrl.rewards.base import refuse_untaught

        scorer = build_scorer(self.config, self.world.words, self.world.task)
        refuse_untaught(scorer.model)
        return scorer, self.world.words


def trained(path: Path, best: bool = False) -> Trained:
    """The agent of the run in ``path``.

    Args:
        path: the run's directory.
        best: the checkpoint that did best by ground truth, instead of the last.

    Raises:
        RunError: there is no run, it has no agent yet, or its files are damaged.
    """
    run = RunDir.open(path)
    model = run.best_model if best else run.last_model
    if not model.is_file():
        raise RunError(f"run={path}: has no {model.name} yet; `vlmrl train ... run_dir={path}` goes on with it")
    told = run.read_json(model.with_suffix(".json").name)
    policy, world, chosen = _loaded(run, best)
    return Trained(run, policy, world, chosen, int(told["steps"]), told)


def _loaded(run: RunDir, best: bool) -> tuple[TrainedPolicy | VLAPolicy, World, str]:
    if run.config.agent.reads:
        from vlmrl.agents.vla import opened

        return opened.load_policy(run, best)
    from vlmrl.agents.policy import load_policy

    return load_policy(run, best)
