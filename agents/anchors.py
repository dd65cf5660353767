"""What shapers want to know of scores before learning starts, measured where the settings leave it open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

import gymnasium as gym
import numpy as np

from vlmrl.envs.task import Task
from vlmrl.errors import ConfigError
from vlmrl.scoring.scorer import Scorer
from vlmrl.shaping.calibrate import Calibrate
from vlmrl.types import Array, Words

POSES = 64
"""States posed for each anchor of ``calibrate``."""

STARTS = 4
"""Episodes of a random agent that ``center`` looks at."""

STEPS = 128
"""Steps of each."""

EVERY = 2
"""Steps between frames that are scored: neighbours look alike."""

SEED = 20_261_121
"""Seeds poses and random agent, alike for every run, so that equal runs are paid alike."""


def measured(
    shaping: Mapping[str, Mapping[str, Any] | None],
    task: Task | None,
    make_env: Callable[[], gym.Env[Any, Any]],
    scorer: Scorer,
    words: Words,
    say: Callable[[str], object],
) -> dict[str, dict[str, Any]]:
    """The settings of a chain of shapers, what they leave open measured.

    Args:
        shaping: settings by the shapers' names. Of these ``center.at`` becomes the median score of a random agent's
            frames, ``calibrate.goal_like`` and ``calibrate.baseline_like`` those of :data:`POSES` goal and bad states.
        task: poses the states; None where there is none.
        make_env: builds an environment of the run that shows frames.
        scorer: the run's.
        words: the run's.
        say: tells the user what was found.

    Raises:
        ConfigError: an anchor of ``calibrate`` is missing and there is no task, goal states score no higher than bad
            ones, or ``center`` comes beside ``calibrate``, which has a 0 of its own.
        Abstained: a frame got no number.
    """
    settings = {name: dict(given or {}) for name, given in shaping.items()}
    if "center" in settings and settings["center"].get("at") is None:
        if "calibrate" in settings:
            raise ConfigError("shaping=[calibrate, center]: both say which score becomes 0; keep one")
        with closing(make_env()) as env:
            settings["center"]["at"] = at = float(np.median(scorer.frames(_played(env), words)))
        say(f"a random agent's frames score {at:.3f} (median), which is paid 0")
    if "calibrate" in settings:
        settings["calibrate"] |= _anchors(settings["calibrate"], task, make_env, scorer, words)
    return settings


def _anchors(
    given: Mapping[str, Any],
    task: Task | None,
    make_env: Callable[[], gym.Env[Any, Any]],
    scorer: Scorer,
    words: Words,
) -> dict[str, float]:
    """The anchors of ``calibrate`` that ``given`` lacks."""
    missing = [name for name in ("goal_like", "baseline_like") if given.get(name) is None]
    if not missing:
        return {}
    if task is None:
        raise ConfigError(
            f"shaping.calibrate.{missing[0]}: is missing, and only a task's own states could tell it; give both "
            "anchors, or take shaping=default"
        )
    with closing(make_env()) as env:
        goal, bad = (scorer.frames(_posed(env, pose), words) for pose in ("goal", "bad"))
    found = Calibrate.between(goal, bad)
    return {name: getattr(found, name) for name in missing}


def _posed(env: gym.Env[Any, Any], pose: str) -> Array:
    """Frames of posed states, uint8 ``(POSES, H, W, 3)``."""
    env.reset(seed=SEED)
    return np.stack([env.reset(options={"pose": pose})[1]["frame"] for _ in range(POSES)])


def _played(env: gym.Env[Any, Any]) -> Array:
    """Frames that a random agent sees, uint8 ``(B, H, W, 3)``; fewer of episodes that end before their time."""
    env.action_space.seed(SEED)
    frames: list[Array] = []
    for start in range(STARTS):
        env.reset(seed=SEED + start)
        for step in range(1, STEPS + 1):
            _, _, terminated, truncated, info = env.step(env.action_space.sample())
            if step % EVERY == 0 or terminated or truncated:
                frames.append(info["frame"])
            if terminated or truncated:
                break
    return np.stack(frames)
