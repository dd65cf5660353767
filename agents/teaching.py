"""What pays a learner, made ready before anything costs time, and told in a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import TypeVar

import torch

from vlmrl.agents.build import World, build_scorer, build_shape
from vlmrl.agents.runs.session import Teacher
from vlmrl.agents.timing import AllCores, Clock
from vlmrl.config import parts
from vlmrl.config.run_dir import RunDir
from vlmrl.config.schema import RunConfig
from vlmrl.judge.pictures import sources, tell_drawn
from vlmrl.keypoints.build import tell_planned
from vlmrl.preferences.build import learner_of, tell_judged
from vlmrl.rewards.base import RewardModel
from vlmrl.rewards.preference import Preference
from vlmrl.scoring.tracks import AnyScorer, scorer_of
from vlmrl.sim_clip import familiarity

Say = Callable[[str], object]

W = TypeVar("W", bound=World)


def prepare(world: W, clock: Clock, say: Say, model: RewardModel | None = None) -> tuple[W, Teacher | None]:
    """Load what pays the learner, and check that it understands the words, before anything costs time.

    Args:
        world: where it learns.
        clock: counts the time of scoring.
        say: tells the user.
        model: the run's reward model, loaded for another of its tasks, which is taken again if it was not made for that
            task alone.

    Returns:
        The world, with frames as the model reads them, and what pays there; None where the environment does.

    Raises:
        UnknownName, WeightsMissing, ConfigError: as :func:`~vlmrl.agents.build.build_scorer` and
            :func:`~vlmrl.agents.build.build_shape`.
    """
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
    scorer = build_scorer(config, words, world.task) if model is None else _again(world, model)
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


def _again(world: World, model: RewardModel) -> AnyScorer:
    """A scorer for another task of the run."""
    config = world.config
    if model.missing_pictures(config.reward.keywords):
        return build_scorer(config, world.words, world.task)
    model.check(world.words)
    if world.task is not None:
        model.check_view(asdict(world.task.camera))
    return scorer_of(model)


def headline(world: World, teacher: Teacher | None, run: RunDir) -> str:
    """A run in a line: where, paid for what, and what learns."""
    config = run.config
    agent = f"{config.agent.name}, {config.agent.total_steps:,} steps in {config.agent.n_envs} environments"
    if teacher is None:
        paid = "paid by the environment's own reward"
    else:
        words, model = world.words, teacher.model
        likeness = " and ".join(f"{key} ({where})" for key, where in pictures(config).items())
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


def pictures(config: RunConfig) -> dict[str, str]:
    """Where the pictures of the run's reward come from; empty for one that looks at none."""
    return {} if config.reward.is_oracle else sources(config.reward.name, config.reward.keywords)
