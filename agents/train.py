"""The whole of ``vlmrl train``: from settings to an agent that has learned, was judged, and lies in a directory."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from tqdm import tqdm

from vlmrl.agents.build import World, find_world
from vlmrl.agents.learner import sb3
from vlmrl.agents.policy import TrainedPolicy
from vlmrl.agents.runs.rehearsal import rehearse
from vlmrl.agents.runs.result import RunResult, close_books, judge_last, judged_before
from vlmrl.agents.runs.session import Session
from vlmrl.agents.runs.stop import Stop
from vlmrl.agents.teaching import headline, pictures, prepare
from vlmrl.agents.timing import Clock
from vlmrl.agents.vla.imitate import imitate
from vlmrl.agents.vla.online.reinforce import reinforce
from vlmrl.config import atomic, parts
from vlmrl.config.run_dir import RunDir
from vlmrl.config.schema import RunConfig
from vlmrl.errors import RenderError
from vlmrl.keypoints.build import counts
from vlmrl.keypoints.episode import plan_picture
from vlmrl.metrics.evaluation import Comparison

Say = Callable[[str], object]

PICTURES = "pictures.json"
"""Where the pictures come from that a run was paid by, by the reward's settings; not there for one paid by words."""


def train(config: RunConfig, say: Say | None = None) -> RunResult:
    """Train an agent as the settings say; continue the run if its directory holds one.

    Args:
        config: of :func:`vlmrl.configure` or the command line.
        say: gets every line meant for the user; None prints to standard output, above the progress bar.

    Returns:
        What it came to, all of it also in the run's directory.

    Raises:
        ConfigError: a setting does not fit, or the words cannot be scored; nothing was written yet.
        RunError: the run's directory cannot be written, is in use, or every checkpoint in it is damaged.
        Abstained: a frame got no number; the last checkpoint is whole.
    """
    say = say or partial(tqdm.write, file=sys.stdout)
    if config.agent.reads:
        return imitate(config, say) if config.agent.imitates else reinforce(config, say)
    sb3.check(config.agent)
    parts.check_shaping(config.shaping)
    clock = Clock()
    world, teacher = prepare(find_world(config), clock, say)
    if config.dry_run:
        rehearse(world, teacher, say)
        return RunResult(None, config.seed, 0)
    with RunDir.start(config) as run:
        world = replace(world, config=run.config)
        say(headline(world, teacher, run))
        if shown := pictures(run.config):
            run.write_json(PICTURES, shown)
        if world.gauge is not None and not run.plan.is_file():
            _draw_plan(world, run, say)
        session = Session(run, world, teacher, clock, Stop(say), say)
        try:
            learned = session.learn()
            comparison = _judge(session, learned, say) if session.stopped is None else None
        finally:
            session.close()
        if told := counts(world.gauge):
            say(f"plans: {', '.join(f'{count} {name}' for name, count in told.items())}")
        steps = session.model.num_timesteps
        return close_books(run, clock, steps, comparison, session.stopped, say)


def _draw_plan(world: World, run: RunDir, say: Say) -> None:
    """Leave a picture of the way that is planned for the start of the run's own seed; without GL there is none."""
    try:
        atomic.write_bytes(run.plan, plan_picture(world.env(True), world.config.seed or 0))
        say(f"plan: {run.plan}")
    except RenderError as fault:
        say(f"warning: {run.plan.name} cannot be drawn: {fault}; training goes on")


def _judge(session: Session, learned: bool, say: Say) -> Comparison:
    """Judge the last weights beside a random agent, and keep the result; once, if nothing was learned since."""
    run, world, teacher = session.run, session.world, session.teacher
    before = judged_before(run, learned, session.model.num_timesteps, say)
    if before is not None:
        return before
    scorer = teacher.scorer if teacher is not None else None
    return judge_last(run, world, TrainedPolicy(session.model), scorer, session.clock, say)
