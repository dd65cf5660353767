"""The whole of ``vlmrl train``: from settings to an agent that has learned, was judged, and lies in a directory."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from tqdm import tqdm

from vlmrl.agents.build import World, build_scorer, build_shape, find_world
from vlmrl.agents.learner import sb3
from vlmrl.agents.policy import TrainedPolicy
from vlmrl.agents.runs.rehearsal import rehearse
from vlmrl.agents.runs.result import RunResult, close_books, judge_last, judged_before
from vlmrl.agents.runs.session import Session, Teacher
from vlmrl.agents.runs.stop import Stop
from vlmrl.agents.timing import AllCores, Clock
from vlmrl.agents.vla.imitate import imitate
from vlmrl.config import atomic, parts
from vlmrl.config.run_dir import RunDir
from vlmrl.config.schema import RunConfig
from vlmrl.errors import RenderError
from vlmrl.judge.pictures import sources, tell_drawn
from vlmrl.keypoints.build import counts, tell_planned
from vlmrl.keypoints.episode import plan_picture
from vlmrl.metrics.evaluation import Comparison
from vlmrl.preferences.build import learner_of, tell_judged
from vlmrl.rewards.preference import Preference
from vlmrl.sim_clip import familiarity

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
    if config.agent.imitates:
        return imitate(config, say)
    sb3.check(config.agent)
    parts.check_shaping(config.shaping)
    clock = Clock()
    world, teacher = _prepare(find_world(config), clock, say)
    if config.dry_run:
        rehearse(world, teacher, say)
        return RunResult(None, config.seed, 0)
    with RunDir.start(config) as run:
        world = replace(world, config=run.config)
        say(_headline(world, teacher, run))
        if shown := _pictures(run.config):
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


def _prepare(world: World, clock: Clock, say: Say) -> tuple[World, Teacher | None]:
    """Load what pays the learner, and check that it understands the words, before anything costs time."""
    config = world.config
    if world.task is None:
        say(
            f"env={config.world}: no task of ours, so nobody knows when it is done: success is not reported, only the "
            "environment's own reward and what the words pay"
        )
    if config.reward.is_oracle:
        return world, None
    words = world.words
    if truth := parts.privileged(config):
        say(f"{truth}: the task's own reward is paid beside the words, so a result is privileged, not from words")
    if world.task is not None:
        tell_drawn(config.reward.name, config.reward.keywords, say)
    scorer = build_scorer(config, words, world.task)
    if world.gauge is not None:  # refused here where there is nothing to read
        tell_planned(config.reward.name, config.reward.keywords, say)
        world = replace(world, planned=world.gauge)
    where = config.world if world.task is None else world.task.world
    model = scorer.model
    told = (config.encoder, model.encoder, words, where, config.task)
    looks = model.takes == "picture" and model.reads_words
    if looks and (report := familiarity.report_where_known(*told)):
        say(report)
    world = replace(world, size=config.render.size or model.encoder.image_size)
    shape = build_shape(world, scorer, say)
    learner = None
    if isinstance(model, Preference) and model.learns:
        learner = learner_of(model, words, world.task is not None, config.seed or 0)
        tell_judged(learner, say)
    return world, Teacher(AllCores(scorer, clock, torch.get_num_threads()), shape, model, learner)


def _headline(world: World, teacher: Teacher | None, run: RunDir) -> str:
    config = run.config
    agent = f"{config.agent.name}, {config.agent.total_steps:,} steps in {config.agent.n_envs} environments"
    if teacher is None:
        paid = "paid by the environment's own reward"
    else:
        words, model = world.words, teacher.model
        likeness = " and ".join(f"{key} ({where})" for key, where in _pictures(config).items())
        by_words = f"paid for {' + '.join(map(repr, words.goal))}" if model.reads_words else ""
        by_way = "paid by keypoints along a planned way" if world.gauge is not None else ""
        paid = ", and ".join(filter(None, (by_words, by_way, f"paid by pictures: {likeness}" if likeness else "")))
        against = (words.baseline if model.needs_baseline else ()) + (words.negative if model.needs_negative else ())
        if against:
            paid += f" against {' + '.join(map(repr, against))}"
        paid += f" ({config.reward.name}, {config.encoder.name})"
        if truth := parts.privileged(config):
            paid += f" and by the task's own reward ({truth})"
    return f"{config.world}: {paid}; {agent}; seed={config.seed}; run_dir={run.path}"


def _pictures(config: RunConfig) -> dict[str, str]:
    """Where the pictures of the run's reward come from; empty for one that looks at none."""
    return {} if config.reward.is_oracle else sources(config.reward.name, config.reward.keywords)


def _judge(session: Session, learned: bool, say: Say) -> Comparison:
    """Judge the last weights beside a random agent, and keep the result; once, if nothing was learned since."""
    run, world, teacher = session.run, session.world, session.teacher
    before = judged_before(run, learned, session.model.num_timesteps, say)
    if before is not None:
        return before
    scorer = teacher.scorer if teacher is not None else None
    return judge_last(run, world, TrainedPolicy(session.model), scorer, session.clock, say)
