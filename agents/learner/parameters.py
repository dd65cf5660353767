"""What YAML can say about a Stable-Baselines3 algorithm, as the objects that its constructor takes.

Only classes of torch and Stable-Baselines3 come out of here: they are pickled into the algorithm's zip, which must load
where this package is not installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from pydantic import JsonValue
from stable_baselines3.common import torch_layers
from stable_baselines3.common.noise import NormalActionNoise
from stable_baselines3.common.utils import LinearSchedule
from torch import nn
from torch.nn.modules import activation

from vlmrl.errors import ConfigError, UnknownName

SCHEDULED = ("learning_rate", "clip_range", "clip_range_vf")
"""Keywords that may change over the run."""

BUFFERS = (
    "replay_buffer_class",
    "replay_buffer_kwargs",
    "rollout_buffer_class",
    "rollout_buffer_kwargs",
    "optimize_memory_usage",
)
"""Keywords of the constructors that would change where late rewards are written, and what a checkpoint must hold."""


def constructor_arguments(params: Mapping[str, JsonValue], action_size: int) -> dict[str, Any]:
    """Turn ``agent.params`` into keyword arguments.

    Args:
        params: numbers and strings as they are; a rate may be ``{start: 1e-3, end: 1e-4}``, linear over the run;
            ``action_noise`` is the standard deviation of Gaussian noise, in units of the scaled action, [-1, 1];
            ``policy_kwargs`` names its classes (``activation_fn: ReLU``, ``optimizer_class: AdamW``).
        action_size: how many numbers an action has.

    Raises:
        ConfigError: a keyword that changes the buffer, or a schedule where none is taken.
        UnknownName: torch or Stable-Baselines3 has no class of that name.
    """
    return {key: _argument(key, value, action_size) for key, value in params.items()}


def _argument(key: str, value: JsonValue, action_size: int) -> Any:
    if key in BUFFERS:
        raise ConfigError(
            f"agent.params.{key}={value}: rewards are written into the algorithm's own buffer; leave it out"
        )
    if isinstance(value, dict) and key != "policy_kwargs":
        return _schedule(key, value)
    if key == "policy_kwargs":
        return _policy_arguments(value)
    if key == "action_noise" and value is not None:
        deviation = _number(f"agent.params.{key}", value)
        return NormalActionNoise(np.zeros(action_size), np.full(action_size, deviation))
    return tuple(value) if isinstance(value, list) else value


def _schedule(key: str, value: Mapping[str, JsonValue]) -> LinearSchedule:
    if key not in SCHEDULED:
        raise ConfigError(f"agent.params.{key}={dict(value)}: takes one value; only {', '.join(SCHEDULED)} may change")
    if set(value) != {"start", "end"}:
        raise ConfigError(f"agent.params.{key}={dict(value)}: must be a number, or {{start: 1e-3, end: 1e-4}}")
    start, end = (_number(f"agent.params.{key}.{side}", value[side]) for side in ("start", "end"))
    return LinearSchedule(start, end, end_fraction=1.0)


def _number(key: str, value: JsonValue) -> float:
    """A number, also one like ``1e-4`` that YAML 1.1 reads as a string.

    Raises:
        ConfigError: it is none, or negative.
    """
    try:
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else np.nan
    except ValueError:
        number = np.nan
    if not number >= 0 or number == np.inf:
        raise ConfigError(f"{key}={value}: must be a finite number of at least 0")
    return number


def _policy_arguments(value: JsonValue) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"agent.params.policy_kwargs={value}: must be a mapping, such as {{net_arch: [256, 256]}}")
    places: dict[str, tuple[Any, type]] = {
        "activation_fn": (activation, nn.Module),
        "optimizer_class": (torch.optim, torch.optim.Optimizer),
        "features_extractor_class": (torch_layers, torch_layers.BaseFeaturesExtractor),
    }
    arguments: dict[str, Any] = dict(value)
    for key, (module, base) in places.items():
        if key in arguments:
            arguments[key] = _class_named(f"agent.params.policy_kwargs.{key}", arguments[key], module, base)
    return arguments


def _class_named(key: str, name: object, module: Any, base: type) -> type:
    known = {
        found: member
        for found, member in vars(module).items()
        if isinstance(member, type) and issubclass(member, base) and member is not base
    }
    if name not in known:
        raise UnknownName(key, str(name), known)
    return known[str(name)]
