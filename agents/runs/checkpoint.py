"""Checkpoints: all that a run needs to go on, each a directory that is whole or not there.

A checkpoint is taken between two rollouts, when every stored step has its reward and the update on it is done.
Nothing in it is unpickled when it is read: weights come from SB3's zip as tensors, the rest is ``.npz`` and JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm

from vlmrl.agents.deferred.unpaid import mark_gap
from vlmrl.agents.learner import randomness
from vlmrl.agents.learner.memory import arrays_of, fill, replay_buffer, shape_of
from vlmrl.agents.learner.sb3 import load_weights, model_bytes
from vlmrl.agents.runs.slots import Damaged, Slots
from vlmrl.config.atomic import flush
from vlmrl.errors import RunError
from vlmrl.types import Array

FORMAT = 1
"""Rises when an older checkpoint can no longer be read."""

MODEL, ARRAYS, STATE = "model.zip", "arrays.npz", "state.json"

MORE = "more/"
"""What the names of a caller's own arrays begin with."""

COUNTERS = (
    "num_timesteps",
    "_episode_num",
    "_n_updates",
    "_n_calls",
    "_current_progress_remaining",
    "exploration_rate",
)
"""The algorithms' own counters that decide what happens next; each has those that it uses."""


@dataclass(frozen=True)
class Restored:
    """A checkpoint that was put into a model.

    Attributes:
        path: its directory.
        steps: environment steps taken until then, over all environments.
        notes, more: what the caller had given to :meth:`Checkpoints.save`.
    """

    path: Path
    steps: int
    notes: Mapping[str, Any]
    more: Mapping[str, Array]


class Checkpoints(Slots):
    """The checkpoints of one run of an algorithm of Stable-Baselines3."""

    def save(self, model: BaseAlgorithm, notes: Mapping[str, Any], more: Mapping[str, Array] | None = None) -> Path:
        """Write a checkpoint of ``model`` as it is now, and remove the oldest beyond ``keep``.

        Args:
            model: between two rollouts, all rewards written.
            notes: anything that fits into JSON; given back by :meth:`restore`.
            more: arrays by name, likewise.

        Raises:
            RunError: the disk is full or the directory cannot be written; earlier checkpoints are whole.
        """
        return self.write(model.num_timesteps, lambda draft: _write(draft, model, notes, more or {}))

    def restore(self, model: BaseAlgorithm) -> Restored | None:
        """Put the newest whole checkpoint into ``model``; None if there is no checkpoint at all.

        A damaged one is left aside with a warning, and the one before it taken.

        Args:
            model: freshly built from the run's own config, its environments not yet reset.

        Raises:
            RunError: every checkpoint is damaged, or the checkpoint belongs to other settings.
        """

        def put(path: Path) -> Restored:
            state, arrays = _read(path)
            _check_fits(path, state, model)
            load_weights(model, path / MODEL)
            _put_back(model, state, arrays)
            more = {name.removeprefix(MORE): one for name, one in arrays.items() if name.startswith(MORE)}
            return Restored(path, model.num_timesteps, state["notes"], more)

        return self.newest(put)


def _write(folder: Path, model: BaseAlgorithm, notes: Mapping[str, Any], more: Mapping[str, Array]) -> None:
    random, generators = randomness.capture(model)
    (folder / MODEL).write_bytes(model_bytes(model))
    with (folder / ARRAYS).open("wb") as file:
        arrays: dict[str, Any] = {**arrays_of(model), **generators, **{MORE + name: one for name, one in more.items()}}
        np.savez(file, **arrays)
    state = {
        "format": FORMAT,
        "shape": shape_of(model),
        "counters": {name: getattr(model, name) for name in COUNTERS if hasattr(model, name)},
        "random": random,
        "notes": dict(notes),
        "sizes": {name: (folder / name).stat().st_size for name in (MODEL, ARRAYS)},
    }
    (folder / STATE).write_text(json.dumps(state), encoding="utf-8")
    for name in (MODEL, ARRAYS, STATE):
        flush(folder / name)
    flush(folder)


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """The state and the arrays, every byte checked against its sum, nothing put anywhere yet."""
    try:
        state: dict[str, Any] = json.loads((path / STATE).read_text(encoding="utf-8"))
        if state["format"] != FORMAT:
            raise RunError(
                f"{path}: has format {state['format']}; this version reads {FORMAT}; begin anew with resume=never"
            )
        for name, size in state["sizes"].items():
            if (found := (path / name).stat().st_size) != size:
                raise Damaged(f"{path / name}: is {found} bytes long and was written with {size}")
        with ZipFile(path / MODEL) as archive:
            if (spoilt := archive.testzip()) is not None:
                raise Damaged(f"{path / MODEL}: is damaged at {spoilt}")
        with np.load(path / ARRAYS, allow_pickle=False) as file:
            return state, {name: file[name] for name in file.files}
    except (OSError, ValueError, KeyError, TypeError, BadZipFile, EOFError) as cause:
        raise Damaged(f"{path}: is damaged ({cause})") from cause


def _check_fits(path: Path, state: Mapping[str, Any], model: BaseAlgorithm) -> None:
    mine = shape_of(model)
    for name, written in state["shape"].items():
        if written != mine[name]:
            raise RunError(
                f"{name}={mine[name]}: the checkpoint {path} was written with {written}; "
                "go on with the settings of the run, or give another run_dir="
            )


def _put_back(model: BaseAlgorithm, state: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    for name, value in state["counters"].items():
        setattr(model, name, value)
    fill(model, arrays)
    if (buffer := replay_buffer(model)) is not None:
        mark_gap(buffer)  # the episodes that were under way will not go on
    # Last: building and filling the model drew random numbers.
    randomness.put_back(model, state["random"], arrays)
