"""How often a second something can be done, several ways in one run: what every benchmark of speed does."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np


def per_second(do: Callable[[], object], seconds: float, warm: int = 1) -> float:
    """Calls a second over ``seconds``, after ``warm`` calls that do not count."""
    for _ in range(warm):
        do()
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        do()
        count += 1
    return count / (time.perf_counter() - began)


def alternated(
    ways: Mapping[str, Callable[[], object]], rounds: int, seconds: float, warm: int = 1
) -> dict[str, float]:
    """Calls a second of every way, the median of ``rounds``, in each of which all of them take their turn."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, do in ways.items():
            found[name].append(per_second(do, seconds, warm))
    return {name: float(np.median(rates)) for name, rates in found.items()}
