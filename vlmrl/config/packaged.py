"""The vision-language models that ship with the package, and which of them was told of a world."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

MODELS = {"sim_clip": "weights", "sim_clip_wide": "weights_wide"}
"""Their names, the one that knows fewest worlds best first, and their folders in ``vlmrl/sim_clip``."""


def folder(model: str) -> Path:
    """Where a packaged model lies, in open_clip's format."""
    return Path(__file__).parents[1] / "sim_clip" / MODELS[model]


def read(folder: Path, name: str) -> dict[str, Any]:
    """A JSON file beside a model's weights; {} where there is none."""
    path = folder / name
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


@cache
def worlds(model: str) -> tuple[str, ...]:
    """The worlds that a packaged model was trained on, sorted; none where it came without its known sentences."""
    return tuple(sorted(read(folder(model), "known.json").get("sentences", ())))


def told_of(world: str) -> str | None:
    """The first of them that was told of a world, which is the domain of a task's name; None: nobody was."""
    return next((model for model in MODELS if world in worlds(model)), None)
