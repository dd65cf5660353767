"""One episode played for a film: its pictures put aside, its numbers kept, its frames scored in batches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

import gymnasium as gym
import numpy as np

from vlmrl.envs.frame_tap import FrameTap
from vlmrl.envs.task import Task
from vlmrl.errors import Abstained, ConfigError
from vlmrl.rewards.base import Cadence, Takes
from vlmrl.types import Array, Words
from vlmrl.video.overlay import Numbers
from vlmrl.video.spool import Spool

Policy: TypeAlias = Callable[[Any], Array]
"""From N stacked observations ``(N, ...)``, or a dict of them, to N actions ``(N, ...)``: of an SB3 model,
``lambda obs: model.predict(obs, deterministic=True)[0]``."""

TOGETHER = 256
"""Frames scored at a time, so that long episodes need no more memory than short ones."""

LONGEST = 10_000
"""Steps after which an episode without a time limit is left."""


class FrameScorer(Protocol):
    """What scores frames: :class:`vlmrl.scoring.scorer.Scorer`, or anything with its ``frames``."""

    def frames(self, frames: Array, words: Words, /) -> Array:
        """Score uint8 ``(B, H, W, 3)`` frames; float32 ``(B,)``."""


class HistoryScorer(Protocol):
    """What scores frames by those before them: :class:`vlmrl.scoring.histories.HistoryScorer`, or anything alike.

    Attributes:
        takes: ``history``.
    """

    takes: Takes

    def so_far(self, clip: Array, words: Words, /) -> Array:
        """Score each frame of a clip uint8 ``(T, H, W, 3)``; float32 ``(T,)``."""


class EpisodeScorer(Protocol):
    """What scores whole episodes: :class:`vlmrl.scoring.clips.ClipScorer`, or anything with its ``clips``.

    Attributes:
        cadence: ``episode``.
    """

    cadence: Cadence

    def clips(self, clips: Sequence[Array], words: Words, /) -> Array:
        """Score B clips uint8 ``(T, H, W, 3)``; float32 ``(B,)``."""


AnyScorer: TypeAlias = FrameScorer | EpisodeScorer | HistoryScorer
"""What scores the frames of episodes, whichever way."""


def voices(scorer: FrameScorer, frames: Array, words: Words) -> dict[str, Array]:
    """What each opinion of a scorer says of frames, ``(B,)`` by its name; {} of one that has but one, or tells none."""
    ask = getattr(scorer, "voices", None)
    return dict(ask(frames, words)) if callable(ask) else {}


class Scores:
    """Scores frames as they come, :data:`TOGETHER` at a time, of several episodes at once; or episodes that are over.

    Args:
        scorer: scores them; None scores nothing. What an episode as a whole is worth stands at each of its states; of
            one that reads episodes so far each state has its own number, once the episode is over.
        words: what they are scored against.

    Raises:
        ConfigError: a scorer without words.
    """

    def __init__(self, scorer: AnyScorer | None, words: Words | None) -> None:
        if scorer is not None and words is None:
            raise ConfigError("words: are missing; a scorer needs a goal to score frames against")
        self._scorer, self._words = scorer, words
        self._frames: list[Array] = []
        self._episodes: list[int] = []
        self._scores: dict[int, list[float]] = defaultdict(list)
        self._clips: dict[int, list[Array]] = defaultdict(list)  # of episodes under way whose frames belong together
        self.whole = getattr(scorer, "cadence", "step") == "episode"
        self._together = self.whole or getattr(scorer, "takes", "picture") == "history"

    def start(self, info: dict[str, Any], episode: int = 0) -> None:
        """Take the frame that an episode begins with: a part of the episode, and of nothing else."""
        if self._together and "frame" in info:
            self._clips[episode].append(info["frame"])

    def add(self, info: dict[str, Any], episode: int = 0) -> None:
        """Take the frame of one state of an episode out of its ``info``.

        Raises:
            ConfigError: there is none, and a scorer wants one.
        """
        if self._scorer is None:
            return
        if "frame" not in info:
            raise ConfigError("frames=False: info holds no frame to score; make the environment with frames=True")
        if self._together:
            self._clips[episode].append(info["frame"])
            self._scores[episode].append(np.nan)
            return
        self._frames.append(info["frame"])
        self._episodes.append(episode)
        if len(self._frames) >= TOGETHER:
            self._score()

    def of(self, episode: int = 0) -> Array | None:
        """float32 ``(T,)``, the scores of an episode's frames in the order they were added; None without a scorer."""
        if self._scorer is None:
            return None
        self._score()
        self.over(episode)
        return np.array(self._scores[episode], dtype=np.float32)

    def over(self, episode: int = 0) -> None:
        """An episode is over: one whose frames belong together is scored now, and they are forgotten.

        Raises:
            Abstained: it got no number.
        """
        scorer: Any = self._scorer
        clip = self._clips.pop(episode, [])
        if not clip or self._words is None:
            return
        wanted = len(self._scores[episode])
        if not self.whole:  # the frame that it began with counts, and is no step's
            self._scores[episode] = np.asarray(scorer.so_far(np.stack(clip), self._words))[-wanted:].tolist()
            return
        score = float(scorer.clips([np.stack(clip)], self._words)[0])
        if not np.isfinite(score):
            raise Abstained(f"score={score}: an episode of {len(clip)} frames got no finite number; look at its film")
        self._scores[episode] = [score] * wanted

    def _score(self) -> None:
        scorer: Any = self._scorer
        if self._frames and scorer is not None and self._words is not None:
            scores = scorer.frames(np.stack(self._frames), self._words)
            for episode, score in zip(self._episodes, np.asarray(scores, dtype=np.float32).tolist(), strict=True):
                self._scores[episode].append(score)
            self._frames.clear()
            self._episodes.clear()


