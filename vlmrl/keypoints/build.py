"""From a reward's settings and a task to the gauge that the reward reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from vlmrl.config.parts import keywords_of, part
from vlmrl.envs.gauge import Gauge
from vlmrl.envs.task import Task
from vlmrl.errors import ConfigError
from vlmrl.keypoints.ask import Asked
from vlmrl.keypoints.endpoint import Chat, endpoint_of
from vlmrl.keypoints.gauge import PlanGauge
from vlmrl.keypoints.plan import Geometry
from vlmrl.keypoints.sight import Seen, seek_of
from vlmrl.types import Words

if TYPE_CHECKING:
    from vlmrl.encoders.base import Encoder


def gauge_of(
    name: str,
    settings: Mapping[str, Any],
    task: Task | None,
    words: Words,
    eyes: Callable[[], Encoder] | None = None,
) -> PlanGauge | None:
    """What is read off a task's states for a reward; None for one that looks at pictures.

    Args:
        name: of the reward.
        settings: keywords of its constructor.
        task: where it pays; None: of a world of others nobody knows the points.
        words: what the agent is to do, for planners that read.
        eyes: gives the run's encoder, for planners that look; it must pickle where environments run in processes.

    Raises:
        UnknownName: no such reward.
        ConfigError: the task has no points, or the settings of the endpoint, or of what is looked for, are none.
    """
    model = part("reward", name)
    if model.takes != "track":
        return None
    if task is None or task.points is None:
        where = "this world is no task of ours" if task is None else f"{task.name} names none"
        raise ConfigError(
            f"reward={name}: goes by points of a task, and {where}; take a task that has them "
            "(reacher/touch, point_mass/target, any tabletop/…), or give yours points=Points(…)"
        )
    settings = {name: one.default for name, one in keywords_of(model).items()} | dict(settings)
    success = task.success if settings["success"] == "truth" else None
    if model.planner == "geometry":
        return PlanGauge(task.points, Geometry(), str(settings["held"]), success)
    near = float(settings["near"])
    if model.planner == "map":
        if eyes is None:
            raise ConfigError(f"reward={name}: looks through an encoder, and is given none; give gauge_of eyes")
        return PlanGauge(task.points, Seen(eyes, seek_of(settings["look"] or {})), str(settings["held"]), success, near)
    asked = Asked(Chat(endpoint_of(settings["endpoint"])), "; ".join(words.goal), float(settings["above"]))
    return PlanGauge(task.points, asked, str(settings["held"]), success, near)


def tell_planned(name: str, settings: Mapping[str, Any], say: Any) -> None:
    """Tell the user what of a reward's pay is the simulator's knowledge."""
    model = part("reward", name)
    if model.takes != "track":
        return
    known = ["its ways are the simulator's own"] if model.planner == "geometry" else []
    if model.planner == "map":
        say(f"reward={name}: looks for its parts in the first picture of every episode, through a calibrated camera")
    if model.planner == "vlm":
        say(
            f"reward={name}: asks {(settings.get('endpoint') or {}).get('model')} about the start of every episode; "
            "the points that it chooses from, and their depth, are the simulator's"
        )
        known += ["things are followed by the simulator (reward.held=moved)"] if settings.get("held") == "moved" else []
    known += ["success is the simulator's own (reward.success=truth)"] if settings.get("success") == "truth" else []
    if known:
        say(f"reward={name}: {' and '.join(known)}, so a result with it is privileged, not from words")


def counts(gauge: Gauge | None) -> dict[str, int]:
    """How many plans a model made, of how many answers, and how many were no plan; empty where none was asked."""
    planner = gauge.planner if isinstance(gauge, PlanGauge) else None
    return dict(planner.told) if isinstance(planner, Asked) else {}
