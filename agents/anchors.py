"""What shapers want to know of scores before learning starts, measured where the settings leave it open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from functools import cached_property
from typing import Any, TypeAlias

import gymnasium as gym
import numpy as np

from vlmrl.envs.task import Task
from vlmrl.errors import ConfigError
from vlmrl.rewards.base import unit_scores
from vlmrl.scoring.scorer import Scorer
from vlmrl.scoring.tracks import TrackScorer
from vlmrl.shaping import Chain, Shaper, Steps, chain, with_past
from vlmrl.shaping.base import finite
from vlmrl.shaping.calibrate import Calibrate
from vlmrl.shaping.center import Center
from vlmrl.shaping.preference import Preference
from vlmrl.shaping.quantiles import Quantiles
from vlmrl.shaping.spread import Spread
from vlmrl.types import Array, Words

Say: TypeAlias = Callable[[str], object]

POSES = 64
"""States posed for each anchor of ``calibrate``, and for that of ``quantiles``."""

STARTS = 4
"""Episodes of a random agent that are looked at."""

STEPS = 128
"""Steps of each."""

EVERY = 2
"""Steps between frames whose scores are asked for: neighbours look alike."""

SEED = 20_261_121
"""Seeds poses and random agent, alike for every run, so that equal runs are paid alike."""


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
    scorer: Scorer | TrackScorer,
    words: Words,
    say: Say,
) -> dict[str, dict[str, Any]]:
    """The settings of a chain of shapers, what they leave open measured on what the shapers before them give.

    Args:
        shaping: settings by the shapers' names. Of these ``center.at`` becomes the median score of a random agent's
            frames, ``calibrate.goal_like`` and ``calibrate.baseline_like`` those of :data:`POSES` goal and bad states;
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
    sights = _Sights(task, make_env, scorer, words)
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


def _found(name: str, given: Mapping[str, Any], sights: _Sights, earlier: Chain, say: Say) -> Shaper:
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


def _quantiles(given: Mapping[str, Any], sights: _Sights, earlier: Chain, say: Say) -> Quantiles:
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


class _Sights:
    """What can be seen of a world before learning starts, drawn and scored only if somebody asks."""

    def __init__(
        self, task: Task | None, make_env: Callable[[], gym.Env[Any, Any]], scorer: Scorer | TrackScorer, words: Words
    ) -> None:
        self._task, self._make_env, self._scorer, self._words = task, make_env, scorer, words

    @cached_property
    def random(self) -> Array:
        """Scores float32 ``(B,)`` of every :data:`EVERY`-th frame that a random agent sees, and of each last one."""
        some = [frames[sorted({*range(EVERY, len(frames), EVERY), len(frames) - 1})] for frames, *_ in self._episodes]
        return self._scorer.frames(np.concatenate(some), self._words)

    def steps(self, shape: Chain) -> Steps:
        """All steps of that agent, ``(T, 1)``, at the discount that they have where nobody gives one.

        With what ``shape`` asks of their past, as if nothing had been visited before.
        """
        scores = self._scorer.frames(np.concatenate([frames for frames, *_ in self._episodes]), self._words)
        episodes = np.split(scores, np.cumsum([len(frames) for frames, *_ in self._episodes])[:-1])
        last = [np.arange(1, len(frames)) == len(frames) - 1 for frames, *_ in self._episodes]
        ends = [row & end for row, (_, end, _) in zip(last, self._episodes, strict=True)]
        before, after = (np.concatenate([row[side] for row in episodes]) for side in (slice(-1), slice(1, None)))
        steps = Steps(before[:, None], after[:, None], np.concatenate(ends)[:, None])
        states = np.concatenate([seen for *_, seen in self._episodes])[:, None] if shape.needs.bits else None
        return with_past(shape, steps, np.concatenate(last)[:, None], states)

    def posed(self, pose: str) -> Array:
        """Scores float32 ``(POSES,)`` of posed states."""
        with closing(self._make_env()) as env:
            frames = _posed(env, pose)
        return self._scorer.frames(frames, self._words)

    def need_a_task(self, key: str, instead: str) -> None:
        """Refuse to go on where nobody poses states.

        Raises:
            ConfigError: there is no task.
        """
        if self._task is None:
            raise ConfigError(f"{key}: is missing, and only a task's own states could tell it; {instead}")

    @cached_property
    def _episodes(self) -> list[tuple[Array, bool, Array]]:
        with closing(self._make_env()) as env:
            return _played(env)


def _posed(env: gym.Env[Any, Any], pose: str) -> Array:
    """Frames of posed states, uint8 ``(POSES, H, W, 3)``."""
    env.reset(seed=SEED)
    return np.stack([env.reset(options={"pose": pose})[1]["frame"] for _ in range(POSES)])


def _played(env: gym.Env[Any, Any]) -> list[tuple[Array, bool, Array]]:
    """Of each episode of a random agent its frames, uint8 ``(T + 1, H, W, 3)``, whether it truly ended, and its states.

    States are those that its steps led to, ``(T, D)``, as the agent is shown them.
    """
    env.action_space.seed(SEED)
    episodes = []
    for start in range(STARTS):
        frames, states, terminated = [env.reset(seed=SEED + start)[1]["frame"]], [], False
        for _ in range(STEPS):
            seen, _, terminated, truncated, info = env.step(env.action_space.sample())
            frames.append(info["frame"])
            states.append(seen)
            if terminated or truncated:
                break
        episodes.append((np.stack(frames), terminated, np.array(states)))
    return episodes
