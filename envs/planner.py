"""An expert for any task of one MuJoCo robot: it tries actions out in copies of the simulator before it acts.

Predictive sampling (Howell et al., 2022, "Predictive Sampling: Real-time Behaviour Synthesis with MuJoCo"), with the
mean of the best samples instead of the best one (the cross-entropy method). It sees the simulator's whole state and is
paid by the task's oracle, so it says whether a task can be done, and what doing it looks like; never how to learn it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import mujoco
import numpy as np

from vlmrl.envs.layers import layer_of
from vlmrl.envs.simulator import simulator
from vlmrl.envs.task import Policy
from vlmrl.errors import ConfigError
from vlmrl.types import Array

if TYPE_CHECKING:
    from vlmrl.envs.batch.engine import Engine
    from vlmrl.envs.batch.truth import Truth


@dataclass(frozen=True)
class Planned:
    """A task's ``expert``: from an environment whose episode has just begun, the policy that plans through it.

    Attributes:
        ahead: actions that it looks ahead.
        knots: points of an action's course over them; between two it is a straight line.
        samples: courses that it tries before each action.
        rounds: how often it draws them anew, around the best of the round before.
        spread: deviation of the first round's samples, of half the range of actions; halved with each round.
        last: how many times an average moment the last one looked at counts.
    """

    ahead: int = 20
    knots: int = 5
    samples: int = 32
    rounds: int = 2
    spread: float = 0.6
    last: float = 1.0

    def __call__(self, env: gym.Env[Any, Any]) -> Policy:
        """Take a MuJoCo environment of a task.

        Raises:
            ConfigError: it has no task around it, or nobody knows how many timesteps it takes in a step.
        """
        from vlmrl.envs.batch.engine import Engine
        from vlmrl.envs.batch.truth import Truth
        from vlmrl.envs.task_env import TaskEnv  # all three know tasks, whose files are loaded with this one

        layer, model = layer_of(env, TaskEnv), simulator(env)[0]
        inner: Any = env.unwrapped
        substeps = getattr(inner, "substeps", None) or getattr(inner, "frame_skip", None)
        if layer is None or substeps is None:
            raise ConfigError(f"env={env}: a planner needs a MuJoCo environment of a task; make it with make_env")
        engine = Engine(model, self.samples)
        return _Plan(self, env, engine, Truth(layer.task, engine), int(substeps)).act


@dataclass
class _Plan:
    """What is planned through one episode."""

    how: Planned
    env: gym.Env[Any, Any]
    engine: Engine
    truth: Truth
    substeps: int
    draws: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def __post_init__(self) -> None:
        space: Any = self.env.action_space
        self.low, self.high = np.float64(space.low), np.float64(space.high)
        self.mean = np.tile((self.low + self.high) / 2, (self.how.knots, 1))
        self.times = np.linspace(0, self.how.ahead - 1, self.how.knots)

    def act(self, observation: Array, info: dict[str, Any]) -> Array:
        """The first action of the best course."""
        how, half = self.how, (self.high - self.low) / 2
        shape = (how.samples, *self.mean.shape)
        self.mean = self._courses(self.mean[None], np.minimum(self.times + 1, how.ahead - 1))[0]  # a step has passed
        for turn in range(how.rounds):
            knots = self.mean + how.spread / 2**turn * half * self.draws.standard_normal(shape)
            knots[0] = self.mean
            knots = np.clip(knots, self.low, self.high)
            best = np.argsort(self._worth(self._courses(knots, np.arange(how.ahead))))[-max(2, how.samples // 8) :]
            self.mean = knots[best].mean(axis=0)
        first: Array = self.mean[0].astype(np.float32)
        return first

    def _courses(self, knots: Array, times: Array) -> Array:
        """Actions at ``times``, ``(n, t, nu)``, from ``(n, knots, nu)``."""
        place = np.interp(times, self.times, np.arange(len(self.times)))
        before = np.minimum(place.astype(int), len(self.times) - 2)
        share = (place - before)[:, None]
        courses: Array = (1 - share) * knots[:, before] + share * knots[:, before + 1]
        return courses

    def _worth(self, courses: Array) -> Array:
        """The mean oracle of each course's moments, ``(n,)``, from the present state on."""
        _, data = simulator(self.env)
        for sim in range(self.how.samples):
            self.engine.store(sim, data)
        ctrl, worth = self.engine.field("ctrl"), np.zeros(len(courses))
        for step in range(self.how.ahead):
            ctrl[:] = courses[:, step]
            self.engine.step(self.substeps, int(mujoco.mjtStage.mjSTAGE_POS))
            oracle = self.truth()["oracle"]
            worth += oracle
        return worth + (self.how.last - 1) * oracle
