"""A run's policy that reads sentences, opened again: its weights, the world that it meets, and what it reads with."""

from __future__ import annotations

from functools import partial

from vlmrl.agents.build import World, find_world
from vlmrl.agents.vla.model import device
from vlmrl.agents.vla.policy import VLAPolicy
from vlmrl.agents.vla.senses import SeenWorld
from vlmrl.agents.vla.settings import Form
from vlmrl.agents.vla.store import load_mind
from vlmrl.config import parts
from vlmrl.config.compose import configure
from vlmrl.config.run_dir import RunDir
from vlmrl.config.schema import EncoderConfig, Section
from vlmrl.encoders.base import Encoder


class _Named(Section):
    """An encoder by its name alone."""

    encoder: EncoderConfig


def encoder_of(config: EncoderConfig) -> Encoder:
    """The encoder of a run's settings.

    Raises:
        UnknownName: there is none of that family.
        WeightsMissing: its weights are not there.
        ConfigError: a setting that it refuses.
    """
    parts.check_encoder(config)
    made: Encoder = parts.part("encoder", config.family)(**config.keywords)
    return made


def named_encoder(name: str) -> Encoder:
    """The encoder of a name, as ``encoder=`` takes it; errors as for :func:`encoder_of`."""
    return encoder_of(configure(_Named, encoder=name).encoder)


def seen_world(world: World, form: Form) -> SeenWorld:
    """A world as a policy of that form meets it."""
    return SeenWorld(world.config, world.task, world.size, world.planned, form=form)


def load_policy(run: RunDir, best: bool = False) -> tuple[VLAPolicy, SeenWorld, str]:
    """The agent of a run, the world that it acts in, and how its weights were chosen; nothing is unpickled.

    Raises:
        RunError: the run has no such agent yet, or its files are damaged or of another form.
    """
    path = run.best_model if best else run.last_model
    about = run.read_json(path.with_suffix(".json").name)
    mind = load_mind(path, partial(encoder_of, run.config.encoder), named_encoder)
    mind.network.to(device())
    return VLAPolicy(mind), seen_world(find_world(run.config), mind.form), str(about["chosen"])
