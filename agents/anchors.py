"""The two scores that calibration maps to 1 and 0, measured on states that a task knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import gymnasium as gym
import numpy as np

from vlmrl.envs.task import Task
from vlmrl.errors import ConfigError
from vlmrl.scoring.scorer import Scorer
from vlmrl.shaping.calibrate import Calibrate
from vlmrl.types import Array, Words

POSES = 64
"""States posed for each anchor."""

SEED = 20_261_121
"""Seeds the poses, alike for every run, so that equal runs are paid alike."""


def anchored(
    settings: Mapping[str, Any],
    task: Task | None,
    make_env: Callable[[], gym.Env[Any, Any]],
    scorer: Scorer,
    words: Words,
) -> dict[str, Any]:
    """The settings of ``calibrate``, its missing anchors measured.

    Args:
        settings: ``goal_like`` and ``baseline_like`` may be missing or None.
        task: poses the states; both anchors are the median score of :data:`POSES` goal or bad states.
        make_env: builds an environment of the task that shows frames.
        scorer: the run's.
        words: the run's.

    Raises:
        ConfigError: an anchor is missing and there is no task, or goal states score no higher than bad ones.
    """
    settings = dict(settings)
    missing = [name for name in ("goal_like", "baseline_like") if settings.get(name) is None]
    if not missing:
        return settings
    if task is None:
        raise ConfigError(
            f"shaping.calibrate.{missing[0]}: is missing, and only a task's own states could tell it; give both "
            "anchors, or take shaping=default"
        )
    env = make_env()
    try:
        goal, bad = (scorer.frames(_posed(env, pose), words) for pose in ("goal", "bad"))
    finally:
        env.close()
    measured = Calibrate.between(goal, bad)
    return {**settings, **{name: getattr(measured, name) for name in missing}}


def _posed(env: gym.Env[Any, Any], pose: str) -> Array:
    """Frames of posed states, uint8 ``(POSES, H, W, 3)``."""
    env.reset(seed=SEED)
    return np.stack([env.reset(options={"pose": pose})[1]["frame"] for _ in range(POSES)])
