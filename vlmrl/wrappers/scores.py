"""Scores that can be trusted: of the right shape, finite, counted and timed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vlmrl.errors import Abstained, ConfigError, ShapeError
from vlmrl.rewards.base import Cadence
from vlmrl.scoring.arrays import as_numpy
from vlmrl.scoring.turns import Turns
from vlmrl.types import Words


class CheckedScores:
    """Calls a scorer and refuses answers from which nothing should be learned. Threads may share it.

    Args:
        scorer: an object with a method ``frames``, or a function; called as ``(frames uint8 (B, H, W, 3), words)``, it
            gives ``(B,)`` numbers, NumPy or torch. One whose ``cadence`` is ``episode`` has ``clips`` instead, called
            with B arrays uint8 ``(T, H, W, 3)``; one that ``takes`` a ``history`` has ``look`` and ``histories``, as
            :class:`~vlmrl.scoring.histories.HistoryScorer` does.
        words: handed to the scorer as they are.
        whole: whether whoever calls can wait for whole episodes, or keep those under way.

    Attributes:
        takes: what it scores, as its own attribute says: ``picture``, ``track``, rows that a gauge read, or
            ``history``, episodes so far.
        ahead: frames that the scorer wants before a rollout is over, as its own attribute says; 0 for none.
        cadence: whether it scores frames or whole episodes.
        seconds: time spent in the scorer so far [s].
        scored: frames scored so far.

    Raises:
        ConfigError: the scorer can be called in neither way, or only with whole episodes for which nobody waits.
    """

    def __init__(self, scorer: Any, words: Words | None, *, whole: bool = False) -> None:
        self.cadence: Cadence = getattr(scorer, "cadence", "step")
        if self.cadence == "episode" and not whole:
            model = type(getattr(scorer, "model", scorer)).__name__
            raise ConfigError(
                f"reward={model}: scores whole episodes, and a step is paid at once here; DeferredReward pays it, as "
                "vlmrl train does"
            )
        self.takes: str = getattr(scorer, "takes", "picture")
        if self.takes == "history" and not whole:
            model = type(getattr(scorer, "model", scorer)).__name__
            raise ConfigError(
                f"reward={model}: reads the frames of an episode so far, which nobody keeps here; DeferredReward keeps "
                "them, as vlmrl train does"
            )
        self._history: Any = scorer if self.takes == "history" else None
        verb = "clips" if self.cadence == "episode" else "histories" if self.takes == "history" else "frames"
        score = getattr(scorer, verb, scorer)
        if not callable(score):
            raise ConfigError(f"scorer={scorer!r}: has no method frames(frames, words) and is no function")
        self._score: Callable[[Any, Words | None], Any] = score
        self._words = words
        self.ahead = int(getattr(scorer, "ahead", 0))
        self.seconds = 0.0
        self.scored = 0
        self._turns = Turns()

    def look_at(self, frame: Any, origin: str) -> NDArray[Any]:
        """``frame`` itself, if it is something that the scorer scores; errors as for :func:`check_frame`."""
        return check_frame(frame, origin, self.takes)

    def __call__(self, frames: NDArray[Any], origins: Sequence[str]) -> NDArray[np.float32]:
        """Score frames in one call.

        Args:
            frames: uint8 ``(B, H, W, 3)``, B at least 1; or float32 ``(B, W)`` for one that takes tracks.
            origins: where each frame came from, for the message when its score is no number.

        Returns:
            float32 ``(B,)``, finite.

        Raises:
            ShapeError: another number of scores than of frames.
            Abstained: a score is no finite number.
        """
        with self._turns:
            scores = self._checked(frames, origins)
            self.scored += len(frames)
        return scores

    def clips(self, clips: Sequence[NDArray[np.uint8]], origins: Sequence[str]) -> NDArray[np.float32]:
        """The same for whole episodes, uint8 ``(T, H, W, 3)`` each, of any lengths."""
        with self._turns:
            scores = self._checked(clips, origins, "episode")
            self.scored += sum(map(len, clips))
        return scores

    def look(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What a scorer that takes histories keeps of uint8 ``(B, H, W, 3)`` frames: float32 ``(B, D)``.

        Raises:
            ShapeError: another number of rows than of frames.
        """
        with self._turns:
            start = time.perf_counter()
            rows = as_numpy(self._history.look(frames), np.float32)
            self.seconds += time.perf_counter() - start
        if rows.ndim != 2 or len(rows) != len(frames):
            raise ShapeError(f"scorer: kept {rows.shape} of {len(frames)} frames; must be ({len(frames)}, D)")
        return rows

    def histories(
        self, seen: Sequence[NDArray[np.float32]], since: Sequence[int], origins: Sequence[str]
    ) -> NDArray[np.float32]:
        """Score the last frames of episodes so far, of which rows ``(T, D)`` were kept; all finite.

        Args:
            seen: of each episode.
            since: of each the first frame that is wanted.
            origins: where each of those frames came from, episode by episode.
        """
        with self._turns:
            scores = self._found(lambda: self._history.histories(seen, since, self._words), origins, "frame")
            self.scored += len(scores)
        return scores

    def _checked(
        self, frames: NDArray[Any] | Sequence[NDArray[np.uint8]], origins: Sequence[str], kind: str = "frame"
    ) -> NDArray[np.float32]:
        return self._found(lambda: self._score(frames, self._words), origins, kind)

    def _found(self, ask: Callable[[], Any], origins: Sequence[str], kind: str) -> NDArray[np.float32]:
        """What was asked for, a finite number for each origin."""
        start = time.perf_counter()
        scores = as_numpy(ask(), np.float32)
        self.seconds += time.perf_counter() - start
        if scores.shape != (len(origins),):
            raise ShapeError(
                f"scorer: gave scores {scores.shape} for {len(origins)} {kind}s; must be ({len(origins)},)"
            )
        bad = np.flatnonzero(~np.isfinite(scores))
        if bad.size:
            raise Abstained(
                f"score={scores[bad[0]]}: the {kind} of {origins[bad[0]]} got no finite number, and nothing is learned "
                f"from it; look at that {kind}, or score with another encoder or precision"
            )
        return scores


def check_frame(frame: Any, origin: str, takes: str = "picture") -> NDArray[Any]:
    """``frame`` itself, if it is a frame, or what a gauge read where the scorer ``takes`` tracks.

    Raises:
        ConfigError: there is none.
        ShapeError: not a NumPy array, uint8 ``(H, W, 3)``; or float32 ``(W,)``.
    """
    if takes == "track" and frame is not None:
        return _check_track(frame, origin)
    if frame is None:
        raise ConfigError(
            f"info['frame'] of {origin}: is missing, so there is nothing to score; build the environment with "
            "vlmrl.envs.make.make_env, or wrap each one, inside any vector environment, in "
            "vlmrl.envs.frame_tap.FrameTap"
        )
    if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
        found = f"{frame.dtype} {frame.shape}" if isinstance(frame, np.ndarray) else type(frame).__name__
        raise ShapeError(f"info['frame'] of {origin}: is {found}; must be a NumPy array, uint8 (H, W, 3)")
    return frame


def _check_track(track: Any, origin: str) -> NDArray[np.float32]:
    if not isinstance(track, np.ndarray) or track.dtype != np.float32 or track.ndim != 1:
        found = f"{track.dtype} {track.shape}" if isinstance(track, np.ndarray) else type(track).__name__
        raise ShapeError(
            f"info['frame'] of {origin}: is {found}; this reward reads tracks, float32 (W,), which an environment made "
            "with make_env(task, gauge=…) shows"
        )
    return track
