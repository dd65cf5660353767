"""sim-clip's two towers: a stock open_clip CLIP with a small convolutional image tower and a small text transformer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from open_clip import CLIP
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F

from vlmrl.config import packaged
from vlmrl.errors import WeightsMissing

DIM = 256
CONTEXT = 48
WEIGHTS = packaged.folder("sim_clip")
"""The packaged model."""

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


def model_config(vocabulary: int) -> dict[str, Any]:
    """The open_clip configuration."""
    return {
        "embed_dim": DIM,
        "vision_cfg": {
            "timm_model_name": "regnetx_002",
            "timm_model_pretrained": False,
            "timm_pool": "avg",
            "timm_proj": "linear",
            "image_size": 64,
        },
        "text_cfg": {"context_length": CONTEXT, "vocab_size": vocabulary, "width": 256, "heads": 4, "layers": 3},
    }


def build(vocabulary: int) -> CLIP:
    """The two towers with fresh weights."""
    config = model_config(vocabulary)
    return CLIP(config["embed_dim"], config["vision_cfg"], config["text_cfg"])


def pixels(frames: Tensor) -> Tensor:
    """uint8 ``(B, 64, 64, 3)`` to what the image tower reads, float32 ``(B, 3, 64, 64)``."""
    mean, std = (torch.tensor(part, device=frames.device).view(1, 3, 1, 1) for part in (MEAN, STD))
    return (frames.permute(0, 3, 1, 2).float() / 255 - mean) / std


def embed_tokens(model: CLIP, tokens: Tensor) -> Tensor:
    """What ``model.encode_text`` gives at unit length, without computing the padding: ``(K, D)``.

    A causal text tower reads nothing behind the end mark, so the columns behind the longest sentence may be cut.
    """
    length = int(tokens.argmax(dim=-1).max()) + 1
    tokens = tokens[:, :length]
    x = model.token_embedding(tokens) + model.positional_embedding[:length]
    x = model.ln_final(model.transformer(x, attn_mask=model.attn_mask[:length, :length]))
    x = x[torch.arange(len(x)), tokens.argmax(dim=-1)]
    return F.normalize(x @ model.text_projection, dim=-1)


def save(model: CLIP, folder: Path, vocabulary: int) -> None:
    """Write an open_clip local directory: matrices in fp16, everything else in fp32."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "model_cfg": model_config(vocabulary),
        "preprocess_cfg": {"mean": MEAN, "std": STD, "interpolation": "bicubic", "resize_mode": "squash"},
    }
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=2) + "\n")
    state = {
        name: (value.half() if value.ndim >= 2 and value.is_floating_point() else value).contiguous().clone()
        for name, value in model.state_dict().items()
    }
    save_file(state, folder / "open_clip_model.safetensors")


def load(folder: Path) -> CLIP:
    """Read what :func:`save` wrote.

    Raises:
        WeightsMissing: the directory holds no model.
    """
    weights = folder / "open_clip_model.safetensors"
    if not weights.is_file():
        raise WeightsMissing(f"{folder}: holds no open_clip_model.safetensors; 'vlmrl sim-clip train' makes one")
    vocabulary = json.loads((folder / "open_clip_config.json").read_text())["model_cfg"]["text_cfg"]["vocab_size"]
    model = build(vocabulary)
    model.load_state_dict(load_file(weights))
    return model.eval()
