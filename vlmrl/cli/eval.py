"""Judge a run's agent beside a random one, by ground truth, on seeds that training never saw.

  vlmrl eval runs/demo
  vlmrl eval runs/demo episodes=100 oracle=runs/demo-oracle json=evaluation.json

oracle= names a run of the same task that was trained with reward=oracle; it is judged on the same seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import NonNegativeInt, PositiveInt

from vlmrl.cli import _comparison, _out
from vlmrl.cli._runs import Trained, trained
from vlmrl.cli._settings import Answer
from vlmrl.config.atomic import write_text
from vlmrl.errors import ConfigError


class EvalSettings(Answer):
    """Settings of ``vlmrl eval``."""

    run: Path
    """A run's directory; an argument without = is it."""
    oracle: Path | None = None
    """A run of the same task trained with reward=oracle, judged beside it."""
    episodes: PositiveInt | None = None
    """Episodes of each agent; null: the run's evaluation.final_episodes."""
    seed: NonNegativeInt | None = None
    """Seed of the first episode, the next ones count up; null: the run's evaluation.seed."""
    checkpoint: Literal["last", "best"] = "last"
    """best is chosen by ground truth, and labelled so."""
    score: bool = True
    """Score the frames too, so that reward and ground truth can be compared; off, no frame is drawn."""


SETTINGS = EvalSettings


def run(argv: Sequence[str]) -> int:
    """Run the verb; the run's evaluation.json and report are written anew if the last checkpoint was judged."""
    from vlmrl.config.compose import compose

    settings = compose(argv, EvalSettings, positional="run")
    best = settings.checkpoint == "best"
    agents = {"agent": trained(settings.run, best)}
    if settings.oracle is not None:
        agents["oracle"] = _alike(agents["agent"], trained(settings.oracle, best))
    agent = agents["agent"]
    from vlmrl.judge.compare import compare

    scorer, words = agent.scorer() if settings.score else (None, None)
    comparison = compare(
        {name: one.policy for name, one in agents.items()},
        partial(agent.world.env, scorer is not None),
        agent.world.task,
        agent.seeds(settings.seed, settings.episodes or agent.config.evaluation.final_episodes),
        scorer,
        words,
        chosen={name: one.chosen for name, one in agents.items()},
    )
    _comparison.show(comparison)
    if settings.json is not None:
        write_text(_out.place(settings.json), comparison.to_json())
    if not best:
        from vlmrl.report import html

        write_text(agent.run.evaluation, comparison.to_json())
        _out.say(f"report: {html.write(agent.run.path)}")
    return 0


def _alike(agent: Trained, oracle: Trained) -> Trained:
    """The second, if it acts in the first one's world and was paid by the simulator."""
    if (oracle.config.world, oracle.config.obs) != (agent.config.world, agent.config.obs):
        raise ConfigError(f"oracle={oracle.run.path}: acts in {oracle.config.world}, not in {agent.config.world}")
    if not oracle.config.reward.is_oracle:
        raise ConfigError(f"oracle={oracle.run.path}: was trained with reward={oracle.config.reward.name}, not oracle")
    return oracle
