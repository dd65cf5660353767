"""Episodes watched for signs of hacking: played with their frames, scored again with changes, and every alarm asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, SupportsFloat

import gymnasium as gym
import numpy as np
from PIL import Image

from vlmrl.envs.frame_tap import FrameTap
from vlmrl.envs.layers import layer_of
from vlmrl.envs.task import Task
from vlmrl.errors import ConfigError
from vlmrl.judge.episodes import MakeEnv, evaluate
from vlmrl.judge.evidence import shifted
from vlmrl.metrics import alarms
from vlmrl.metrics.alarms import Alarm, Pair
from vlmrl.metrics.evaluation import Evaluation
from vlmrl.types import Array, Words
from vlmrl.video.play import FrameScorer, Policy, voices
from vlmrl.video.record import FILM_FPS

LOOKS = 32
"""Frames of an episode, evenly spread, that are scored again with a change: enough for a median and an order, and a
fraction of what scoring the episode costs."""
KEPT = 7 / 8
"""Of each side of a frame in its centre crop: less would cut off robots at the edge of the picture."""


@dataclass(frozen=True)
class Watched:
    """What was seen of an agent.

    Attributes:
        evaluation: its episodes, with traces that hold scores float32 ``(T,)`` and frames uint8 ``(T, H, W, 3)``.
        in_view: floats ``(T,)`` for each episode, share of the robot in the frame; None where nobody knows.
        looks: float32 ``(K,)`` for each episode, scores of the frames that were asked about again.
        moved: the same of these frames shifted by a pixel, by the way that they went.
        pairs: ways of asking the same about these frames, by their names.
        fps: frames a second in which time goes by as it does.
    """

    evaluation: Evaluation
    in_view: tuple[Array, ...] | None
    looks: tuple[Array, ...]
    moved: Mapping[str, Sequence[Array]]
    pairs: Mapping[str, Pair]
    fps: float

    @property
    def scores(self) -> tuple[Array, ...]:
        """float32 ``(T,)`` for each episode."""
        return tuple(np.asarray(trace.score) for trace in self.evaluation.traces)

    def raised(
        self,
        words: Sequence[float],
        success: Sequence[float] | None,
        levels: tuple[float, float] | None,
        spread: float,
    ) -> tuple[Alarm, ...]:
        """The alarms that rise, one of a kind at most.

        Args:
            words: mean score a step in each evaluation of the run, this one the last.
            success: share of episodes that succeeded in each; None where no ground truth is known.
            levels: median score of a random agent's frames, and of goal states; None where nobody poses them.
            spread: of all the scores of the run, these among them.
        """
        best_paid = int(np.argmax([one.mean() for one in self.scores]))
        asked = (
            None if success is None else alarms.diverging(words, success, spread, best_paid),
            None if levels is None else self._unearned(levels, spread),
            alarms.concentrated(self.scores, spread),
            None if self.in_view is None else alarms.out_of_view(self.in_view, spread),
            alarms.jittery(self.looks, self.moved, spread),
            alarms.disagreeing(self.looks, self.pairs, spread),
        )
        return tuple(alarm for alarm in asked if alarm is not None)

    def _unearned(self, levels: tuple[float, float], spread: float) -> Alarm | None:
        judged = self.evaluation
        done = [trace.success for trace in judged.traces if trace.success is not None]
        succeeded = [episode.success for episode in judged.episodes if episode.success is not None]
        if len(done) < len(judged.traces):
            return None  # no ground truth is known
        return alarms.unearned(self.scores, done, succeeded, levels, spread)


def watch(
    policy: Policy, make_env: MakeEnv, task: Task | None, seeds: Sequence[int], scorer: FrameScorer, words: Words
) -> Watched:
    """Play one episode a seed, one after the other, and look at it in every way that an alarm asks for.

    Args:
        policy: from stacked observations ``(1, ...)`` to actions ``(1, ...)``.
        make_env: builds the environment, with frames.
        task: its ground truth; None where there is none.
        seeds: one an episode.
        scorer: pays the learner.
        words: what it is asked with.

    Raises:
        ConfigError: no seed, or an environment without frames.
        Abstained: a frame got no number.
    """
    sight = _Sight(make_env())
    judged = evaluate(policy, lambda: sight, task, seeds, scorer, words, batch=1, keep_frames=True)
    frames = [np.asarray(trace.frames) for trace in judged.traces]
    scores = [np.asarray(trace.score) for trace in judged.traces]
    chosen = [np.linspace(0, len(one) - 1, min(LOOKS, len(one))).round().astype(int) for one in scores]
    seen = [one[at] for one, at in zip(frames, chosen, strict=True)]
    looks = tuple(one[at] for one, at in zip(scores, chosen, strict=True))
    moves = [shifted(one) for one in seen]
    pairs: dict[str, Pair] = {
        "the whole frame and its centre": (looks, [scorer.frames(centre(one), words) for one in seen])
    }
    if len(words.goal) > 1:
        alone = {sentence: said for sentence in words.goal if (said := _alone(scorer, seen, words, sentence))}
        pairs |= {f"{one!r} and {two!r}": (alone[one], alone[two]) for one, two in combinations(alone, 2)}
    each = [voices(scorer, one, words) for one in seen]
    members = {name: [row[name] for row in each] for name in each[0]}
    pairs |= {f"members {one!r} and {two!r}": (members[one], members[two]) for one, two in combinations(members, 2)}
    return Watched(
        evaluation=judged,
        in_view=sight.shares(),
        looks=looks,
        moved={way: [scorer.frames(one[way], words) for one in moves] for way in moves[0]},
        pairs=pairs,
        fps=float(sight.metadata.get("render_fps") or FILM_FPS),
    )


def centre(frames: Array) -> Array:
    """The middle of frames uint8 ``(B, H, W, 3)``, :data:`KEPT` of each side, drawn up to their size again."""
    height, width = frames.shape[1:3]
    top, left = height * (1 - KEPT) / 2, width * (1 - KEPT) / 2
    box = (left, top, width - left, height - top)
    whole = (width, height)
    return np.stack([np.asarray(Image.fromarray(one).resize(whole, Image.Resampling.BILINEAR, box)) for one in frames])


def _alone(scorer: FrameScorer, frames: Sequence[Array], words: Words, sentence: str) -> list[Array]:
    """What is said of frames when one goal sentence is asked alone; nothing where the reward refuses it alone."""
    try:
        return [scorer.frames(one, replace(words, goal=(sentence,))) for one in frames]
    except ConfigError:  # too near to the baseline without the others, for example
        return []


class _Sight(gym.Wrapper[Any, Any, Any, Any]):
    """Notes after each step how much of the robot the frame shows."""

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        self._tap = layer_of(env, FrameTap)
        self._episodes: list[list[float | None]] = []

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin an episode."""
        self._episodes.append([])
        return self.env.reset(seed=seed, options=options)

    def step(self, action: Any) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        """Take a step, and note."""
        found = self.env.step(action)
        self._episodes[-1].append(None if self._tap is None else self._tap.in_view())
        return found

    def shares(self) -> tuple[Array, ...] | None:
        """Floats ``(T,)`` for each episode; None where nobody knows."""
        if any(share is None for episode in self._episodes for share in episode):
            return None
        return tuple(np.array(episode, np.float64) for episode in self._episodes)
