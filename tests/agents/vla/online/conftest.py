"""Clones that know nothing yet, in the directory that a run of vla/bc would have left: small enough for a test."""

from pathlib import Path

import numpy as np
import pytest
import torch

from vlmrl.agents.vla.lexicon import Lexicon
from vlmrl.agents.vla.model import Network, Sizes
from vlmrl.agents.vla.policy import Mind
from vlmrl.agents.vla.quantiles import Quantiles
from vlmrl.agents.vla.settings import Form
from vlmrl.agents.vla.store import save_mind
from vlmrl.config.compose import configure
from vlmrl.config.run_dir import RunDir
from vlmrl.envs.make import find_task, make_env

TASK = "point_mass/target"
FORM = {
    "cameras": (),
    "width": 32,
    "heads": 2,
    "chunk": 5,
    "replan": 4,
    "layers": 1,
    "context_layers": 0,
    "bins": 5,
}


@pytest.fixture(scope="session")
def mind_of(toy_encoder):
    """A policy of random weights for a task, blind unless told otherwise."""

    def made(task: str = TASK, **form) -> Mind:
        torch.manual_seed(0)
        with make_env(task, frames=False) as env:
            actions, state = env.action_space, env.observation_space.shape[0]
        lexicon = Lexicon.of([find_task(task).words.goal[-1]], toy_encoder)
        bounds = np.stack([actions.low, actions.high]).astype(np.float32)
        chosen = Form(**{**FORM, **form})
        felt = state if chosen.proprio is None else chosen.proprio
        network = Network(chosen, Sizes(bounds.shape[1], felt, lexicon.dim)).eval()
        unit = Quantiles(-np.full(felt, 0.3, np.float32), np.full(felt, 0.3, np.float32))
        return Mind(network, lexicon, unit, Quantiles(*bounds), bounds)

    return made


@pytest.fixture(scope="session")
def clone_of(mind_of, tmp_path_factory):
    """The directory of a run whose agent is :func:`mind_of`."""

    def made(task: str = TASK, **form) -> Path:
        path: Path = tmp_path_factory.mktemp("clones") / "clone"
        with RunDir.start(configure(task=task, agent="vla/bc", data=(path,), seed=0, run_dir=path)) as run:
            save_mind(run.last_model, mind_of(task, **form), chosen="last checkpoint", steps=1, tasks=[task])
        return path

    return made


@pytest.fixture(scope="session")
def clone(clone_of):
    """The blind one."""
    return clone_of()
