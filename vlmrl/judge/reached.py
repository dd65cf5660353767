"""How often a task succeeds for an agent that acts at random, and for one that knows the simulator: measured once.

Beside them a reward's agent is read: a task that chance solves proves nothing, and one that nobody solves neither.
``benchmarks/reached.py`` measures, ``reached.json`` keeps.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from vlmrl.envs.task import Task
from vlmrl.metrics.intervals import rate
from vlmrl.metrics.plain import plain
from vlmrl.types import Array

FILE = Path(__file__).with_name("reached.json")
IN_PASSING = 10
"""Steps in a row, anywhere in an episode, that are success in VLM-RM's sense (Rocamonde et al., ICLR 2024)."""


@dataclass(frozen=True)
class Reached:
    """One agent in one task.

    Attributes:
        who: ``random``, ``script``, or the training that made it.
        episodes: how many were played.
        succeeded: how many succeeded, by the task's own criterion.
        in_passing: how many were in success for :data:`IN_PASSING` steps in a row, at any time; None: not counted.
        ever: how many were in success at any moment at all, which is Meta-World's criterion.
    """

    who: str
    episodes: int
    succeeded: int
    in_passing: int | None
    ever: int

    def share(self, count: int | None) -> dict[str, Any] | None:
        """That many of the episodes as a share with its interval, as JSON holds it; None where it was not counted."""
        if count is None:
            return None
        held: dict[str, Any] = plain(rate([1.0] * count + [0.0] * (self.episodes - count)))
        return held

    @classmethod
    def of(cls, who: str, task: Task, traces: list[Array]) -> Reached:
        """From ``success`` on each step of each episode, bool ``(T,)``."""
        passing = task.but(held="any", hold=1 if task.ends else min(IN_PASSING, task.horizon))
        held, passed = (sum(map(one.succeeded, traces)) for one in (task, passing))
        return cls(who, len(traces), held, passed, sum(bool(trace.any()) for trace in traces))


@dataclass(frozen=True)
class Bounds:
    """What chance reaches in a task, and what knowledge; None where it was not measured.

    Attributes:
        random: an agent that acts at random.
        knowing: a script, or an agent that learned from the ground truth; also None where there is none.
    """

    random: Reached | None = None
    knowing: Reached | None = None


def read(file: Path) -> dict[str, Any]:
    """What is in such a file; nothing was measured where there is none."""
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {"tasks": {}}
    return found


_measured = cache(read)


def bounds(task: Task) -> Bounds:
    """What was measured of a task in the version that it has."""
    found = _measured(FILE)["tasks"].get(task.name)
    if found is None or found["version"] != task.version:
        return Bounds()
    return Bounds(**{who: Reached(**found[who]) for who in ("random", "knowing") if found.get(who)})


def row(task: Task) -> dict[str, Any]:
    """What was measured of a task, as facts of equal keys that fit into JSON; None where it was not."""
    known, told = bounds(task), dict[str, Any]()
    for name in ("random", "knowing"):
        one: Reached | None = getattr(known, name)
        told[name] = None if one is None else one.share(one.succeeded)
        told[f"{name}_in_passing"] = None if one is None else one.share(one.in_passing)
        told[f"{name}_ever"] = None if one is None else one.share(one.ever)
        told[f"{name}_episodes"] = None if one is None else one.episodes
    return {**told, "who": None if known.knowing is None else known.knowing.who}
