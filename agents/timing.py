"""Where the time of a run goes: simulation, rendering, scoring, learning, and the rest."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper
from stable_baselines3.common.vec_env.base_vec_env import VecEnvObs, VecEnvStepReturn

from vlmrl.envs.batch.easel import Easel
from vlmrl.envs.frame_tap import FrameTap
from vlmrl.rewards.base import Cadence
from vlmrl.video.play import voices

PARTS = ("simulation", "rendering", "scoring", "learning", "judging", "saving")
"""What is measured; the rest of the wall time goes into choosing actions and keeping the books."""


class Clock:
    """Adds up seconds by name, over the whole run and lap by lap.

    Attributes:
        seconds: since the start, by name of the part.
    """

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forget everything, and count from now."""
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._start = time.perf_counter()

    @contextmanager
    def of(self, part: str, less: str | None = None) -> Iterator[None]:
        """Count the time of the block as ``part``, less what is counted as another part meanwhile."""
        start, before = time.perf_counter(), self.seconds[less] if less else 0.0
        try:
            yield
        finally:
            elsewhere = self.seconds[less] - before if less else 0.0
            self.add(part, max(0.0, time.perf_counter() - start - elsewhere))

    def add(self, part: str, seconds: float) -> None:
        """Count ``seconds`` as ``part``."""
        self.seconds[part] += seconds

    @property
    def total(self) -> float:
        """Wall time since the start [s]."""
        return time.perf_counter() - self._start

    def shares(self) -> dict[str, float]:
        """Share of the wall time that each part took since the start, in [0, 1]; ``rest`` is what no part took."""
        return _shares(self.seconds, self.total)

    def lap(self) -> Callable[[], dict[str, float]]:
        """A function that gives :meth:`shares` since its own last call, at first since now."""
        looked, before = time.perf_counter(), dict(self.seconds)

        def since() -> dict[str, float]:
            nonlocal looked, before
            now, seconds = time.perf_counter(), dict(self.seconds)
            spent = {part: seconds.get(part, 0.0) - before.get(part, 0.0) for part in PARTS}
            shares = _shares(spent, now - looked)
            looked, before = now, seconds
            return shares

        return since


def _shares(seconds: Mapping[str, float], total: float) -> dict[str, float]:
    shares = {part: seconds.get(part, 0.0) / max(total, 1e-9) for part in PARTS}
    return {**shares, "rest": max(0.0, 1.0 - sum(shares.values()))}


class TimedEnvs(VecEnvWrapper):
    """Counts the time of stepping and resetting environments as simulation, less what :func:`time_frames` counts."""

    def __init__(self, venv: VecEnv, clock: Clock) -> None:
        super().__init__(venv)
        self._clock = clock

    def reset(self) -> VecEnvObs:
        """Reset all environments."""
        with self._clock.of("simulation", less="rendering"):
            return self.venv.reset()

    def step_wait(self) -> VecEnvStepReturn:
        """Step all environments."""
        with self._clock.of("simulation", less="rendering"):
            return self.venv.step_wait()


def time_frames(drawing: FrameTap | Easel, clock: Clock) -> None:
    """Count the time that a frame tap, or the easel of a batch, draws as rendering."""
    name = "frame" if isinstance(drawing, FrameTap) else "draw"
    draw = getattr(drawing, name)

    def timed(*args: Any, **kwargs: Any) -> NDArray[np.uint8]:
        with clock.of("rendering"):
            frames: NDArray[np.uint8] = draw(*args, **kwargs)
        return frames

    # Replaced on this one object, from outside: environments know nothing of clocks.
    setattr(drawing, name, timed)


class Timing(BaseCallback):
    """Counts the time between two rollouts as learning. Belongs right behind the callback that pays the rewards."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._ended: float | None = None

    def _on_rollout_start(self) -> None:
        if self._ended is not None:
            self._clock.add("learning", time.perf_counter() - self._ended)
        self._ended = None

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        self._ended = time.perf_counter()

    def _on_training_end(self) -> None:
        self._on_rollout_start()


class AllCores:
    """A scorer that is lent every core while it works, and whose time is counted.

    Small policies learn fastest on one thread, encoders on all of them; torch has one setting for both. What a GPU
    scores while frames are drawn counts as well, so that shares may add up to more than 1.

    Args:
        scorer: an object with ``frames(frames, words)``, ``clips(clips, words)``, or ``look`` and ``histories``.
        clock: counts its time as scoring.
        threads: torch threads for the scorer.
    """

    def __init__(self, scorer: Any, clock: Clock, threads: int) -> None:
        self._scorer, self._clock, self._threads = scorer, clock, threads
        self.ahead: int = getattr(scorer, "ahead", 0)
        self.takes: str = getattr(scorer, "takes", "picture")
        self.cadence: Cadence = getattr(scorer, "cadence", "step")

    def frames(self, frames: Any, words: Any) -> Any:
        """Score frames, as the scorer does."""
        with threads(self._threads), self._clock.of("scoring"):
            return self._scorer.frames(frames, words)

    def clips(self, clips: Any, words: Any) -> Any:
        """Score whole episodes, as the scorer does where its ``cadence`` is ``episode``."""
        with threads(self._threads), self._clock.of("scoring"):
            return self._scorer.clips(clips, words)

    def look(self, frames: Any) -> Any:
        """What is kept of frames, as the scorer keeps it where it ``takes`` a ``history``."""
        with threads(self._threads), self._clock.of("scoring"):
            return self._scorer.look(frames)

    def histories(self, seen: Any, since: Any, words: Any) -> Any:
        """Score the last frames of episodes so far, likewise."""
        with threads(self._threads), self._clock.of("scoring"):
            return self._scorer.histories(seen, since, words)

    def so_far(self, clip: Any, words: Any) -> Any:
        """Score each frame of a clip by those before it, likewise."""
        with threads(self._threads), self._clock.of("scoring"):
            return self._scorer.so_far(clip, words)

    def voices(self, frames: Any, words: Any) -> Any:
        """What each opinion says, as the scorer does; {} of one that tells nothing of the kind."""
        with threads(self._threads), self._clock.of("scoring"):
            return voices(self._scorer, frames, words)


@contextmanager
def threads(number: int) -> Iterator[None]:
    """Let torch use ``number`` threads inside the block, and as many as before after it."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def learning_threads(policy: str) -> int:
    """Torch threads for the learner: one for small networks, whose matrices are not worth sharing out among cores."""
    return 1 if policy == "MlpPolicy" else torch.get_num_threads()
