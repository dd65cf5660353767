"""What the steps of whole episodes are paid, once all are over: by the words, or by the environment itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from vlmrl.agents.deferred.gaps import Gaps, check_gaps
from vlmrl.agents.deferred.held import HeldFrames
from vlmrl.agents.deferred.holding import held_by
from vlmrl.agents.deferred.steps import Step, blank, present_frames, reset_frame, rewards_of
from vlmrl.agents.runs.session import Teacher
from vlmrl.shaping import Past
from vlmrl.types import Words
from vlmrl.wrappers.scores import CheckedScores

HOLD = 1024
"""Most frames that wait for their score."""


class Taken(NamedTuple):
    """A step of N environments.

    Attributes:
        rewards: float32 ``(N,)``, what the environments pay themselves.
        done: bool ``(N,)``, the step ended the episode.
        infos: one each.
        alive: bool ``(N,)``, the episode was not over before the step.
    """

    rewards: NDArray[np.float32]
    done: NDArray[np.bool_]
    infos: list[dict[str, Any]]
    alive: NDArray[np.bool_]


class Pay(ABC):
    """Pays N episodes that begin together; each counts until its own end.

    Attributes:
        column: what the sum of it is called in a run's numbers.
    """

    column: str

    @abstractmethod
    def begin(self, venv: VecEnv) -> None:
        """Episodes begin: take in their first states."""

    @abstractmethod
    def saw(self, taken: Taken) -> None:
        """Take in a step."""

    @abstractmethod
    def rewards(self) -> NDArray[np.float32]:
        """What each step was paid, float32 ``(T, N)``, 0 behind an episode's end.

        Raises:
            Abstained: a score is no number.
        """

    @property
    def last(self) -> NDArray[np.float32] | None:
        """Score of each episode's last frame, float32 ``(N,)``; None where nothing was scored."""
        return None


class OwnPay(Pay):
    """The environment's own reward: ground truth where a task says it."""

    column = "task_return"

    def begin(self, venv: VecEnv) -> None:
        """Nothing is scored."""
        self._rows: list[NDArray[np.float32]] = []

    def saw(self, taken: Taken) -> None:
        """Keep what it pays."""
        self._rows.append(np.where(taken.alive, taken.rewards, 0.0).astype(np.float32))

    def rewards(self) -> NDArray[np.float32]:
        """As it paid."""
        return np.stack(self._rows)


class WordPay(Pay):
    """What frames show, by the run's scorer and shaping; the numbers that :class:`DeferredReward` would pay.

    Args:
        teacher: scores and shapes.
        words: of the task.
        gaps: which frames are scored.
        gamma: the learner's discount.

    Raises:
        ConfigError: gaps that do not fit the reward.
    """

    column = "vlm_return"

    def __init__(self, teacher: Teacher, words: Words, gaps: Gaps, gamma: float) -> None:
        self._scores = CheckedScores(teacher.scorer, words, whole=True)
        check_gaps(gaps, self._scores.cadence, self._scores.takes)
        self._shape, self._gaps, self._gamma = teacher.shape, gaps, gamma

    def begin(self, venv: VecEnv) -> None:
        """Hold the first frames."""
        count = venv.num_envs
        self._venv, self._steps = venv, list[Step]()
        self._alive: list[NDArray[np.bool_]] = []
        self._held: HeldFrames = held_by(self._scores)(self._scores, max(HOLD, 2 * count))
        self._before = blank(count)
        self._gaps.restart()
        for env in range(count):
            self._held.add(reset_frame(venv, env), f"env {env} before its first step", (self._before, env))

    def saw(self, taken: Taken) -> None:
        """Hold the frames that are to be scored; the environments' own pay is withheld by them."""
        count, ends = len(taken.done), taken.done & taken.alive
        step = Step(self._before, blank(count), ends, taken.infos)
        self._before = blank(count)
        wanted = np.flatnonzero(taken.alive & (ends | self._gaps.due())).tolist()
        for env, frame in zip(wanted, self._frames(wanted, ends, taken.infos), strict=True):
            origin = f"env {env} at step {len(self._steps)}"
            places = [(step.after, env)] if ends[env] else [(step.after, env), (self._before, env)]
            self._held.add(frame, origin, *places)
            if ends[env]:
                self._held.end(origin, (step.after, env))
        self._steps.append(step)
        self._alive.append(taken.alive.copy())
        if len(self._held) + count > self._held.capacity:
            self._held.score()

    def rewards(self) -> NDArray[np.float32]:
        """Scores, those between them, and what the run's shaping makes of them."""
        self._held.score()
        self._gaps.fill(self._steps, self._before)
        past = Past(self._shape)
        past.begin(len(self._before))
        for step in self._steps:
            step.past.update(past.scores(step.before, step.done))
        paid = rewards_of(self._steps, self._gamma, self._shape)
        return np.where(np.stack(self._alive), paid, np.float32(0.0))

    @property
    def last(self) -> NDArray[np.float32]:
        """Score of each episode's last frame."""
        lengths = np.stack(self._alive).sum(axis=0)
        return np.array([self._steps[length - 1].after[env] for env, length in enumerate(lengths)], np.float32)

    def _frames(self, envs: Sequence[int], ends: NDArray[np.bool_], infos: list[dict[str, Any]]) -> list[Any]:
        """The frames that the last step led to, drawn where nobody has."""
        # Taken out of the infos, which are kept until the episodes are over.
        frames = [info.pop("frame", None) for info in infos]
        undrawn = [env for env in envs if frames[env] is None and not ends[env]]
        if undrawn and (drawn := present_frames(self._venv, undrawn)) is not None:
            for env, frame in zip(undrawn, drawn, strict=True):
                frames[env] = frame
        return [frames[env] for env in envs]
