"""A task written down: the Python file of a new one, whose ground truth is nearness to a pose."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import fields

from vlmrl.envs.make import find_task
from vlmrl.envs.pose_goal import PoseGoal
from vlmrl.errors import ConfigError
from vlmrl.find import names
from vlmrl.types import Words

NAME = re.compile(r"[a-z][a-z0-9_]*/[a-z][a-z0-9_]*")
WIDTH = 120


def task_file(name: str, truth: PoseGoal, words: Words) -> str:
    """The file of a new task in the world of another.

    Args:
        name: of the new task, ``domain/behaviour``; the file is to be called ``<domain>.py``.
        truth: the pose, and the task whose world, camera and horizon the new one takes.
        words: its sentences, of every side.

    Raises:
        UnknownName: the task that the pose is of cannot be found.
        ConfigError: a name that no file could have or that is taken, or a side without a sentence.
    """
    behaviour = _behaviour(name)
    find_task(truth.of)
    for side in ("baseline", "negative"):
        if not getattr(words, side):
            raise ConfigError(f"{side}: is missing; a task has one, so that every reward model can be asked with it")
    sides = "\n".join(_field(side, _strings(getattr(words, side))) for side in ("goal", "baseline", "negative"))
    pose = "\n".join(_field(one.name, _value(getattr(truth, one.name))) for one in fields(truth))
    return f'''"""{name}, made from {truth.of} by `vlmrl play`. Truth: nearness to one pose, whatever the speed."""

from vlmrl.envs.make import find_task
from vlmrl.envs.pose_goal import PoseGoal

POSE = PoseGoal(
{pose}
)

{behaviour.upper()} = find_task("{truth.of}").but(
    name="{name}",
{sides}
    oracle=POSE.nearness,
    success=POSE.reached,
    goal_states=POSE.near,
    bad_states=POSE.far,
    version=0,
)
'''


def _behaviour(name: str) -> str:
    if NAME.fullmatch(name) is None:
        raise ConfigError(
            f"name={name}: must read domain/behaviour in small letters, digits and _, such as my_walker/kneel"
        )
    domain, _, behaviour = name.partition("/")
    if domain in names("task"):
        raise ConfigError(
            f"name={name}: {domain}.py is there already with tasks of its own; take another domain, such as my_{domain}"
        )
    if behaviour == "pose":  # POSE is the truth's name in the file
        raise ConfigError(f"name={name}: say which pose, such as {domain}/kneel")
    return behaviour


def _field(name: str, items: Sequence[str] | str) -> str:
    """One keyword of a call, on a line where it fits, else an item a line."""
    if isinstance(items, str):
        return f"    {name}={items},"
    inside = ", ".join(items) + ("," if len(items) == 1 else "")
    line = f"    {name}=({inside}),"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"    {name}=(", *(f"        {item}," for item in items), "    ),"])


def _strings(sentences: Sequence[str]) -> list[str]:
    """Sentences as Python's literals: JSON's are, and have double quotes where that needs no escape."""
    return [repr(one) if '"' in one else json.dumps(one, ensure_ascii=False) for one in sentences]


def _value(value: object) -> list[str] | str:
    return [repr(one) for one in value] if isinstance(value, tuple) else json.dumps(value)
