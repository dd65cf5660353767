"""What a model remembers beside its weights, as plain arrays: the filled part of a replay buffer, and running means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.running_mean_std import RunningMeanStd

from vlmrl.types import Array

ROWS = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")
"""The buffer's arrays, ``(rows, n_envs, ...)``; the first two may be dicts of such arrays."""

PARTS = ("own_rewards", "word_rewards")
"""What its rewards are made of, where the task's own are blended in (:func:`parts_of`)."""


def shape_of(model: BaseAlgorithm) -> dict[str, Any]:
    """What must be equal in two models for the memory of one to fit the other, by the name of the setting."""
    buffer = replay_buffer(model)
    return {
        "agent.algorithm": type(model).__name__,
        "agent.n_envs": model.n_envs,
        "agent.params.buffer_size": None if buffer is None else buffer.buffer_size * buffer.n_envs,
        "agent.normalize": model.get_vec_normalize_env() is not None,
    }


def arrays_of(model: BaseAlgorithm) -> dict[str, Array]:
    """Views of all arrays to keep, by name."""
    arrays: dict[str, Array] = {}
    buffer = replay_buffer(model)
    if buffer is not None:
        rows = buffer.size()
        arrays["buffer/pos"] = np.array(buffer.pos)
        for name, array in _rows(buffer).items():
            arrays[f"buffer/{name}"] = array[:rows]
    return arrays | moments_of(model)


def fill(model: BaseAlgorithm, arrays: Mapping[str, Array]) -> None:
    """Put back what :func:`arrays_of` gave, into a model of the same shape."""
    buffer = replay_buffer(model)
    if buffer is not None:
        for name, array in _rows(buffer).items():
            kept = arrays[f"buffer/{name}"]
            array[: len(kept)] = kept
        buffer.pos = int(arrays["buffer/pos"])
        buffer.full = len(arrays["buffer/rewards"]) == buffer.buffer_size
    moments_from(model, arrays)


def moments_of(model: BaseAlgorithm) -> dict[str, Array]:
    """Running mean, variance and count of whatever the model's environment normalises; empty where it does not."""
    arrays: dict[str, Array] = {}
    for name, moments in _moments(model).items():
        arrays |= {f"{name}/mean": moments.mean, f"{name}/var": moments.var, f"{name}/count": np.array(moments.count)}
    return arrays


def moments_from(model: BaseAlgorithm, arrays: Mapping[str, Array]) -> None:
    """Put back what :func:`moments_of` gave."""
    for name, moments in _moments(model).items():
        moments.mean, moments.var = arrays[f"{name}/mean"].copy(), arrays[f"{name}/var"].copy()
        moments.count = float(arrays[f"{name}/count"])


def replay_buffer(model: BaseAlgorithm) -> ReplayBuffer | None:
    """The replay buffer of an off-policy algorithm, None for the others."""
    return model.replay_buffer if isinstance(model, OffPolicyAlgorithm) else None


def parts_of(buffer: ReplayBuffer) -> tuple[Array, Array]:
    """The task's own part of each reward in a buffer and the words', float32 ``(rows, n_envs)``; checkpoints keep them.

    Made if they are not there; what rows were paid before counts as the task's own.
    """
    if not hasattr(buffer, PARTS[0]):
        for name, first in zip(PARTS, (buffer.rewards.copy(), np.zeros_like(buffer.rewards)), strict=True):
            setattr(buffer, name, first)
    return getattr(buffer, PARTS[0]), getattr(buffer, PARTS[1])


def _rows(buffer: ReplayBuffer) -> dict[str, Array]:
    found: dict[str, Array] = {}
    for name in ROWS + (PARTS if hasattr(buffer, PARTS[0]) else ()):
        array: Any = getattr(buffer, name)
        if isinstance(array, dict):
            found |= {f"{name}/{key}": part for key, part in array.items()}
        else:
            found[name] = array
    return found


def _moments(model: BaseAlgorithm) -> dict[str, RunningMeanStd]:
    """The running means of a normalised environment."""
    env = model.get_vec_normalize_env()
    if env is None:
        return {}
    seen: Any = getattr(env, "obs_rms", None)  # only there where observations are normalised
    of_obs = seen if isinstance(seen, dict) else {} if seen is None else {"all": seen}
    return {"returns": env.ret_rms, **{f"observations/{key}": moments for key, moments in of_obs.items()}}
