"""A sitting seen through: learned, judged beside others and on each of its tasks, and its books closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from vlmrl.agents.runs.result import RunResult, close_books, judge_last, judged_before
from vlmrl.agents.timing import AllCores
from vlmrl.agents.vla.senses import SeenWorld
from vlmrl.agents.vla.session import Sitting
from vlmrl.judge.episodes import evaluate
from vlmrl.metrics.intervals import rate
from vlmrl.video.play import Policy

INSTRUCTIONS = "instructions.json"
"""Success on each task, where there are several."""


def seen_through(
    sitting: Sitting,
    worlds: Mapping[str, SeenWorld],
    say: Callable[[str], object],
    scorer: AllCores | None = None,
    beside: Mapping[str, Policy] | None = None,
) -> RunResult:
    """Learn, and judge what came of it, unless somebody asked to stop.

    Args:
        sitting: which.
        worlds: of each task that is judged.
        say: tells the user.
        scorer: scores the frames of the episodes by which it is judged; None draws none.
        beside: others that are judged on the same seeds, by their names.
    """
    learned = sitting.learn()
    run, clock, comparison = sitting.run, sitting.clock, None
    if sitting.stopped is None:
        comparison = judged_before(run, learned, sitting.steps, say)
        if comparison is None:
            with sitting.acting():
                own = worlds[run.config.world]
                comparison = judge_last(run, own, sitting.policy(), scorer, clock, say, beside)
                _judge_each(sitting, worlds, say)
    return close_books(run, clock, sitting.steps, comparison, sitting.stopped, say)


def _judge_each(sitting: Sitting, worlds: Mapping[str, SeenWorld], say: Callable[[str], object]) -> None:
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
