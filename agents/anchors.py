"""What shapers want to know of scores before learning starts, measured where the settings leave it open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import gymnasium as gym
import numpy as np

from vlmrl.agents.sights import AnyStep, Sights
from vlmrl.envs.task import Task
from vlmrl.errors import ConfigError
from vlmrl.rewards.base import unit_scores
from vlmrl.shaping import Chain, Shaper, Steps, chain
from vlmrl.shaping.base import finite
from vlmrl.shaping.calibrate import Calibrate
from vlmrl.shaping.center import Center
from vlmrl.shaping.preference import Preference
from vlmrl.shaping.quantiles import Quantiles
from vlmrl.shaping.spread import Spread
from vlmrl.types import Array, Words

Say: TypeAlias = Callable[[str], object]

WHOLE = ("score", "scale")
"""Shapers that make sense where an episode has one score."""

OPEN = {
    "center": ("at",),
    "calibrate": ("goal_like", "baseline_like"),
    "quantiles": ("low", "high"),
    "preference": ("references", "steepness"),
    "spread": ("unit",),
}
"""What is measured where it is None, by the shapers' names."""


def measured(
    shaping: Mapping[str, Mapping[str, Any] | None],
    task: Task | None,
    make_env: Callable[[], gym.Env[Any, Any]],
    scorer: AnyStep,
    words: Words,
    say: Say,
) -> dict[str, dict[str, Any]]:
    """The settings of a chain of shapers, what they leave open measured on what the shapers before them give.

    Args:
        shaping: settings by the shapers' names. Of these ``center.at`` becomes the median score of a random agent's
            frames, ``calibrate.goal_like`` and ``calibrate.baseline_like`` those of goal and bad states;
            ``Quantiles.between``, ``Preference.over`` and ``Spread.of`` tell theirs.
        task: poses the states; None where there is none.
        make_env: builds an environment of the run that shows frames.
        scorer: the run's.
        words: the run's.
        say: tells the user what was found.

    Raises:
        ConfigError: an anchor of ``calibrate`` or ``quantiles.high`` is missing and there is no task, goal states score
            no higher than others, ``center`` comes beside ``calibrate``, which has a 0 of its own, or all that a random
            agent sees is alike, which leaves ``preference`` and ``spread`` without a unit.
        Abstained: a frame got no number.
    """
    settings = {name: dict(given or {}) for name, given in shaping.items()}
    if "center" in settings and settings["center"].get("at") is None and "calibrate" in settings:
        raise ConfigError("shaping=[calibrate, center]: both say which score becomes 0; keep one")
    sights = Sights(task, make_env, scorer, words)
    earlier: dict[str, dict[str, Any]] = {}
    unit = unit_scores(getattr(scorer, "model", None))
    for name, given in settings.items():
        missing = [key for key in OPEN.get(name, ()) if given.get(key) is None]
        if missing:
            found = _found(name, given, sights, chain(earlier, unit), say)
            given |= {key: getattr(found, key) for key in missing}
        earlier[name] = given
    return settings


def whole(shaping: Mapping[str, Mapping[str, Any] | None], reward: str) -> dict[str, dict[str, Any]]:
    """The settings of a chain for a reward that scores whole episodes: what compares frames has nothing to compare.

    Args:
        shaping: settings by the shapers' names. ``center``, the default, is left out while it has no number: an
            episode's steps are worth 0 to a random agent already.
        reward: what a message calls the reward by.

    Raises:
        ConfigError: a shaper that looks at the scores of frames.
    """
    kept = {name: dict(given or {}) for name, given in shaping.items()}
    if "center" in kept and kept["center"].get("at") is None:
        del kept["center"]
    wrong = [name for name in kept if name not in WHOLE]
    if wrong:
        raise ConfigError(
            f"shaping.{wrong[0]}: looks at the score of each frame, and {reward} scores whole episodes; take "
            f"shaping={' or shaping='.join(WHOLE)}"
        )
    return kept


def unmeasured(shaping: Mapping[str, Mapping[str, Any] | None], reward: str) -> dict[str, dict[str, Any]]:
    """The settings of a chain for a reward that learns: what would be measured now means nothing once it has learned.

    Args:
        shaping: settings by the shapers' names. ``center``, the default, is left out while it has no number.
        reward: what a message calls the reward by.

    Raises:
        ConfigError: another shaper lacks a number that only a measurement could give.
    """
    kept = {name: dict(given or {}) for name, given in shaping.items()}
    for name, given in list(kept.items()):
        missing = [key for key in OPEN.get(name, ()) if given.get(key) is None]
        if missing and name != "center":
            raise ConfigError(
                f"shaping.{name}.{missing[0]}: is missing, and what could be measured now means nothing once {reward} "
                f"has learned; give it, or take shaping={' or shaping='.join(WHOLE)}"
            )
        if missing:
            del kept[name]
    return kept


def _found(name: str, given: Mapping[str, Any], sights: Sights, earlier: Chain, say: Say) -> Shaper:
    """The shaper as it comes out where all is measured that ``given`` lacks, on what ``earlier`` gives."""
    if name == "calibrate":
        missing = next(key for key in OPEN[name] if given.get(key) is None)
        sights.need_a_task(f"shaping.calibrate.{missing}", "give both anchors, or take shaping=default")
        goal, bad = (_through(earlier, sights.posed(pose)) for pose in ("goal", "bad"))
        return Calibrate.between(goal, bad)
    if name == "quantiles":
        return _quantiles(given, sights, earlier, say)
    if name == "spread":
        spread = Spread.of(earlier(sights.steps(earlier)))
        say(f"what a random agent is paid differs by {spread.unit:.3g} (standard deviation), which becomes 1")
        return spread
    scores = _through(earlier, sights.random)
    if name == "preference":
        preferred = Preference.over(scores)
        low, *_, high = preferred.references
        say(f"a random agent's frames score {low:.3f} to {high:.3f}, with which all others are compared")
        return preferred
    center = Center(float(np.median(scores)))
    say(f"a random agent's frames score {center.at:.3f} (median), which is paid 0")
    return center


def _quantiles(given: Mapping[str, Any], sights: Sights, earlier: Chain, say: Say) -> Quantiles:
    low, high = given.get("low"), given.get("high")
    if high is None:
        sights.need_a_task("shaping.quantiles.high", "give it, or take shaping=preference, which needs none")
    quantiles = Quantiles.between(
        np.array(finite("shaping.quantiles.high", high))
        if high is not None
        else _through(earlier, sights.posed("goal")),
        np.array(finite("shaping.quantiles.low", low)) if low is not None else _through(earlier, sights.random),
    )
    say(f"scores of {quantiles.low:.3f} and {quantiles.high:.3f} become 0 and 1")
    return quantiles


def _through(earlier: Chain, scores: Array) -> Array:
    """Scores ``(B,)`` as the shapers before leave them."""
    column = scores[:, None]
    return earlier(Steps(column, column, np.zeros(column.shape, dtype=bool)))[:, 0]
