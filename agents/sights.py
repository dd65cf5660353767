"""What can be seen of a world before learning starts: a random agent's frames, and states posed by the task."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import gymnasium as gym
import numpy as np

from vlmrl.envs.task import Task
from vlmrl.errors import ConfigError
from vlmrl.scoring.histories import HistoryScorer
from vlmrl.scoring.tracks import TrackScorer
from vlmrl.shaping import Chain, Past, Steps, with_past
from vlmrl.types import Array, Words
from vlmrl.video.play import FrameScorer

AnyStep: TypeAlias = FrameScorer | TrackScorer | HistoryScorer
"""What gives each step a score."""

POSES = 64
"""States posed of a kind."""

STARTS = 4
"""Episodes of a random agent that are looked at."""

STEPS = 128
"""Steps of each."""

EVERY = 2
"""Steps between frames whose scores are asked for: neighbours look alike."""

SEED = 20_261_121
"""Seeds poses and random agent, alike for every run, so that equal runs are paid alike."""


class Sights:
    """What can be seen of a world before learning starts, drawn and scored only if somebody asks."""

    def __init__(
        self,
        task: Task | None,
        make_env: Callable[[], gym.Env[Any, Any]],
        scorer: AnyStep,
        words: Words,
    ) -> None:
        self._task, self._make_env, self._scorer, self._words = task, make_env, scorer, words

    @cached_property
    def random(self) -> Array:
        """Scores float32 ``(B,)`` of every :data:`EVERY`-th frame that a random agent sees, and of each last one."""
        seen = [one.frames for one in self._episodes]
        some = [sorted({*range(EVERY, len(frames), EVERY), len(frames) - 1}) for frames in seen]
        if isinstance(self._scorer, HistoryScorer):  # which must see every frame
            return np.concatenate([scores[at] for scores, at in zip(self._scores(seen), some, strict=True)])
        return np.concatenate(self._scores([frames[at] for frames, at in zip(seen, some, strict=True)]))

    def steps(self, shape: Chain) -> Steps:
        """All steps of that agent, ``(T, 1)``, at the discount that they have where nobody gives one.

        With what ``shape`` asks of their past, as if nothing had been visited before.
        """
        episodes = self._scores([one.frames for one in self._episodes])
        last = [np.arange(1, len(one.frames)) == len(one.frames) - 1 for one in self._episodes]
        ends = [row & one.ended for row, one in zip(last, self._episodes, strict=True)]
        before, after = (np.concatenate([row[side] for row in episodes]) for side in (slice(-1), slice(1, None)))
        steps = Steps(before[:, None], after[:, None], np.concatenate(ends)[:, None])
        states = np.concatenate([one.states for one in self._episodes])[:, None] if shape.needs.bits else None
        own = self._own(Past(shape)) if shape.needs.own is not None else None
        return with_past(shape, steps, np.concatenate(last)[:, None], states, own)

    def posed(self, pose: str) -> Array:
        """Scores float32 ``(POSES,)`` of posed states.

        Raises:
            ConfigError: the scorer reads episodes, or nobody knows such states.
        """
        if isinstance(self._scorer, HistoryScorer):
            raise ConfigError(
                f"shaping: asks what {pose} states score, and {type(self._scorer.model).__name__} reads episodes, not "
                "single states; take shaping=default, shaping=score or shaping=preference"
            )
        with closing(self._make_env()) as env:
            frames = _posed(env, pose)
        return self._scorer.frames(frames, self._words)

    def _scores(self, episodes: list[Array]) -> list[Array]:
        """Scores float32 ``(T,)`` of the frames uint8 ``(T, H, W, 3)`` of each episode."""
        if isinstance(self._scorer, HistoryScorer):
            return [self._scorer.so_far(frames, self._words) for frames in episodes]
        scores = self._scorer.frames(np.concatenate(episodes), self._words)
        return np.split(scores, np.cumsum([len(frames) for frames in episodes])[:-1])

    def _own(self, past: Past) -> Array:
        """What the task itself paid each of that agent's steps, float32 ``(T, 1)``."""
        return np.stack([past.own([info])["own"] for one in self._episodes for info in one.infos])

    def need_a_task(self, key: str, instead: str) -> None:
        """Refuse to go on where nobody poses states.

        Raises:
            ConfigError: there is no task.
        """
        if self._task is None:
            raise ConfigError(f"{key}: is missing, and only a task's own states could tell it; {instead}")

    @cached_property
    def _episodes(self) -> list[_Episode]:
        with closing(self._make_env()) as env:
            return _played(env)


def _posed(env: gym.Env[Any, Any], pose: str) -> Array:
    """Frames of posed states, uint8 ``(POSES, H, W, 3)``."""
    env.reset(seed=SEED)
    return np.stack([env.reset(options={"pose": pose})[1]["frame"] for _ in range(POSES)])


@dataclass(frozen=True, eq=False)
class _Episode:
    """One of a random agent.

    ``frames``: uint8 ``(T + 1, H, W, 3)``. ``ended``: truly, not by a time limit. ``states``: ``(T, D)``, those that
    its steps led to, as the agent is shown them. ``infos``: T of them, without frames.
    """

    frames: Array
    ended: bool
    states: Array
    infos: list[dict[str, Any]]


def _played(env: gym.Env[Any, Any]) -> list[_Episode]:
    """Episodes of a random agent."""
    env.action_space.seed(SEED)
    episodes = []
    for start in range(STARTS):
        frames, states, infos, terminated = [env.reset(seed=SEED + start)[1]["frame"]], [], [], False
        for _ in range(STEPS):
            seen, _, terminated, truncated, info = env.step(env.action_space.sample())
            frames.append(info.pop("frame"))
            states.append(seen)
            infos.append(info)
            if terminated or truncated:
                break
        episodes.append(_Episode(np.stack(frames), terminated, np.array(states), infos))
    return episodes
