"""How a policy that reads does on each of several tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from vlmrl.agents.vla.senses import SeenWorld
from vlmrl.agents.vla.session import Sitting
from vlmrl.judge.episodes import evaluate
from vlmrl.metrics.intervals import rate

INSTRUCTIONS = "instructions.json"
"""Success on each task, where there are several."""


def judge_each(sitting: Sitting, worlds: Mapping[str, SeenWorld], say: Callable[[str], object]) -> None:
    """Success on each task, by ground truth, written down and told."""
    if len(worlds) == 1:
        return
    run, told = sitting.run, {}
    seeds = list(run.config.evaluation.seeds)[: run.config.evaluation.episodes]
    say(f"judging each of {len(worlds)} instructions on {len(seeds)} episodes")
    with sitting.clock.of("judging"):
        for name, world in worlds.items():
            judged = evaluate(sitting.policy(), partial(world.env, False), world.task, seeds)
            success = rate([float(bool(episode.success)) for episode in judged.episodes])
            told[name] = {"success": success.mean, "low": success.low, "high": success.high, "episodes": len(seeds)}
            say(f"{success.mean:>5.0%} [{success.low:.0%}, {success.high:.0%}] {name}")
    mean = float(np.mean([one["success"] for one in told.values()]))
    say(f"{mean:>5.0%} over all {len(worlds)}")
    run.write_json(INSTRUCTIONS, {"mean": mean, "tasks": told})
