"""The whole of ``vlmrl train agent=vla/grpo`` and ``agent=vla/ppo``: a clone that learns on from rewards."""

from __future__ import annotations

import copy
import fnmatch
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from vlmrl.agents.build import find_world
from vlmrl.agents.runs.result import RunResult
from vlmrl.agents.runs.session import Teacher
from vlmrl.agents.runs.stop import Stop
from vlmrl.agents.teaching import headline, prepare
from vlmrl.agents.timing import Clock
from vlmrl.agents.vla.judging import seen_through
from vlmrl.agents.vla.model import device
from vlmrl.agents.vla.online.learner import OnlineLearner
from vlmrl.agents.vla.online.practice import LOWEST, Practice
from vlmrl.agents.vla.online.settings import Grpo, Ppo, online_settings
from vlmrl.agents.vla.online.stages import Stages
from vlmrl.agents.vla.opened import encoder_of, named_encoder, seen_world
from vlmrl.agents.vla.policy import Mind, VLAPolicy
from vlmrl.agents.vla.senses import SeenWorld, told
from vlmrl.agents.vla.store import load_mind, save_mind
from vlmrl.config import parts
from vlmrl.config.run_dir import CLONE, RunDir
from vlmrl.config.schema import RunConfig
from vlmrl.errors import ConfigError, RunError

Say = Callable[[str], object]


@dataclass(frozen=True)
class _Cloned:
    """Where a run begins.

    Attributes:
        mind: the clone.
        tasks: that it was shown.
        steps: of demonstrations that it learned from.
    """

    mind: Mind
    tasks: tuple[str, ...]
    steps: int


def reinforce(config: RunConfig, say: Say) -> RunResult:
    """Teach a clone by rewards; continue the run if its directory holds one.

    Args:
        config: with ``agent=vla/grpo`` or ``agent=vla/ppo``, and ``agent.policy``.
        say: gets every line meant for the user.

    Raises:
        ConfigError: a setting does not fit, the clone is none or acts otherwise, or the words cannot be scored; nothing
            was written yet.
        RunError: the run's directory cannot be written, is in use, or every checkpoint in it is damaged.
        Abstained: a frame got no number; the last checkpoint is whole.
    """
    settings, clock = online_settings(config.agent), Clock()
    parts.check_shaping(config.shaping)
    cloned = _cloned(config)
    worlds, teachers = _worlds(config, settings, cloned, clock, say)
    gamma = settings.gamma if isinstance(settings, Ppo) else 1.0
    stages = Stages(config, worlds, teachers, cloned.mind, gamma, clock)
    try:
        for name, world in worlds.items():  # what does not fit is told before anything is written
            stages[name]
            cloned.mind.lexicon.vectors([told(world.words, world.instruction)])
        if config.dry_run:
            return _rehearsed(config, settings, cloned, stages, say)
        with RunDir.start(config) as run:
            return _run(run, settings, cloned, stages, teachers[config.world], say)
    finally:
        stages.close()


def _run(
    run: RunDir, settings: Grpo | Ppo, cloned: _Cloned, stages: Stages, teacher: Teacher | None, say: Say
) -> RunResult:
    config, mind = run.config, cloned.mind
    world = replace(stages.worlds[config.world], config=config)
    worlds = {**stages.worlds, config.world: world}
    if not run.clone.is_file():
        save_mind(
            run.clone, mind, chosen="clone", steps=cloned.steps, frame_size=list(world.size), tasks=list(cloned.tasks)
        )
    say(headline(world, teacher, run))
    say(f"it begins as the clone in {config.agent.policy}, which was shown {len(cloned.tasks)} tasks")
    if teacher is not None and config.evaluation.watch:
        say(f"not watched for signs of hacking: the alarms do not know {config.agent.name} yet")
    torch.manual_seed(config.seed or 0)
    clone = replace(mind, network=copy.deepcopy(mind.network))
    learner = OnlineLearner(mind.network, settings, clone.network)
    sitting = Practice(run, stages, learner, mind, settings, Stop(say), say)
    scorer = None if teacher is None else teacher.scorer
    return seen_through(sitting, worlds, say, scorer, {"clone": VLAPolicy(clone)})


