"""What the gallery shows of each task: a state in which it is done, drawn through its camera."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from vlmrl.cli import _out
from vlmrl.cli._catalogue import Row
from vlmrl.envs.make import find_task
from vlmrl.envs.task import Task
from vlmrl.errors import VlmrlError
from vlmrl.judge.stage import Stage
from vlmrl.report.gallery_page import Exhibit
from vlmrl.types import Array

SIDE = 200
"""Of a picture [pixels]."""


def exhibits(rows: Iterable[Row]) -> list[Exhibit]:
    """Every task with its picture; where there is none the reason, and the gallery goes on."""
    found = []
    for row in rows:
        try:
            found.append(Exhibit(row, _picture(find_task(row["name"]))))
        except VlmrlError as cause:
            _out.say(f"{row['name']}: no picture: {cause}")
            found.append(Exhibit(row, missing=str(cause)))
    return found


def _picture(task: Task) -> Array:
    with Stage(task, (SIDE, SIDE), profile="pretty") as stage:
        return np.asarray(stage.posed(task.goal_states(np.random.default_rng(0), 1)).frames[0])
