"""A policy on disk: weights as safetensors, and beside them as JSON all that the weights do not tell."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import save
from torch import Tensor

from vlmrl.agents.vla.lexicon import Lexicon
from vlmrl.agents.vla.model import Network, Sizes
from vlmrl.agents.vla.policy import Mind
from vlmrl.agents.vla.quantiles import Quantiles
from vlmrl.agents.vla.settings import form_of
from vlmrl.config import atomic, state_file
from vlmrl.encoders.base import Encoder
from vlmrl.errors import RunError, VlmrlError

FORMAT = 2
"""Rises when an older policy can no longer be read."""

NETWORK, SENTENCES = "network/", "sentences"


def save_mind(path: Path, mind: Mind, **about: Any) -> None:
    """Write ``path``, which ends in ``.safetensors``, and a ``.json`` beside it.

    Args:
        path: where to.
        mind: what to keep.
        **about: more to write down, plain JSON.

    Raises:
        RunError: it cannot be written; what was there is whole.
    """
    tensors = {NETWORK + name: value.contiguous() for name, value in mind.network.state_dict().items()}
    tensors[SENTENCES] = torch.stack(list(mind.lexicon.known.values()))
    atomic.write_bytes(path, save(tensors))
    sizes = mind.network.sizes
    told = {
        "format": FORMAT,
        **about,
        "form": mind.form.model_dump(mode="json"),
        "sizes": {"actions": sizes.actions, "proprio": sizes.proprio, "text": sizes.text},
        "proprio": mind.proprio.to_json(),
        "actions": mind.actions.to_json(),
        "bounds": mind.bounds.tolist(),
        "encoder": mind.lexicon.fingerprint,
        "sentences": list(mind.lexicon.known),
    }
    atomic.write_json(path.with_suffix(".json"), told)


def load_mind(path: Path, load: Callable[[], Encoder], backbone: Callable[[str], Encoder]) -> Mind:
    """Read what :func:`save_mind` wrote; nothing is unpickled.

    Args:
        path: the safetensors file.
        load: loads the encoder that sentences are read with, if one is new.
        backbone: loads the encoder of that name, for a policy that looks through one.

    Raises:
        RunError: a file is missing, cut off, of another version, or holds weights of another shape.
    """
    try:
        told = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        if told["format"] != FORMAT:
            raise RunError(f"{path}: has format {told['format']}; this version reads {FORMAT}; train it anew")
        form, sizes = form_of(told["form"]), Sizes(**told["sizes"])
        tensors = read_tensors(path)
        vectors = tensors.pop(SENTENCES)
        known = dict(zip(told["sentences"], vectors, strict=True))
        network = Network(form, sizes, None if form.backbone is None else backbone(form.backbone))
        put(network, {name.removeprefix(NETWORK): value for name, value in tensors.items()}, path)
        proprio, actions = (Quantiles.read(told[part]) for part in ("proprio", "actions"))
        bounds = np.array(told["bounds"], np.float32)
        return Mind(network, Lexicon(known, told["encoder"], load), proprio, actions, bounds)
    except (OSError, KeyError, TypeError, ValueError) as cause:
        if isinstance(cause, VlmrlError):
            raise RunError(f"{path}: cannot be read: {cause}") from cause
        raise RunError(f"{path}: is no policy of vlmrl, or was cut off ({cause}); train it anew") from cause


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Everything in a safetensors file.

    Raises:
        RunError: it cannot be read.
    """
    try:
        return state_file.contents(path, "pt")[0]
    except (OSError, SafetensorError, ValueError) as cause:
        raise RunError(f"{path}: cannot be read ({cause}); it was cut off or is none of ours") from cause


def put(network: Network, weights: Mapping[str, Tensor], path: Path) -> None:
    """Put weights into a network; errors as for :func:`check_same_shapes`."""
    check_same_shapes(network.state_dict(), weights, path)
    network.load_state_dict(dict(weights))


def check_same_shapes(mine: Mapping[str, Tensor], weights: Mapping[str, Tensor], path: Path) -> None:
    """Refuse weights read from ``path`` that are not those of a network.

    Raises:
        RunError: they are of another shape; the message names the first that differs.
    """
    for name in sorted({*mine, *weights}):
        here, there = (tuple(one[name].shape) if name in one else "none" for one in (mine, weights))
        if here != there:
            raise RunError(
                f"{path}: {name} is {there} there and {here} here; the policy was of another form, or other actions: "
                "give the settings that it was trained with"
            )
