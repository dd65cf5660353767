"""From a reward's settings and a task to the gauge that the reward reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vlmrl.config.parts import part
from vlmrl.envs.task import Task
from vlmrl.errors import ConfigError
from vlmrl.keypoints.gauge import PlanGauge
from vlmrl.keypoints.plan import Geometry
from vlmrl.types import Words


def gauge_of(name: str, settings: Mapping[str, Any], task: Task | None, words: Words) -> PlanGauge | None:
    """What is read off a task's states for a reward; None for one that looks at pictures.

    Args:
        name: of the reward.
        settings: keywords of its constructor.
        task: where it pays; None: of a world of others nobody knows the points.
        words: what the agent is to do, for planners that read.

    Raises:
        UnknownName: no such reward.
        ConfigError: the task has no points.
    """
    model = part("reward", name)
    if model.takes != "track":
        return None
    if task is None or task.points is None:
        where = "this world is no task of ours" if task is None else f"{task.name} names none"
        raise ConfigError(
            f"reward={name}: goes by points of a task, and {where}; take a task that has them (reacher/touch, any "
            "tabletop/…), or give yours points=Points(…)"
        )
    success = task.success if settings.get("success") == "truth" else None
    return PlanGauge(task.points, Geometry(), str(settings.get("held", "moved")), success)


def tell_planned(name: str, settings: Mapping[str, Any], say: Any) -> None:
    """Tell the user what of a reward's pay is the simulator's knowledge."""
    model = part("reward", name)
    if model.takes != "track":
        return
    known = ["its ways are the simulator's own"] if model.planner == "geometry" else []
    known += ["success is the simulator's own (reward.success=truth)"] if settings.get("success") == "truth" else []
    if known:
        say(f"reward={name}: {' and '.join(known)}, so a result with it is privileged, not from words")
