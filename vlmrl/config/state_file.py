"""A file from which a killed training goes on: safetensors, with what else must be known as JSON in their header."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
from safetensors import SafetensorError

TOLD = "told"


def header(told: Mapping[str, Any]) -> dict[str, str]:
    """The header of a file of tensors that says so much, as safetensors takes it."""
    return {TOLD: json.dumps(told)}


def read(path: Path, framework: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The tensors of a file by their names, and what its header tells; None where there is none or it is damaged.

    Args:
        path: of the file.
        framework: whose tensors are wanted, as safetensors calls it: ``np`` or ``pt``.
    """
    try:
        tensors, said = contents(path, framework)
        told: dict[str, Any] = json.loads(said[TOLD])
    except (OSError, SafetensorError, ValueError, KeyError, TypeError):
        return None
    return tensors, told


def contents(path: Path, framework: str) -> tuple[dict[str, Any], dict[str, str]]:
    """All tensors of any safetensors by name, and the header, empty where there is none; arguments as for :func:`read`.

    Raises:
        OSError: it cannot be read.
        SafetensorError: it is damaged, or something else.
    """
    with safetensors.safe_open(path, framework) as file:
        said: dict[str, str] = file.metadata() or {}
        return {name: file.get_tensor(name) for name in file.keys()}, said  # noqa: SIM118  # it is no mapping
