"""Gymnasium's way to hand out infos of many environments: an array a name, and beside it which entries count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlmrl.errors import ConfigError
from vlmrl.types import Array


def masked(ids: Array, count: int) -> NDArray[np.bool_]:
    """A mask, bool ``(count,)``, true at ``ids``."""
    mask = np.zeros(count, dtype=bool)
    mask[ids] = True
    return mask


def add(infos: dict[str, Any], name: str, values: Array, ids: Array, count: int) -> None:
    """Write ``values`` ``(k, …)`` of the environments ``ids`` into ``infos[name]``, and mark them as told."""
    if name not in infos:
        infos[name] = np.zeros((count, *values.shape[1:]), values.dtype)
        infos[f"_{name}"] = np.zeros(count, dtype=bool)
    infos[name][ids] = values
    infos[f"_{name}"][ids] = True


def seeds_of(seed: int | Sequence[int | None] | None, count: int) -> list[int | None]:
    """A seed for each environment: consecutive ones from a number, or those of a list.

    Raises:
        ConfigError: a list of another length.
    """
    if seed is None:
        return [None] * count
    if isinstance(seed, int | np.integer):
        return [int(seed) + i for i in range(count)]
    if len(seed) != count:
        raise ConfigError(f"seed: a list of {len(seed)} for {count} environments; give one each, or a single number")
    return list(seed)


def wanted(options: dict[str, Any] | None, count: int) -> tuple[NDArray[np.bool_], dict[str, Any]]:
    """Which environments a reset is meant for, bool ``(count,)``, and the options for each of them.

    Raises:
        ConfigError: ``reset_mask`` is no bool array of that shape, or all false.
    """
    rest = dict(options or {})
    mask = rest.pop("reset_mask", None)
    if mask is None:
        return np.ones(count, dtype=bool), rest
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != (count,):
        what = f"{mask.dtype} {mask.shape}" if isinstance(mask, np.ndarray) else type(mask).__name__
        raise ConfigError(f"options.reset_mask: is {what}; must be a bool array ({count},)")
    if not mask.any():
        raise ConfigError("options.reset_mask: is all False; name at least one environment to reset")
    return mask, rest
