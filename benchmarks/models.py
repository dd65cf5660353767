"""Models to time: of any architecture that open_clip knows, with random weights, which take as long as trained ones."""

from __future__ import annotations

import json
from pathlib import Path

import open_clip
from open_clip.factory import get_model_config
from safetensors.torch import save_model


def random_clip(folder: Path, architecture: str) -> str:
    """Write a model as a directory that its users could have made.

    Args:
        folder: made where it is missing.
        architecture: open_clip's name, such as ``ViT-B-32``.

    Returns:
        The encoder's name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model = open_clip.create_model(architecture)
    config = {"model_cfg": get_model_config(architecture), "preprocess_cfg": open_clip.get_model_preprocess_cfg(model)}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    save_model(model, str(folder / "open_clip_model.safetensors"))
    return f"local-dir:{folder}"
