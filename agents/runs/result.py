"""What a run comes to: its result, and the judgement of its last weights, alike for every kind of learner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from vlmrl.agents.build import World
from vlmrl.agents.timing import AllCores, Clock
from vlmrl.config import atomic
from vlmrl.config.run_dir import RunDir
from vlmrl.judge.compare import compare
from vlmrl.metrics.evaluation import Comparison
from vlmrl.video.play import Policy

DONE = "timing.json"
"""How long the last session of a run took, on what, and at which step it judged its last weights."""

LAST = "last checkpoint"
"""How the weights that training left were chosen: they were not."""


@dataclass(frozen=True)
class RunResult:
    """What a run came to.

    Attributes:
        path: its directory; None for a dry run, which leaves nothing behind.
        seed: what it was seeded with.
        steps: environment steps taken so far, over all environments and sessions.
        comparison: the agent beside a random one, on seeds that training never saw; None if it was stopped before.
        shares: share of this session's wall time that each part took, in [0, 1].
        stopped: the signal that ended it early, or None.
    """

    path: Path | None
    seed: int | None
    steps: int
    comparison: Comparison | None = None
    shares: Mapping[str, float] = field(default_factory=dict)
    stopped: str | None = None


def judged_before(run: RunDir, learned: bool, steps: int, say: Callable[[str], object]) -> Comparison | None:
    """The judgement of an earlier session, if nothing was learned since; None where there is none."""
    if learned or not (run.evaluation.is_file() and (run.path / DONE).is_file()):
        return None
    if run.read_json(DONE)["judged"] != steps:
        return None
    say(f"run_dir={run.path}: has taken all its steps already; raise agent.total_steps to go on")
    return Comparison.load(run.evaluation)


def judge_last(
    run: RunDir,
    world: World,
    policy: Policy,
    scorer: AllCores | None,
    clock: Clock,
    say: Callable[[str], object],
    beside: Mapping[str, Policy] | None = None,
) -> Comparison:
    """Judge the last weights beside a random agent, and others by their names; keep the result, and tell it."""
    settings = run.config.evaluation
    seeds = list(settings.seeds)[: settings.final_episodes]
    others = "".join(f", its {name}" for name in beside or ())
    say(f"judging it{others} and a random agent on {len(seeds)} episodes each, on seeds that training never saw")
    with clock.of("judging"):
        comparison = compare(
            {"agent": policy, **(beside or {})},
            partial(world.env, scorer is not None),
            world.task,
            seeds,
            scorer,
            world.words if scorer is not None else None,
            chosen={"agent": LAST},
        )
    atomic.write_text(run.evaluation, comparison.to_json())
    for row in comparison.rows():
        measures = {"success": row.success, "truth": row.oracle_return, "words": row.vlm_return}
        if world.task is None:
            measures["own reward"] = row.task_return
        known = [f"{name} {one.mean:.3g} [{one.low:.3g}, {one.high:.3g}]" for name, one in measures.items() if one]
        say(f"{row.agent:>7}: {', '.join(known)} over {row.episodes} episodes")
    return comparison


def close_books(
    run: RunDir,
    clock: Clock,
    steps: int,
    comparison: Comparison | None,
    stopped: str | None,
    say: Callable[[str], object],
) -> RunResult:
    """Write down how long the session took, and tell what it came to."""
    if stopped is not None:
        say(f"stopped at {steps:,} of {run.config.agent.total_steps:,} steps; run_dir={run.path} goes on from there")
    shares = clock.shares()
    done = {"seconds": round(clock.total, 3), "shares": shares, "judged": None if comparison is None else steps}
    run.write_json(DONE, done)
    return RunResult(run.path, run.config.seed, steps, comparison, shares, stopped)
