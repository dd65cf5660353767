"""What episodes change in the simulator's model itself: where a target lies, how things look, how heavy they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import mujoco
import numpy as np

from vlmrl.errors import ConfigError
from vlmrl.types import Array

_FIXED = ("names", "name_", "text_", "paths", "mesh_", "tex_", "skin_", "flex_", "hfield_", "bvh_", "oct_", "plugin_")
"""Begin the names of arrays that are large, and that a drawing context reads once: nothing that an episode changes."""
_LIGHT = ("ambient", "diffuse", "specular")
_HEADLIGHT = "headlight_"


class ModelFields:
    """The arrays of a model, to be compared with what they were and to be written.

    Args:
        model: as it is before any episode; ``headlight_*`` stand for those of ``model.vis.headlight``.
    """

    def __init__(self, model: mujoco.MjModel) -> None:
        self._views = _views(model)
        self._fresh = {name: value.copy() for name, value in self._views.items()}

    def changed(self) -> dict[str, Array]:
        """Copies of the arrays that are no longer as they were."""
        # As bytes: a quarter of the time of array_equal, which a step has to wait for.
        return {
            name: value.copy() for name, value in self._views.items() if value.tobytes() != self._fresh[name].tobytes()
        }

    def put(self, fields: Mapping[str, Array]) -> None:
        """Write fields into the model, and all others back to what they were.

        Raises:
            ConfigError: it has no such field, or one of another shape: it is another robot's.
        """
        for name, value in fields.items():
            has = self._views[name].shape if name in self._views else None
            if has != value.shape:
                raise ConfigError(
                    f"model.{name} {value.shape}: the simulator has {has}; the robot's model is another one"
                )
        for name in {*self.changed(), *fields}:
            self._views[name][...] = fields.get(name, self._fresh[name])

    def split(self, states: Sequence[Mapping[str, Array]]) -> tuple[dict[str, Array], dict[str, Array]]:
        """What :meth:`changed` said in each of an episode's states, as what held throughout and what did not.

        Returns:
            fields whole, and others ``(T + 1, ...)``.
        """
        whole: dict[str, Array] = {}
        moving: dict[str, Array] = {}
        for name in sorted({name for state in states for name in state}):
            values = [state.get(name, self._fresh[name]) for state in states]
            if all(np.array_equal(value, values[0]) for value in values):
                whole[name] = values[0]
            else:
                moving[name] = np.stack(values)
        return whole, moving


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
