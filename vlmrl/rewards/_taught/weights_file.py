"""Files of learned weights: safetensors, and JSON beside it that says what they are for and how they came out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError

from vlmrl.config import atomic
from vlmrl.errors import ConfigError

SUFFIX = ".safetensors"


def save(path: Path, tensors: Mapping[str, torch.Tensor], told: Mapping[str, Any]) -> None:
    """Write tensors, and what is told of them beside them as JSON, each in one piece.

    Raises:
        ConfigError: the name does not end in ``.safetensors``.
        RunError: a file cannot be written.
    """
    if path.suffix != SUFFIX:
        raise ConfigError(f"out={path}: must end in {SUFFIX}")
    content = safetensors.torch.save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()})
    atomic.write_bytes(path, content)
    digest = hashlib.sha256(content).hexdigest()
    atomic.write_json(path.with_suffix(".json"), {**told, "digest": digest})


def load(path: Path, key: str, made_by: str) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Read what :func:`save` wrote.

    Args:
        path: of the safetensors.
        key: what a message calls the file by.
        made_by: the command that writes such files, for the message.

    Returns:
        The tensors by name, and what is told of them; ``digest`` is a hash of the file.

    Raises:
        ConfigError: a file is missing or damaged, or the two do not belong together.
    """
    beside = path.with_suffix(".json")
    try:
        content = path.read_bytes()
        told = dict(json.loads(beside.read_text(encoding="utf-8")))
        digest = str(told["digest"])
        if hashlib.sha256(content).hexdigest() == digest:
            return safetensors.torch.load(content), told
        safetensors.torch.load(content)  # says itself where it was cut off
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as cause:
        raise ConfigError(f"{key}={path}: cannot be read ({cause}); {made_by} writes it, a .json beside it") from cause
    raise ConfigError(f"{key}={path}: is not the file that {beside.name} belongs to; make both anew ({made_by})")


def refuse_other(file: str, told: Mapping[str, Any], encoder: str, fits: bool, remedy: str) -> None:
    """Refuse weights that learned from the embeddings of another encoder.

    Args:
        file: setting and path, for the message.
        told: of the weights; ``encoder`` is the fingerprint of the one that they learned with.
        encoder: fingerprint of the one whose embeddings they shall read.
        fits: whether they take embeddings of its length.
        remedy: what to do instead, for the message.

    Raises:
        ConfigError: they did, or do not fit.
    """
    made_for = told.get("encoder")
    if made_for != encoder or not fits:
        raise ConfigError(f"{file}: is for embeddings of another encoder ({made_for}, this is {encoder}); {remedy}")
