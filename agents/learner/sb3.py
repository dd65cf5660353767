"""Any algorithm of Stable-Baselines3 or sb3-contrib, built from an agent's config; its weights, kept without pickle."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import sb3_contrib
import stable_baselines3
from gymnasium import spaces
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.save_util import load_from_zip_file
from stable_baselines3.common.type_aliases import TrainFrequencyUnit
from stable_baselines3.common.utils import get_device
from stable_baselines3.common.vec_env import VecEnv

from vlmrl.agents.learner.parameters import constructor_arguments
from vlmrl.agents.learner.sac_update import speed_up
from vlmrl.config import parts
from vlmrl.config.schema import AgentConfig
from vlmrl.errors import ConfigError, RunError, UnknownName

UNFIT = {
    "ARS": "it evaluates whole episodes by itself and keeps no buffer that late rewards could be written into",
    "MaskablePPO": "no environment here says which actions are masked",
    "RecurrentPPO": "a policy is judged and filmed without memory from step to step",
}
"""Algorithms of the two packages that cannot learn here, and why."""

DISCRETE = ("DQN", "QRDQN")
"""Algorithms that choose among finitely many actions only."""

GIVEN_BY_THE_RUN = ("policy", "env", "seed", "tensorboard_log", "verbose", "_init_setup_model")
"""What a run decides for its algorithm, so that nobody sets it twice."""

LEFT_OUT = ("_last_obs", "_last_original_obs", "_last_episode_starts", "ep_info_buffer", "ep_success_buffer", "train")
"""What SB3 would pickle into a zip and a resumed or loaded model has no use for: the observation before the stop, and
an update of ours in the place of its own."""


def algorithms() -> dict[str, type[BaseAlgorithm]]:
    """Every algorithm that can learn here, by the name of its class."""
    return {
        name: member
        for library in (sb3_contrib, stable_baselines3)
        for name, member in vars(library).items()
        if isinstance(member, type) and issubclass(member, BaseAlgorithm) and name not in UNFIT
    }


def find_algorithm(name: str) -> type[BaseAlgorithm]:
    """The algorithm of that name.

    Raises:
        UnknownName: neither package has it.
        ConfigError: it is one that cannot learn here; the message says why.
    """
    known = algorithms()
    if name in UNFIT:
        raise ConfigError(f"agent.algorithm={name}: {UNFIT[name]}; take one of {', '.join(sorted(known))}")
    if name not in known:
        raise UnknownName("agent.algorithm", name, known)
    return known[name]


def check(agent: AgentConfig) -> None:
    """Compare an agent's settings with its algorithm's constructor, before anything is built.

    Raises:
        UnknownName: no such algorithm.
        ConfigError: a keyword is unknown (the nearest is named) or decided by the run.
    """
    parts.check_keywords("agent.params", agent.params, find_algorithm(agent.algorithm), given=GIVEN_BY_THE_RUN)


def build(agent: AgentConfig, venv: VecEnv, policy: str, seed: int) -> BaseAlgorithm:
    """Build the algorithm on these environments, everything seeded.

    Args:
        agent: its class by name, and its keywords.
        venv: ``agent.n_envs`` environments.
        policy: ``MlpPolicy``, ``CnnPolicy`` or ``MultiInputPolicy``.
        seed: for torch, NumPy, Python, the environments (``seed``, ``seed + 1``, …) and the action space.

    Raises:
        UnknownName: no such algorithm.
        ConfigError: a keyword that it does not have, or a value that it refuses; its own words are chained.
    """
    check(agent)
    make: Any = find_algorithm(agent.algorithm)
    arguments = constructor_arguments(agent.params, _action_size(venv.action_space))
    try:
        model: BaseAlgorithm = make(policy, venv, seed=seed, **arguments)
    except (AssertionError, ValueError, TypeError) as cause:
        raise ConfigError(f"agent.algorithm={agent.algorithm}: refuses these settings: {cause}") from cause
    _check_rollout(model)
    speed_up(model)
    return model


def _check_rollout(model: BaseAlgorithm) -> None:
    """Refuse what SB3 itself would refuse only in the middle of training."""
    frequency: Any = getattr(model, "train_freq", None)
    if frequency is not None and frequency.unit is TrainFrequencyUnit.EPISODE and model.n_envs > 1:
        raise ConfigError(
            f"agent.params.train_freq={frequency.frequency} episodes: needs agent.n_envs=1; count steps instead"
        )


def _action_size(space: spaces.Space[Any]) -> int:
    return int(space.shape[0]) if isinstance(space, spaces.Box) else 1


def model_bytes(model: BaseAlgorithm) -> bytes:
    """The zip that ``SAC.load`` and its siblings read, also where this package is not installed."""
    file = io.BytesIO()
    model.save(file, exclude=LEFT_OUT)
    return file.getvalue()


def load_weights(model: BaseAlgorithm, path: Path) -> None:
    """Put networks, optimisers and learned scalars from SB3's zip into ``model``; nothing in it is unpickled.

    Args:
        model: built from the same config as the one saved.
        path: a zip that SB3 wrote.

    Raises:
        RunError: it cannot be read, is cut off or damaged, or holds other networks.
    """
    device = get_device(model.device)
    try:
        _, parameters, variables = load_from_zip_file(path, load_data=False, device=device)
        model.set_parameters(parameters, exact_match=True, device=device)
    except (OSError, zipfile.BadZipFile, pickle.UnpicklingError, EOFError, ValueError, KeyError, RuntimeError) as cause:
        reason = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
        raise RunError(
            f"{path}: does not hold the weights of this agent ({reason}); it is damaged, or of other settings"
        ) from cause
    for name, value in (variables or {}).items():
        if value is not None:
            getattr(model, name).data = value.data
