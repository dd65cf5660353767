"""A trained agent as a function from observations to actions, for judging and filming."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm

from vlmrl.agents.build import World, find_world
from vlmrl.agents.learner.memory import moments_from, moments_of
from vlmrl.agents.learner.sb3 import build, load_weights, model_bytes
from vlmrl.agents.timing import Clock
from vlmrl.config import atomic
from vlmrl.config.run_dir import RunDir
from vlmrl.types import Array


class TrainedPolicy:
    """What the agent does when it does not explore.

    Args:
        model: the algorithm; observations are normalised as its own environment does it, if it does.
    """

    def __init__(self, model: BaseAlgorithm) -> None:
        self._model = model

    @property
    def gamma(self) -> float:
        """The learner's own discount, in (0, 1]."""
        return float(self._model.gamma)  # type: ignore[attr-defined]

    def __call__(self, observations: Any) -> Array:
        """Actions ``(N, ...)`` for N stacked observations, or a dict of them."""
        normalizer = self._model.get_vec_normalize_env()
        seen = observations if normalizer is None else normalizer.normalize_obs(observations)
        return self._model.predict(seen, deterministic=True)[0]


def save_agent(path: Path, model: BaseAlgorithm, world: World, chosen: str, **notes: Any) -> None:
    """Write the zip that Stable-Baselines3 loads, and beside it, as JSON, what the zip does not tell.

    Args:
        path: ends in ``.zip``.
        model: the algorithm as it is now.
        world: gives the size of frames, for a policy that sees them.
        chosen: how these weights were chosen, in words that a table can show.
        **notes: more to write down.

    Raises:
        RunError: it cannot be written; what was there is whole.
    """
    atomic.write_bytes(path, model_bytes(model))
    means = {name: array.tolist() for name, array in moments_of(model).items()}
    about = {"chosen": chosen, "steps": model.num_timesteps, "frame_size": list(world.size), "moments": means, **notes}
    atomic.write_json(path.with_suffix(".json"), about)
    normalizer = model.get_vec_normalize_env()
    if normalizer is not None:
        with atomic.replacing(path.with_name("vecnormalize.pkl")) as draft:
            normalizer.save(str(draft))


def load_policy(run: RunDir, best: bool = False) -> tuple[TrainedPolicy, World, str]:
    """The agent of a run, without unpickling anything, so that no run directory has to be trusted.

    Args:
        run: an opened run.
        best: the best checkpoint, chosen by ground truth, instead of the last.

    Returns:
        The policy, the world that it acts in, and how its weights were chosen.

    Raises:
        RunError: the run has no such agent yet, or its files are damaged.
    """
    path = run.best_model if best else run.last_model
    about = run.read_json(path.with_suffix(".json").name)
    found = find_world(run.config)
    world = World(found.config, found.task, (about["frame_size"][0], about["frame_size"][1]))
    model = build(run.config.agent, world.envs(False, Clock(), 1), run.config.policy, run.config.seed or 0)
    load_weights(model, path)
    moments_from(model, {name: np.array(values) for name, values in about["moments"].items()})
    return TrainedPolicy(model), world, str(about["chosen"])
