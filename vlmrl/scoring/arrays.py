"""Scores as NumPy has them, whoever gave them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from vlmrl.types import Array


def as_numpy(scores: Any, dtype: DTypeLike) -> Array:
    """From NumPy, a list, or torch on any device: an array of ``dtype``, not copied where it is one."""
    if hasattr(scores, "detach"):
        scores = scores.detach().cpu().numpy()
    return np.asarray(scores, dtype=dtype)
