"""What ``vlmrl list`` knows of each part: read from its module, its YAML and its constructor, written nowhere else."""

from __future__ import annotations

import inspect
from typing import Any

import yaml

from vlmrl import find
from vlmrl.cli import _help
from vlmrl.config.groups import CONF, options
from vlmrl.config.parts import keywords_of, part
from vlmrl.config.schema import ORACLE

Row = dict[str, Any]

FACTS = {
    "encoders": ("model", "family"),
    "agents": ("algorithm", "total_steps", "n_envs", "params"),
    "experiments": ("task", "env"),
}
"""What of a YAML file is told beside its comment."""

LONG = (
    *("baseline", "negative", "truth", "env_id", "params", "hold", "held", "version", "profile"),
    *("random_in_passing", "random_ever", "random_episodes"),
    *("knowing_in_passing", "knowing_ever", "knowing_episodes", "who"),
)
"""Facts that a table on the screen leaves to the JSON."""


def rows(kind: str) -> list[Row]:
    """Every part of a kind (in the plural), by name, as dicts of equal keys that fit into JSON."""
    if kind == "tasks":
        return _tasks()
    if kind == "rewards":
        return _rewards()
    if kind == "questions":
        return _questions()
    if kind == "judges":
        return [_part("judge", name) for name in find.names("judge")]
    if kind == "verbs":
        return [{"name": name.replace("_", "-"), "about": _help.summary(name)} for name in find.names("verb")]
    return _yaml(kind.removesuffix("s"), *FACTS.get(kind, ()))


def brief(row: Row) -> Row:
    """What of a row fits on a screen; of a share its mean."""
    short = {key: value for key, value in row.items() if key not in LONG}
    return {
        key: value["mean"] if isinstance(value, dict) and "mean" in value else value for key, value in short.items()
    }


def _tasks() -> list[Row]:
    from vlmrl.envs.make import find_task, task_names
    from vlmrl.judge.reached import row

    found = []
    for name in task_names():
        task = find_task(name)
        told = ("goal", "baseline", "negative", "truth", "horizon", "env_id", "held", "version", "profile")
        facts = {key: _plain(getattr(task, key)) for key in told}
        found.append({"name": name, **facts, "hold": task.hold_steps, **row(task)})
    return found


def _rewards() -> list[Row]:
    found: list[Row] = []
    for name in find.names("reward"):
        model = part("reward", name)
        found.append(
            {
                "name": name,
                "about": (inspect.getdoc(model) or "").partition("\n")[0],
                "needs": [
                    *(side for side in ("baseline", "negative") if getattr(model, f"needs_{side}")),
                    *(f"reward.{key}" for key in model.missing_pictures({})),
                    *(["reward.weights"] if model.needs_training else []),
                ],
                "range": [model.low, model.high],
                "settings": _defaults(model),
            }
        )
    oracle = "The simulator's own reward, no words and no model: what a reward from text is compared with."
    return [*found, {"name": ORACLE, "about": oracle, "needs": [], "range": [None, None], "settings": {}}]


def _part(kind: str, name: str) -> Row:
    """What a part's class says of itself."""
    found = part(kind, name)
    return {"name": name, "about": (inspect.getdoc(found) or "").partition("\n")[0], "settings": _defaults(found)}


def _questions() -> list[Row]:
    """The questions of a check, in the order in which they are asked."""
    from vlmrl.judge.questions import in_order

    return [
        {"name": name, "asks": asks, "about": " ".join((inspect.getdoc(module) or "").removeprefix(asks).split())}
        for name, asks, module in in_order()
    ]


def _yaml(group: str, *facts: str) -> list[Row]:
    """The YAML files of a config group: the facts asked for, and the comment at the head."""
    found = []
    for name in options(group):
        text = (CONF / group / f"{name}.yaml").read_text(encoding="utf-8")
        comment = [line.removeprefix("#").strip() for line in text.splitlines() if line.startswith("#")]
        about = " ".join(line for line in comment if not line.startswith("@package"))
        data = yaml.safe_load(text) or {}
        found.append({"name": name, **{key: data.get(key) for key in facts}, "about": about})
    return found


def _defaults(model: type[Any]) -> dict[str, Any]:
    parameters = list(keywords_of(model).values())[1:]
    return {one.name: None if one.default is one.empty else _plain(one.default) for one in parameters}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
