"""One episode as it is kept: who did what for which words, each state that came of it, and what was true there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vlmrl.envs.task import Task
from vlmrl.errors import ShapeError
from vlmrl.types import Array

Tree: TypeAlias = "Array | Mapping[str, Array]"
"""One array, or a named handful of them, as observations come."""

FACTS = ("seed", "actor", "about", "instruction", "terminated")
"""What is told of an episode in a word each; the rest are arrays."""

STATES = ("time", "qpos", "qvel", "act", "mocap_pos", "mocap_quat", "eq_active", "userdata")
"""Of the simulator's data, all that a step changes and the next one or a picture depends on."""


@dataclass(frozen=True)
class Episode:
    """T steps, which make T + 1 states: the start counts.

    Attributes:
        seed: the environment was reset with it.
        actor: what kind acted, in a word: ``script``, ``perturbed``, ``random``, ``trained``, …
        about: what else there is to know of who acted.
        instruction: the sentence that said what to do.
        actions: ``(T, ...)``, each chosen in the state of the same index.
        observations: ``(T + 1, ...)``, or a mapping of such.
        oracle: float64 ``(T + 1,)`` in [0, 1], nearness to the goal; from the second on it is the reward.
        success: bool ``(T + 1,)``, whether the task is done in that state.
        states: of :data:`STATES` those that the simulator has, each ``(T + 1, ...)``, bit for bit.
        start: float64 ``(n,)``, MuJoCo's whole integration state before the first action.
        push: float64 ``(T, 4)``: the body that was pushed during that step and the force on it [N]; zeros for none.
        model: fields of the simulator's model that this episode's reset changed, by name, whole.
        model_states: those that its steps changed too, such as a button's colour, each ``(T + 1, ...)``.
        terminated: the environment ended it; else its time was over.

    Raises:
        ShapeError: arrays that do not fit together.
    """

    seed: int
    actor: str
    about: str
    instruction: str
    actions: Array
    observations: Tree
    oracle: NDArray[np.float64]
    success: NDArray[np.bool_]
    states: Mapping[str, Array]
    start: NDArray[np.float64]
    push: NDArray[np.float64]
    model: Mapping[str, Array] = field(default_factory=dict)
    model_states: Mapping[str, Array] = field(default_factory=dict)
    terminated: bool = False

    def __post_init__(self) -> None:
        steps = len(self.actions)
        seen = named(self.observations, "observations")
        states = {**named(self.states, "states"), **named(self.model_states, "model_states")}
        after = {**seen, **states, "oracle": self.oracle, "success": self.success}
        for name, array in [*after.items(), ("push", self.push)]:
            wanted = steps if name == "push" else steps + 1
            if len(array) != wanted or not steps:
                raise ShapeError(f"{name} {np.shape(array)}: must begin with {wanted}; there are {steps} actions")

    def __len__(self) -> int:
        """Steps."""
        return len(self.actions)

    @property
    def rewards(self) -> NDArray[np.float64]:
        """The oracle in the state that each action led to: float64 ``(T,)`` in [0, 1]."""
        return self.oracle[1:]

    @property
    def pushed(self) -> bool:
        """Whether anything was pushed in it."""
        return bool(self.push.any())

    def succeeded(self, task: Task) -> bool:
        """Whether it succeeded; the start is no step."""
        return task.succeeded(self.success[1:])

    def facts(self) -> dict[str, Any]:
        """What is told in words and numbers, ready for JSON."""
        return {name: getattr(self, name) for name in FACTS}

    def arrays(self) -> dict[str, Array]:
        """Every array by its path: ``actions``, ``observations``, ``states/qpos``, ``model/geom_pos`` and so on."""
        one = {name: getattr(self, name) for name in ("actions", "oracle", "success", "start", "push")}
        return one | dict(_paths(self))

    def trace(self, task: str) -> str:
        """The same hash for this episode as :func:`trace_of` makes of it in a file for `vlmrl bench`."""
        return trace_of(task, self.states.get("qpos", np.zeros((len(self) + 1, 0))))

    @property
    def digest(self) -> str:
        """A hash of all of it: what is read back and has another was changed or cut off on the way."""
        found = hashlib.blake2b(json.dumps(self.facts(), sort_keys=True).encode(), digest_size=16)
        for name, array in sorted(self.arrays().items()):
            found.update(f"{name} {array.dtype.str} {array.shape}".encode())
            found.update(np.ascontiguousarray(array).tobytes())
        return found.hexdigest()


def trace_of(task: str, qpos: Array) -> str:
    """A short hash of where everything was in an episode, by which it is known again however it was kept.

    Args:
        task: the task's name.
        qpos: ``(T + 1, nq)``, hashed as float32.
    """
    rows = np.ascontiguousarray(qpos, dtype=np.float32)
    return hashlib.blake2b(f"{task} {rows.shape}".encode() + rows.tobytes(), digest_size=8).hexdigest()


def named(tree: Tree, name: str) -> dict[str, Array]:
    """The arrays of a tree by their paths: ``name``, or ``name/key`` for each of several."""
    if isinstance(tree, Mapping):
        return {f"{name}/{key}": array for key, array in tree.items()}
    return {name: tree}


def _paths(episode: Episode) -> Iterator[tuple[str, Array]]:
    for name in ("observations", "states", "model", "model_states"):
        yield from named(getattr(episode, name), name).items()
