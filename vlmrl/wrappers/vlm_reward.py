"""One environment that pays by what its frames show, for learners of any library."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, SupportsFloat, TypeAlias

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from vlmrl.envs.frame_tap import FrameTap
from vlmrl.envs.layers import layer_of
from vlmrl.envs.simulator import has_simulator
from vlmrl.shaping import Chain, Past, Steps
from vlmrl.shaping.base import Float
from vlmrl.types import Words
from vlmrl.wrappers.asking import Request
from vlmrl.wrappers.scores import CheckedScores

Shape: TypeAlias = Callable[[Steps], Float]
"""From steps with their scores to rewards, float32 ``(T, N)``."""


class VLMReward(gym.Wrapper[Any, Any, Any, Any], gym.utils.RecordConstructorArgs):
    """Replaces the reward of each step by what the frame after it is worth to the words.

    Each step scores one frame; many environments together are cheaper in
    :class:`~vlmrl.wrappers.vector.VectorVLMReward`, and cheaper still under ``DeferredReward``. The environment's own
    reward stays in ``info["task_reward"]``, the score as the encoder gave it in ``info["vlm_score"]``. An environment
    that shows no frames yet is wrapped in ``FrameTap`` at the encoder's image size; wrap it to choose a camera.

    Args:
        env: a MuJoCo environment, one made with ``render_mode="rgb_array"``, or one with ``info["frame"]``.
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
        env: gym.Env[Any, Any],
        goal: str | Iterable[str] | None = None,
        baseline: str | Iterable[str] = (),
        *,
        scorer: Any = None,
        words: Words | None = None,
        shape: Shape | None = None,
        gamma: float = 0.99,
        **asked: Any,
    ) -> None:
        gym.utils.RecordConstructorArgs.__init__(
            self,
            goal=goal,
            baseline=baseline,
            scorer=scorer,
            words=words,
            shape=shape,
            gamma=gamma,
            _disable_deepcopy=True,  # a scorer may hold a model
            **asked,
        )
        found, words = Request(scorer, words, goal, baseline, asked).load()
        super().__init__(_tapped(env, found))
        self._scores = CheckedScores(found, words)
        self._shape: Shape = shape or Chain()
        self._gamma = gamma
        self._before: NDArray[np.float32] | None = None
        self._past = Past(self._shape)
        self._past.begin(1)

    @property
    def seconds(self) -> float:
        """Time spent in the scorer so far [s]."""
        return self._scores.seconds

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Reset, and score the first frame; ``info["vlm_score"]`` holds it."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._before, info = self._scored(info, "the reset")
        self._past.begin(1)
        return observation, info

    def step(self, action: Any) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        """Step, and pay by the frame that it led to."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        info = {"task_reward": float(reward), **info}  # FrameTap's own entry goes first
        after, info = self._scored(info, "a step")
        before = after if self._before is None else self._before
        ended = np.array([[terminated]], dtype=bool)
        done = ended[0] | truncated
        told = self._past.scores(before, done) | self._past.states(np.asarray(observation)[None], done)
        told |= self._past.own([info])
        past = {name: row[None] for name, row in told.items()}
        paid = self._shape(Steps(before[None], after[None], ended, self._gamma).but(**past))
        self._before = after
        return observation, float(paid[0, 0]), terminated, truncated, info

    def _scored(self, info: dict[str, Any], origin: str) -> tuple[NDArray[np.float32], dict[str, Any]]:
        rest = dict(info)
        # Taken out, so that nobody stores it beside the step.
        frame = self._scores.look_at(rest.pop("frame", None), origin)
        score = self._scores(frame[None], [origin])
        return score, {**rest, "vlm_score": float(score[0])}


def _tapped(env: gym.Env[Any, Any], scorer: Any) -> gym.Env[Any, Any]:
    """The environment with frames in its infos, of the size that the scorer's encoder reads."""
    if layer_of(env, FrameTap) is not None:
        return env
    if not has_simulator(env) and env.render_mode != "rgb_array":
        return env  # it may bring frames of its own; if not, the first reset says so
    encoder = getattr(getattr(scorer, "model", None), "encoder", None)
    return FrameTap(env, getattr(encoder, "image_size", (64, 64)))
