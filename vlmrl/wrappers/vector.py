"""Many environments that pay by what their frames show: one call of the scorer for a step of all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from vlmrl.shaping import Chain, Past, Steps
from vlmrl.types import Words
from vlmrl.wrappers.asking import Request
from vlmrl.wrappers.scores import CheckedScores
from vlmrl.wrappers.vlm_reward import Shape


class VectorVLMReward(gym.vector.VectorWrapper[Any, Any, Any, Any, Any]):
    """Replaces the rewards of a vector environment by what the frames after each step are worth to the words.

    A step that ends an episode is paid by its terminal frame in every autoreset mode of Gymnasium; the step that only
    resets (``NEXT_STEP``) is paid 0. The environments' own rewards stay in ``infos["task_reward"]``, the scores as the
    encoder gave them in ``infos["vlm_score"]``, both float ``(N,)``; for an episode that ended in this very step
    (``SAME_STEP``) they are those of its last step, not of the next episode's first frame.

    Args:
        env: each of its environments puts uint8 ``(H, W, 3)`` into ``info["frame"]`` (``FrameTap`` inside does).
        goal: a sentence that is true when the task is done, or several.
        baseline: a sentence true of any frame of this world, or several.
        scorer: instead of the sentences: an object with ``frames(frames, words)``, or such a function.
        words: handed to that scorer.
        shape: from scores to rewards; None pays the score.
        gamma: the learner's discount, for shapers that need it; in (0, 1].
        **asked: with ``goal``: ``negative``, ``reward``, ``encoder`` and the reward's own settings.

    Raises:
        ConfigError: neither or both of ``goal`` and ``scorer``, words that the reward refuses, or no frame.
        ShapeError: a frame that is not uint8 ``(H, W, 3)``.
        Abstained: a score is no finite number.
    """

    def __init__(
        self,
        env: gym.vector.VectorEnv[Any, Any, Any],
        goal: str | Iterable[str] | None = None,
        baseline: str | Iterable[str] = (),
        *,
        scorer: Any = None,
        words: Words | None = None,
        shape: Shape | None = None,
        gamma: float = 0.99,
        **asked: Any,
    ) -> None:
        super().__init__(env)
        self._scores = CheckedScores(*Request(scorer, words, goal, baseline, asked).load())
        self._shape: Shape = shape or Chain()
        self._gamma = gamma
        self._mode = env.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP)
        self._before = np.zeros(env.num_envs, dtype=np.float32)
        self._ended = np.zeros(env.num_envs, dtype=bool)
        self._past = Past(self._shape)
        self._past.begin(env.num_envs)

    @property
    def seconds(self) -> float:
        """Time spent in the scorer so far [s]."""
        return self._scores.seconds

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Reset all environments, or those of ``options["reset_mask"]``, and score their first frames."""
        mask = np.array((options or {}).get("reset_mask", np.ones(self.num_envs, dtype=bool)), dtype=bool)
        observations, infos = self.env.reset(seed=seed, options=options)
        infos = dict(infos)
        envs = np.flatnonzero(mask)
        self._before[envs] = self._score([self._frame(infos, env, "the reset") for env in envs], envs)
        self._ended[envs] = False
        self._past.restart(mask)
        return observations, _without_frame(_with(infos, "vlm_score", self._before.copy(), mask))

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Step all environments, and pay each by the frame that its action led to."""
        observations, rewards, terminated, truncated, infos = self.env.step(actions)
        infos = dict(infos)
        ended = np.logical_or(terminated, truncated)
        acted = ~self._ended if self._mode == AutoresetMode.NEXT_STEP else np.ones(self.num_envs, dtype=bool)
        restarted = ended if self._mode == AutoresetMode.SAME_STEP else np.zeros(self.num_envs, dtype=bool)
        after, following = self._both(infos, restarted)
        told = self._past.scores(self._before, ended, acted)
        if self._past.needs.bits:
            told |= self._past.states(_led_to(observations, infos, restarted), ended, acted)
        own = _told(infos, "task_reward", rewards, restarted)
        truth = {"task_reward": own, "success": _told(infos, "success", [np.nan] * self.num_envs, restarted)}
        told |= self._past.own(
            [{key: row[env] if acted[env] else 0.0 for key, row in truth.items()} for env in range(self.num_envs)]
        )
        past = {name: row[None] for name, row in told.items()}
        steps = Steps(self._before[None], after[None], np.asarray(terminated, dtype=bool)[None], self._gamma).but(
            **past
        )
        paid = np.where(acted, self._shape(steps)[0], np.float32(0)).astype(np.float64)
        self._before, self._ended = following, ended
        infos = _with(_with(infos, "task_reward", own, acted), "vlm_score", after, acted)
        return observations, paid, terminated, truncated, _without_frame(infos)

    def _both(
        self, infos: dict[str, Any], restarted: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores of the frames that the actions led to, and of those that the next actions start from."""
        everyone, again = np.arange(self.num_envs), np.flatnonzero(restarted)
        last = infos.get("final_info", {})
        frames = [self._frame(last if restarted[env] else infos, env, "a step") for env in everyone]
        frames += [self._frame(infos, env, "the reset") for env in again]
        scores = self._score(frames, np.concatenate([everyone, again]))
        after = scores[: self.num_envs]
        following = after.copy()
        following[again] = scores[self.num_envs :]
        return after, following

    def _frame(self, infos: dict[str, Any], env: Any, moment: str) -> NDArray[Any]:
        there = "frame" in infos and bool(infos.get("_frame", np.ones(env + 1, dtype=bool))[env])
        return self._scores.look_at(infos["frame"][env] if there else None, f"env {env} after {moment}")

    def _score(self, frames: list[NDArray[Any]], envs: NDArray[np.int_]) -> NDArray[np.float32]:
        return self._scores(np.stack(frames), [f"env {env}" for env in envs])


def _led_to(observations: Any, infos: dict[str, Any], restarted: NDArray[np.bool_]) -> Any:
    """What the actions led to, ``(N, D)``: Gymnasium keeps the last observations of ended episodes apart."""
    seen = np.array(observations)
    for env in np.flatnonzero(restarted):
        seen[env] = infos["final_obs"][env]
    return seen


def _told(infos: dict[str, Any], key: str, otherwise: Any, restarted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """A number that the environments tell of their steps, float64 ``(N,)``; ``otherwise`` where they do not."""
    own = np.array(infos.get(key, otherwise), dtype=np.float64)
    last = infos.get("final_info", {})
    if key in last:  # Gymnasium keeps the last infos of ended episodes apart
        own[restarted] = np.asarray(last[key], dtype=np.float64)[restarted]
    return own


def _with(infos: dict[str, Any], key: str, values: NDArray[Any], mask: NDArray[np.bool_]) -> dict[str, Any]:
    """Gymnasium's way to hand out one number an environment: the array, and which of its entries count."""
    return {**infos, key: values, f"_{key}": mask.copy()}


def _without_frame(infos: dict[str, Any]) -> dict[str, Any]:
    """The infos without their frames, so that nobody stores them beside the steps."""
    rest = {key: value for key, value in infos.items() if key not in ("frame", "_frame")}
    if isinstance(rest.get("final_info"), dict):
        rest["final_info"] = _without_frame(rest["final_info"])
    return rest
