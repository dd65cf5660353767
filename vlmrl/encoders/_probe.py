"""Which precision is the fastest on this machine: measured once for a model, then remembered."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from vlmrl.config import atomic

GAIN = 1.2
"""How much faster than the first another must be, for it rounds more."""
ROUNDS = 3


def kept_in() -> Path:
    """The file that remembers, in the user's cache: ``{what was measured: what won}``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vlmrl" / "fastest.json"


def fastest(what: str, ways: Mapping[str, Callable[[], Callable[[], object]]]) -> str:
    """The name of the fastest of several ways to do the same, the first unless another gains.

    Args:
        what: names the task; with the machine's processor, its threads and torch, the key of what is remembered.
        ways: each makes a function to be timed. One whose first call takes five times as long as the best so far is
            not called again: CPUs without bf16 compute it, eighty times slower.
    """
    machine = [_processor(), f"{torch.get_num_threads()} threads", torch.__version__]
    key = hashlib.sha256("; ".join([what, *ways, *machine]).encode()).hexdigest()[:16]
    known = _read()
    if known.get(key) in ways:
        return str(known[key])
    taken: dict[str, float] = {}
    for name, make in ways.items():
        taken[name] = _seconds(make(), 5 * min(taken.values(), default=float("inf")))
    first, best = next(iter(taken)), min(taken, key=lambda name: taken[name])
    won = best if taken[best] * GAIN <= taken[first] else first
    _write({**known, key: won})
    return won


def _seconds(do: Callable[[], object], limit: float) -> float:
    """How long a call takes after a first one; the first one's time where that is over the limit."""
    found = []
    for _ in range(1 + ROUNDS):
        start = time.perf_counter()
        do()
        found.append(time.perf_counter() - start)
        if found[0] > limit:
            return found[0]
    return min(found[1:])


def _processor() -> str:
    """What computes here, as far as the system tells."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8", errors="replace").splitlines() if info.is_file() else []
    named = [line for line in lines if line.startswith(("model name", "flags"))]
    return " ".join(sorted(set(named))) or platform.processor() or platform.machine()


def _read() -> dict[str, Any]:
    try:
        found = json.loads(kept_in().read_text(encoding="utf-8"))
    except (OSError, ValueError):  # never measured, or cut short: measuring again takes seconds
        return {}
    return found if isinstance(found, dict) else {}


def _write(known: Mapping[str, str]) -> None:
    try:
        kept_in().parent.mkdir(parents=True, exist_ok=True)
        atomic.write_json(kept_in(), known)
    except OSError:  # nobody else needs it
        return
