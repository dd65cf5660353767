"""What was measured, as JSON can hold it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from typing import Any

import numpy as np


def plain(value: Any) -> Any:
    """The same in mappings with names, lists and numbers; None for nan and infinity, which JSON does not know.

    Args:
        value: a number, a text, a bool or None; or dataclasses, mappings, arrays and other rows of such.
    """
    if is_dataclass(value):
        return plain(vars(value))
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, str):
        return value
    if isinstance(value, Iterable):
        return [plain(inner) for inner in value]
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value