def _cloned(config: RunConfig) -> _Cloned:
    """The policy to begin with: the run's own copy of its clone, if it goes on, else that of ``agent.policy``.

    Raises:
        ConfigError: there is none, or it has no likelihoods to learn by.
        RunError: its files are damaged.
    """
    policy = config.agent.policy
    if policy is None:
        raise ConfigError(
            f"agent.policy: is missing; agent={config.agent.name} goes on from a clone: give agent.policy=RUN_DIR of a "
            "run of agent=vla/bc"
        )
    own = None if config.run_dir is None else config.run_dir / CLONE
    path = own if own is not None and own.is_file() else _weights_of(Path(policy))
    mind = load_mind(path, partial(encoder_of, config.encoder), named_encoder)
    if mind.form.head != "tokens":
        raise ConfigError(
            f"agent.policy={policy}: has a head ({mind.form.head}) that tells no likelihood of actions, by which "
            f"agent={config.agent.name} learns; clone it with agent.params.head=tokens"
        )
    if mind.form.ensemble is not None:
        raise ConfigError(
            f"agent.policy={policy}: acts by several plans at once (ensemble={mind.form.ensemble}), which no single "
            "likelihood describes; clone it with agent.params.ensemble=null"
        )
    mind.network.to(device())
    about = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return _Cloned(mind, tuple(about.get("tasks", ())), int(about.get("steps", 0)))


def _weights_of(policy: Path) -> Path:
    try:
        run = RunDir.open(policy)
    except RunError as cause:
        raise ConfigError(
            f"agent.policy={policy}: holds no run; give the directory of a run of agent=vla/bc"
        ) from cause
    if not run.config.agent.reads:
        raise ConfigError(
            f"agent.policy={policy}: is a run of agent={run.config.agent.name}, which reads no sentences; give one of "
            "agent=vla/bc"
        )
    if not run.last_model.is_file():
        raise ConfigError(f"agent.policy={policy}: has no {run.last_model.name} yet; let that run finish first")
    return run.last_model


def _worlds(
    config: RunConfig, settings: Grpo | Ppo, cloned: _Cloned, clock: Clock, say: Say
) -> tuple[dict[str, SeenWorld], dict[str, Teacher | None]]:
    """The run's task and those beside it, with what pays in each."""
    first = seen_world(find_world(config), cloned.mind.form)
    worlds: dict[str, SeenWorld] = {}
    teachers: dict[str, Teacher | None] = {}
    for name in _names(config.world, settings.tasks, cloned.tasks):
        world = first if name == config.world else first.on(name)
        taught = next((one.model for one in teachers.values() if one is not None), None)
        worlds[name], teachers[name] = prepare(world, clock, say, taught)
    if len(worlds) > 1 and settings.done is None and not config.reward.is_oracle:
        say("tasks are drawn evenly: agent.params.done=SCORE would tell the curriculum which episodes succeeded")
    return worlds, teachers


def _names(own: str, asked: Sequence[str], shown: Sequence[str]) -> list[str]:
    found = [name for pattern in asked for name in fnmatch.filter(shown, pattern) or [pattern]]
    return list(dict.fromkeys((own, *found)))


def _rehearsed(config: RunConfig, settings: Grpo | Ppo, cloned: _Cloned, stages: Stages, say: Say) -> RunResult:
    """One wave, paid and timed; nothing is written."""
    clock = stages.clock
    clock.restart()
    seeds = np.repeat(LOWEST + np.arange(config.agent.n_envs // settings.group), settings.group).tolist()
    generator = torch.Generator().manual_seed(config.seed or 0)
    wave = stages[config.world].play(cloned.mind, settings.temperature, seeds, generator, lambda _: True)
    assert wave is not None
    steps = int(wave.lengths.sum())
    returns = wave.rewards.sum(axis=0)
    say(
        f"dry run of {config.world}: {steps / clock.total:,.0f} environment steps/s; episodes were paid "
        f"{returns.min():.3g} to {returns.max():.3g}"
    )
    each = config.agent.total_steps / steps * clock.total / 60
    say(f"{config.agent.total_steps:,} steps take {each:.1f} min and the learner's own time; nothing was written")
    return RunResult(None, config.seed, 0)
