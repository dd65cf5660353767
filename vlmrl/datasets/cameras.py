"""Cameras by a word: the task's own, one of the model's, or the task's turned a little."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from vlmrl.envs.task import Camera, Task
from vlmrl.errors import ConfigError

OWN = "task"
_NUMBERS = ("distance", "azimuth", "elevation")


def camera_of(text: str, task: Task) -> Camera:
    """The camera that a text means.

    Args:
        text: ``task`` is the task's own; ``task:azimuth=45:elevation=-20`` the same, turned; any other word is a camera
            of the model. After colons come ``distance`` [m], ``azimuth``, ``elevation`` [degrees], ``lookat`` (three
            numbers [m] with semicolons between) and ``follow`` (a body).
        task: whose camera it is.

    Raises:
        ConfigError: what follows a colon is no setting of a camera.
    """
    base, *given = text.split(":")
    camera = task.camera if base == OWN else Camera(name=base)
    if not given:
        return camera
    if base != OWN:
        raise ConfigError(
            f"camera={text}: a camera of the model stands where it stands; turn the task's: {OWN}:{given[0]}"
        )
    # One that is fixed in the model has no place of its own to turn around: it becomes a free one.
    return replace(camera, **{"name": None, **dict(_setting(text, one) for one in given)})


def label_of(text: str) -> str:
    """The text as a folder's name or a column's."""
    return re.sub(r"[^\w.-]+", "_", text)


def _setting(text: str, one: str) -> tuple[str, Any]:
    key, equals, value = one.partition("=")
    try:
        if equals and key in _NUMBERS:
            return key, float(value)
        if equals and key == "lookat":
            x, y, z = map(float, value.split(";"))
            return key, (x, y, z)
    except ValueError as cause:
        raise ConfigError(f"camera={text}: {one} is no number; lookat has three, as lookat=0;0;0.5") from cause
    if equals and key == "follow":
        return key, value
    raise ConfigError(f"camera={text}: {one!r} is no setting of a camera; write {OWN}:azimuth=45:distance=2")
