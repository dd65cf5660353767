"""A finished run, opened for judging or filming: its agent, its world, and what scores its frames."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vlmrl.config.run_dir import RunDir
from vlmrl.config.schema import RunConfig
from vlmrl.errors import ConfigError, RunError

if TYPE_CHECKING:
    from vlmrl.agents.build import World
    from vlmrl.agents.policy import TrainedPolicy
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
    """

    run: RunDir
    policy: TrainedPolicy
    world: World
    chosen: str
    steps: int

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

    def scorer(self) -> tuple[AnyScorer | None, Words | None]:
        """What paid this agent, and for which words; nothing for one that the simulator paid."""
        if self.config.reward.is_oracle:
            return None, None
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
    from vlmrl.agents.policy import load_policy

    policy, world, chosen = load_policy(run, best)
    return Trained(run, policy, world, chosen, int(run.read_json(model.with_suffix(".json").name)["steps"]))