def stacked(observations: Sequence[Any]) -> Any:
    """Put N observations of single envs on a new first axis, entry by entry where they are dicts."""
    first = observations[0]
    if isinstance(first, dict):
        return {key: stacked([observation[key] for observation in observations]) for key in first}
    return np.stack([np.asarray(observation) for observation in observations])


def play(
    policy: Policy | None,
    env: gym.Env[Any, Any],
    eye: FrameTap,
    spool: Spool,
    seed: int,
    scores: Scores,
    task: Task | None = None,
    every: int = 1,
) -> Numbers:
    """Play one episode, and put its pictures aside.

    Args:
        policy: acts; None draws every action at random.
        env: reset with ``seed``; its infos hold ``frame`` if frames are scored, ``oracle`` and ``success`` if known.
        eye: draws the pictures of the film; it looks at ``env`` and is never stepped itself.
        spool: takes the pictures.
        seed: of the episode and of random actions.
        scores: scores the frame of every state; used for this episode alone.
        task: says whether the episode succeeded; None where no ground truth is known.
        every: draw the first state, each so many after it, and the last.

    Returns:
        the numbers of all T + 1 states, the first one included.
    """
    observation, info = env.reset(seed=seed)
    env.action_space.seed(seed)
    infos, over = [_facts(info)], False
    scores.add(info)
    spool.write(eye.frame())
    while not over:
        action = env.action_space.sample() if policy is None else policy(stacked([observation]))[0]
        observation, _, terminated, truncated, info = env.step(action)
        over = bool(terminated or truncated) or len(infos) == LONGEST
        infos.append(_facts(info))
        scores.add(info)
        if over or (len(infos) - 1) % every == 0:
            spool.write(eye.frame())
    success = _column(infos, "success", bool)
    held = None if task is None or success is None else task.succeeded(success[1:])
    return Numbers(len(infos), scores.of(), _column(infos, "oracle", float), success, held)


def _facts(info: dict[str, Any]) -> dict[str, Any]:
    return {key: info[key] for key in ("oracle", "success") if key in info}


def _column(infos: Sequence[dict[str, Any]], key: str, kind: type) -> Array | None:
    return np.array([info[key] for info in infos], dtype=kind) if all(key in info for info in infos) else None
