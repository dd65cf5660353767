"""A learner between two updates, on disk and back: safetensors and JSON, nothing that is unpickled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors.torch import save_file
from torch import Tensor

from vlmrl.agents.runs.slots import Damaged
from vlmrl.agents.vla.store import check_same_shapes, read_tensors
from vlmrl.config.atomic import flush
from vlmrl.errors import RunError
from vlmrl.learned import moments

FORMAT = 2
"""Rises when an older checkpoint can no longer be read."""

TENSORS, STATE = "learner.safetensors", "state.json"
OPTIMIZER = "optimizer"


class Kept(Protocol):
    """A learner that can be written down.

    Attributes:
        optimizer: what moves its weights.
        updates: done so far.
    """

    optimizer: torch.optim.Optimizer
    updates: int

    def weights(self) -> Mapping[str, Mapping[str, Tensor]]:
        """All its weights, by the name of what they belong to, then by their own."""

    def take(self, weights: Mapping[str, Mapping[str, Tensor]]) -> None:
        """Go on with others, of the same names and shapes."""


def write(folder: Path, learner: Kept, notes: Mapping[str, Any]) -> None:
    """Fill a directory with a learner as it is now, and what else to remember."""
    tensors: dict[str, Tensor] = {}
    for above, weights in learner.weights().items():
        tensors |= {f"{above}/{name}": value.detach().contiguous().clone() for name, value in weights.items()}
    tensors |= {f"{OPTIMIZER}/{name}": value.contiguous() for name, value in moments.flat(learner.optimizer).items()}
    save_file(tensors, folder / TENSORS)
    size = (folder / TENSORS).stat().st_size
    state = {"format": FORMAT, "updates": learner.updates, "bytes": size, "notes": dict(notes)}
    (folder / STATE).write_text(json.dumps(state), encoding="utf-8")
    for name in (TENSORS, STATE):
        flush(folder / name)
    flush(folder)


def read(folder: Path, learner: Kept) -> dict[str, Any]:
    """Put a learner back to where :func:`write` found it; the notes.

    Raises:
        Damaged: a file cannot be read.
        RunError: it is of another version, or its weights are of another shape.
    """
    try:
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
        if state["format"] != FORMAT:
            raise RunError(f"{folder}: has format {state['format']}; this version reads {FORMAT}; begin anew")
        if (found := (folder / TENSORS).stat().st_size) != state["bytes"]:
            raise Damaged(f"{folder / TENSORS}: is {found} bytes long and was written with {state['bytes']}")
        tensors = read_tensors(folder / TENSORS)
        updates, notes = int(state["updates"]), dict(state["notes"])
    except (OSError, KeyError, TypeError, ValueError) as cause:
        raise Damaged(f"{folder}: is damaged ({cause})") from cause
    mine = learner.weights()
    weights_there = {name: moments.under(name, tensors) for name in mine}
    for name, weights in mine.items():  # another form is refused before anything is touched
        check_same_shapes(weights, weights_there[name], folder)
    learner.take(weights_there)
    moments.put(learner.optimizer, moments.under(OPTIMIZER, tensors))
    learner.updates = updates
    return notes
