"""The whole of ``vlmrl train agent=vla/bc``: datasets read, a policy cloned, judged, and left in a run's directory."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from vlmrl.agents.build import find_world
from vlmrl.agents.runs.result import RunResult
from vlmrl.agents.runs.stop import Stop
from vlmrl.agents.timing import Clock
from vlmrl.agents.vla.cloning import Cloning
from vlmrl.agents.vla.demos import Demonstrations, gather
from vlmrl.agents.vla.judging import seen_through
from vlmrl.agents.vla.learning import Learner
from vlmrl.agents.vla.lexicon import Lexicon
from vlmrl.agents.vla.model import Network, Sizes, device
from vlmrl.agents.vla.opened import encoder_of, named_encoder, seen_world
from vlmrl.agents.vla.policy import Mind
from vlmrl.agents.vla.settings import Settings, settings_of
from vlmrl.config.run_dir import RunDir
from vlmrl.config.schema import RunConfig
from vlmrl.errors import ConfigError

Say = Callable[[str], object]


def imitate(config: RunConfig, say: Say) -> RunResult:
    """Clone what datasets show; continue the run if its directory holds one.

    Args:
        config: with ``agent=vla/bc`` and ``data``.
        say: gets every line meant for the user.

    Raises:
        ConfigError: a setting or a dataset does not fit; nothing was written yet.
        RunError: the run's directory cannot be written, is in use, or every checkpoint in it is damaged; or a dataset
            cannot be read.
    """
    settings, clock = settings_of(config.agent), Clock()
    world = seen_world(find_world(config), settings.form)
    encoder = encoder_of(config.encoder)
    torch.manual_seed(config.seed or 0)
    backbone = None if settings.backbone is None else named_encoder(settings.backbone)
    # Eyes prepare pictures before anybody knows how large the rest is.
    eyes = Network(settings.form, Sizes(1, 1, encoder.dim), backbone).eyes
    demos = gather(config.data, settings, list(eyes), say)  # type: ignore[arg-type]  # ModuleList tells no types
    _check_task(config, demos)
    lexicon = Lexicon.of([one for several in demos.sentences for one in several], encoder)
    sizes = Sizes(demos.actions.shape[1], demos.state.shape[1], lexicon.dim)
    say(_told(demos, settings))
    if config.dry_run:
        return _rehearsed(config, demos, lexicon, settings, Network(settings.form, sizes, backbone), say)
    with RunDir.start(config) as run:
        torch.manual_seed(run.config.seed or 0)
        network = Network(settings.form, sizes, backbone).to(device())
        updates = math.ceil(config.agent.total_steps / settings.batch_size)
        learner = Learner(network, demos, lexicon, settings, updates, run.config.seed or 0)
        mind = Mind(network, lexicon, learner.proprio, learner.actions, demos.bounds)
        world = replace(world, config=run.config)
        worlds = {name: world if name == config.task else world.on(name) for name in demos.tasks}
        weights = sum(parameter.numel() for parameter in network.parameters())
        say(
            f"{config.agent.name}: {weights:,} weights, {updates:,} updates; seed={run.config.seed}; run_dir={run.path}"
        )
        return seen_through(Cloning(run, worlds, learner, mind, clock, Stop(say), say), worlds, say)


def _check_task(config: RunConfig, demos: Demonstrations) -> None:
    if config.task not in demos.tasks:
        raise ConfigError(
            f"task={config.world}: is none of those demonstrated in data=; name one of {', '.join(demos.tasks)}"
        )


def _told(demos: Demonstrations, settings: Settings) -> str:
    held = len(np.unique(demos.episode[demos.held]))
    weighed = "" if settings.weighting == "none" else f", weighed by {settings.weighting}: {demos.weight.mean():.2f}"
    return (
        f"{len(demos):,} steps of {demos.episodes} episodes of {len(demos.tasks)} tasks, {held} episodes held out; "
        f"{sum(map(len, demos.sentences))} sentences{weighed}"
    )


def _rehearsed(
    config: RunConfig, demos: Demonstrations, lexicon: Lexicon, settings: Settings, network: Network, say: Say
) -> RunResult:
    """Two updates, timed; nothing is written."""
    learner = Learner(network.to(device()), demos, lexicon, settings, 2, config.seed or 0)
    clock = Clock()
    learner.update()
    with clock.of("learning"):
        learner.update()
    total = math.ceil(config.agent.total_steps / settings.batch_size) * clock.seconds["learning"]
    say(f"{config.agent.total_steps:,} steps take {total / 60:.1f} min of learning; nothing was written")
    return RunResult(None, config.seed, 0)
