"""How often a second something can be done, several ways in one run: what every benchmark of speed does."""

from __future__ import annotations

import platform
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np

from vlmrl.envs.batch.cores import physical_cores


@dataclass(frozen=True)
class Budget:
    """How long to measure.

    Attributes:
        seconds: of each way in each round.
        rounds: in which every way takes its turn.
    """

    seconds: float
    rounds: int


_TURN = 3
"""Calls of one way before the next has its turn."""

FULL, QUICK = Budget(3.0, 5), Budget(1.0, 3)


@dataclass(frozen=True)
class Figure:
    """One comparison within one run.

    Attributes:
        name: ``what/with whom``, such as ``steps/humanoid-64/subproc``.
        ours, peer: of ``unit``.
        ratio: ours over the peer's; above 1 ours is faster.
        unit: what is counted.
        machine: processor and cores.
        date: of the measurement, UTC.
    """

    name: str
    ours: float
    peer: float
    ratio: float
    unit: str
    machine: str
    date: str


def figure(name: str, ours: float, peer: float, unit: str) -> Figure:
    """A comparison made here and now."""
    today = datetime.now(UTC).date().isoformat()
    return Figure(name, _short(ours), _short(peer), _short(ours / peer), unit, machine(), today)


def figures(prefix: str, unit: str, rates: Mapping[str, float], ours: str = "ours") -> Iterator[Figure]:
    """One figure a peer: everything in ``rates`` but ``ours``."""
    for peer, rate in rates.items():
        if peer != ours:
            yield figure(f"{prefix}/{peer}", rates[ours], rate, unit)


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
    ways: Mapping[str, Callable[[], object]], budget: Budget, each: float = 1, warm: int = 1
) -> dict[str, float]:
    """What every way does a second, the median of rounds in each of which all of them take their turn.

    Args:
        ways: what to call.
        budget: how long.
        each: how many things a call does.
        warm: calls before each turn that do not count.
    """
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(budget.rounds):
        for name, do in ways.items():
            found[name].append(each * per_second(do, budget.seconds, warm))
    return {name: float(np.median(rates)) for name, rates in found.items()}


def call_by_call(ways: Mapping[str, Callable[[], object]], budget: Budget, each: float = 1) -> dict[str, float]:
    """What every way does a second, in turns of a few calls, as long in all as :func:`alternated` takes.

    For ratios near 1, which a neighbour on the same cores blurs: he is there for a while, then gone, and turns this
    short meet him alike. A way's rate is that of its fastest tenth of calls, the first of each turn left out.

    Args:
        ways: what to call.
        budget: how long.
        each: how many things a call does.
    """
    took: dict[str, list[float]] = {name: [] for name in ways}
    ends = time.perf_counter() + budget.seconds * budget.rounds * len(ways)
    while time.perf_counter() < ends or not all(took.values()):
        for name, do in ways.items():
            do()
            for _ in range(_TURN):
                began = time.perf_counter()
                do()
                took[name].append(time.perf_counter() - began)
    return {name: each / float(np.quantile(seconds, 0.1)) for name, seconds in took.items()}


@cache
def machine() -> str:
    """Processor and physical cores."""
    info = Path("/proc/cpuinfo")
    named = re.search(r"model name\s*: (.*)", info.read_text()) if info.is_file() else None
    return f"{named.group(1) if named else platform.machine()}, {physical_cores()} cores"


def _short(value: float) -> float:
    """Three figures, or all before the point: more was not measured."""
    return float(f"{value:.3g}") if value < 1000 else float(round(value))
