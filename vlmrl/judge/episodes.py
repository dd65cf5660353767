"""Episodes played for judging: several at a time, one call of the policy for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, Protocol, TypeAlias, runtime_checkable

import gymnasium as gym
import numpy as np

from vlmrl.envs.task import Task
from vlmrl.errors import ConfigError
from vlmrl.metrics.evaluation import Episode, Evaluation, Trace
from vlmrl.types import Array, Words
from vlmrl.video.play import LONGEST, AnyScorer, Policy, Scores, stacked

MakeEnv: TypeAlias = Callable[[], "gym.Env[Any, Any]"]
"""Builds one environment with its time limit."""


@runtime_checkable
class Starts(Protocol):
    """A policy that wants to know when episodes begin: to seed itself, or to forget what it remembers."""

    def start(self, seeds: Sequence[int]) -> None:
        """Begin N episodes together; the observations that follow are theirs, in this order."""


def evaluate(
    policy: Policy,
    make_env: MakeEnv,
    task: Task | None,
    seeds: Sequence[int],
    scorer: AnyScorer | None = None,
    words: Words | None = None,
    batch: int = 16,
    keep_frames: bool = False,
) -> Evaluation:
    """Play one episode a seed and judge it by ground truth.

    Up to ``batch`` episodes run in step, so that the policy is asked once for all of them; with a policy that looks at
    each observation alone, the numbers do not depend on ``batch``.

    Args:
        policy: from observations ``(N, ...)`` to actions ``(N, ...)``, deterministic if the judgement should be. Rows
            of episodes that have ended keep their last observation, and their actions are not used.
        make_env: builds one environment; called ``batch`` times at most.
        task: says from the ``success`` of its steps whether an episode succeeded; None where no ground truth is known.
        seeds: one an episode, each env is reset with it; keep them apart from the seeds of training.
        scorer: also scores ``info["frame"]`` after every step; costs the drawing of every frame.
        words: what frames are scored against; None takes the task's own.
        batch: episodes at a time.
        keep_frames: keep the frames of every step in the traces, and that of the start; needs memory for all of them.

    Returns:
        an :class:`Evaluation` called ``agent``, its traces filled.

    Raises:
        ConfigError: no seed, a scorer without words, or an environment that lacks the ground truth or the frames.
    """
    if not seeds:
        raise ConfigError("seeds: are none; give one for each episode")
    if batch < 1:
        raise ConfigError(f"batch={batch}: must be 1 or more")
    words = words or (task.words if task is not None else None)
    scores = Scores(scorer, words)
    courses = [_Course(index, seed, scores, keep_frames) for index, seed in enumerate(seeds)]
    with ExitStack() as stack:
        envs: list[gym.Env[Any, Any]] = []
        for _ in range(min(batch, len(seeds))):
            envs.append(make_env())
            stack.callback(envs[-1].close)
        for start in range(0, len(courses), batch):
            _together(policy, envs, courses[start : start + batch])
        name = task.name if task is not None else _name(envs[0])
    traces = tuple(course.trace() for course in courses)
    episodes = tuple(course.episode(task, trace) for course, trace in zip(courses, traces, strict=True))
    return Evaluation("agent", name, episodes, traces=traces)


class _Course:
    """One episode under way: what has been seen of it."""

    def __init__(self, index: int, seed: int, scores: Scores, keep_frames: bool) -> None:
        self._index, self.seed, self.over = index, seed, False
        self._scores, self._keep = scores, keep_frames
        self._rewards: list[float] = []
        self._success: list[bool] = []
        self._oracle: list[float] = []
        self._frames: list[Array] = []
        self._start: Array | None = None
        self._terminated = False

    def begin(self, info: dict[str, Any]) -> None:
        """Take in the state that the first action is chosen in."""
        self._scores.start(info, self._index)
        if self._keep:
            self._start = info.get("frame")

    def note(self, reward: float, info: dict[str, Any], terminated: bool, truncated: bool) -> None:
        """Take in one step and the state that it led to."""
        # FrameTap gives 0 as reward and keeps the environment's own here.
        self._rewards.append(float(info.get("task_reward", reward)))
        if "oracle" in info:
            self._oracle.append(float(info["oracle"]))
        if "success" in info:
            self._success.append(bool(info["success"]))
        if self._keep and "frame" in info:
            self._frames.append(info["frame"])
        self._scores.add(info, self._index)
        self._terminated = terminated
        self.over = terminated or truncated or len(self._rewards) == LONGEST
        if self.over:
            self._scores.over(self._index)

    def episode(self, task: Task | None, trace: Trace) -> Episode:
        """The episode's record, from its trace."""
        if task is not None and (trace.success is None or trace.oracle is None):
            raise ConfigError(
                f"task={task.name}: infos lack success or oracle; build its environment with vlmrl.envs.make.make_env"
            )
        return Episode(
            seed=self.seed,
            length=len(self._rewards),
            success=None if task is None or trace.success is None else task.succeeded(trace.success),
            oracle_return=None if trace.oracle is None else float(trace.oracle.mean()),
            task_return=float(np.sum(self._rewards)),
            vlm_return=None if trace.score is None else float(trace.score.mean(dtype=np.float64)),
        )

    def trace(self) -> Trace:
        """The episode step by step."""
        length = len(self._rewards)
        return Trace(
            success=np.array(self._success) if len(self._success) == length else None,
            oracle=np.array(self._oracle) if len(self._oracle) == length else None,
            score=self._scores.of(self._index),
            frames=np.stack(self._frames) if self._frames else None,
            start=self._start,
            terminated=self._terminated,
        )


def _together(policy: Policy, envs: Sequence[gym.Env[Any, Any]], courses: Sequence[_Course]) -> None:
    """Play as many episodes as there are courses, in step, until all are over."""
    if isinstance(policy, Starts):
        policy.start([course.seed for course in courses])
    running = list(zip(envs, courses, strict=False))
    observations = []
    for env, course in running:
        observation, info = env.reset(seed=course.seed)
        observations.append(observation)
        course.begin(info)
    while not all(course.over for course in courses):
        actions = policy(stacked(observations))
        if len(actions) != len(courses):
            raise ConfigError(
                f"policy: gave {len(actions)} actions for {len(courses)} observations; it must map (N, ...) to (N, ...)"
            )
        for index, (env, course) in enumerate(running):
            if course.over:
                continue
            observations[index], reward, terminated, truncated, info = env.step(actions[index])
            course.note(float(reward), info, bool(terminated), bool(truncated))


def _name(env: gym.Env[Any, Any]) -> str:
    return env.spec.id if env.spec is not None else type(env.unwrapped).__name__
