"""What a reset changes in the simulator's model itself: where a target lies, how things look, how heavy they are."""

from __future__ import annotations

from collections.abc import Mapping

import mujoco
import numpy as np

from vlmrl.errors import ConfigError
from vlmrl.types import Array

_FIXED = ("names", "name_", "text_", "paths", "mesh_", "tex_", "skin_", "flex_", "hfield_", "bvh_", "oct_", "plugin_")
"""Begin the names of arrays that are large, and that a drawing context reads once: nothing that a reset changes."""
_LIGHT = ("ambient", "diffuse", "specular")
_HEADLIGHT = "headlight_"


def fields_of(model: mujoco.MjModel) -> dict[str, Array]:
    """Copies of all arrays that a reset may change, by name; ``headlight_*`` are those of ``model.vis.headlight``."""
    return {name: value.copy() for name, value in _views(model).items()}


def changed(model: mujoco.MjModel, before: Mapping[str, Array]) -> dict[str, Array]:
    """Copies of those arrays that are no longer as they were."""
    return {
        name: value.copy()
        for name, value in _views(model).items()
        if not np.array_equal(value, before[name], equal_nan=value.dtype.kind == "f")
    }


def put(model: mujoco.MjModel, fields: Mapping[str, Array]) -> None:
    """Write fields into a model.

    Raises:
        ConfigError: it has no such field, or one of another shape: it is another robot's.
    """
    views = _views(model)
    for name, value in fields.items():
        if name not in views or views[name].shape != value.shape:
            has = views[name].shape if name in views else "none"
            raise ConfigError(f"model.{name} {value.shape}: the simulator has {has}; the robot's model is another one")
        views[name][...] = value


def _views(model: mujoco.MjModel) -> dict[str, Array]:
    """The model's own arrays, to be read and written."""
    found: dict[str, Array] = {}
    for name in dir(model):
        if name.startswith(("_", *_FIXED)):
            continue
        value = getattr(model, name)
        if isinstance(value, np.ndarray) and value.size and value.dtype.kind in "fiub":
            found[name] = value
    return found | {f"{_HEADLIGHT}{part}": getattr(model.vis.headlight, part) for part in _LIGHT}
