"""Judge a run's agent beside a random one, by ground truth, on seeds that training never saw.

  vlmrl eval runs/demo
  vlmrl eval runs/demo episodes=100 oracle=runs/demo-oracle json=evaluation.json

oracle= names a run of the same task that was trained with reward=oracle; it is judged on the same seeds.

An agent that reads sentences (agent=vla/bc) may be asked for other tasks, and in other words:

  vlmrl eval runs/clone task=tabletop/press_button instruction="hit the button"
  vlmrl eval runs/clone 'task=tabletop/reach_*'            all that it was shown whose names are so
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import NonNegativeInt, PositiveInt

from vlmrl.cli import _comparison, _out
from vlmrl.cli._runs import Trained, trained
from vlmrl.cli._settings import Answer
from vlmrl.config.atomic import write_text
from vlmrl.errors import ConfigError

if TYPE_CHECKING:
    from vlmrl.metrics.evaluation import Comparison


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
    task: tuple[str, ...] = ()
    """Of an agent that reads sentences: tasks to ask it for, again for several, or patterns of those that it was shown;
    none: the run's own."""
    instruction: str | None = None
    """Of such an agent: what it is told; empty says nothing; null: what the task says."""
    score: bool = True
    """Score the frames too, so that reward and ground truth can be compared; off, no frame is drawn."""


SETTINGS = EvalSettings


def run(argv: Sequence[str]) -> int:
    """Run the verb; the run's evaluation.json and report are written anew if the last checkpoint was judged."""
    from vlmrl.config.compose import compose

    settings = compose(argv, EvalSettings, positional="run")
    best = settings.checkpoint == "best"
    agent = trained(settings.run, best)
    if settings.task or settings.instruction is not None:
        return _asked(agent, settings)
    agents = {"agent": agent}
    if settings.oracle is not None:
        agents["oracle"] = _alike(agent, trained(settings.oracle, best))
    comparison = _compared(agents, settings)
    _comparison.show(comparison)
    if settings.json is not None:
        write_text(_out.place(settings.json), comparison.to_json())
    if not best:
        from vlmrl.report import html

        write_text(agent.run.evaluation, comparison.to_json())
        _out.say(f"report: {html.write(agent.run.path)}")
    return 0


def _compared(agents: Mapping[str, Trained], settings: EvalSettings) -> Comparison:
    from vlmrl.judge.compare import compare

    agent = agents["agent"]
    scorer, words = agent.scorer() if settings.score else (None, None)
    return compare(
        {name: one.policy for name, one in agents.items()},
        partial(agent.world.env, scorer is not None),
        agent.world.task,
        agent.seeds(settings.seed, settings.episodes or agent.config.evaluation.final_episodes),
        scorer,
        words,
        chosen={name: one.chosen for name, one in agents.items()},
    )


def _asked(agent: Trained, settings: EvalSettings) -> int:
    """Judge an agent that reads sentences on what else it is asked for; the run's own files stay as they are."""
    if settings.oracle is not None:
        raise ConfigError(f"oracle={settings.oracle}: is judged on the run's own task; leave task and instruction out")
    from dataclasses import replace

    from vlmrl.judge.episodes import evaluate
    from vlmrl.metrics.plain import plain

    names = [name for pattern in settings.task for name in fnmatch.filter(agent.tasks, pattern) or [pattern]]
    seeds = agent.seeds(settings.seed, settings.episodes or agent.config.evaluation.final_episodes)
    rows = []
    for name in dict.fromkeys(names) or [None]:
        world = agent.asked(name, settings.instruction).world
        judged = evaluate(agent.policy, partial(world.env, False), world.task, seeds)
        row = replace(judged, chosen=agent.chosen).row()
        rows.append({"task": name or world.config.world, "success": row.success, "truth": row.oracle_return})
        _out.say(f"{rows[-1]['task']}: {_out.shown(row.success)}")
    said = "" if settings.instruction is None else f", told {settings.instruction!r}"
    _out.table(rows, f"{len(seeds)} episodes each, by ground truth{said}")
    told = {"instruction": settings.instruction, "chosen": agent.chosen, "episodes": len(seeds), "rows": rows}
    _out.write(settings.json, plain(told))
    return 0


def _alike(agent: Trained, oracle: Trained) -> Trained:
    """The second, if it acts in the first one's world and was paid by the simulator."""
    if (oracle.config.world, oracle.config.obs) != (agent.config.world, agent.config.obs):
        raise ConfigError(f"oracle={oracle.run.path}: acts in {oracle.config.world}, not in {agent.config.world}")
    if not oracle.config.reward.is_oracle:
        raise ConfigError(f"oracle={oracle.run.path}: was trained with reward={oracle.config.reward.name}, not oracle")
    return oracle
