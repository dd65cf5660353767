"""A task's own script, played and judged like any agent: who knows the simulator shows that the task can be done."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np

from vlmrl.envs.make import make_env
from vlmrl.envs.task import Policy, Task
from vlmrl.errors import ConfigError
from vlmrl.types import Array


class Scripted:
    """The script of a task as a policy for :func:`vlmrl.judge.episodes.evaluate`, with the environments it acts in.

    A script looks at its environment, not at the observation alone, so both are made here::

        scripted = Scripted(find_task("tabletop/press_button"))
        evaluate(scripted, scripted.make, scripted.task, seeds)

    Args:
        task: the task.
        frames: put frames into infos, for whoever records or scores them.

    Raises:
        ConfigError: the task has no script.
    """

    def __init__(self, task: Task, frames: bool = False) -> None:
        if task.expert is None:
            raise ConfigError(f"task={task.name}: has no script; train an agent with reward=oracle instead")
        self.task, self._frames = task, frames
        self._envs: list[_Advised] = []

    def make(self) -> gym.Env[Any, Any]:
        """One environment more, the next row's."""
        self._envs.append(_Advised(self.task, self._frames))
        return self._envs[-1]

    def __call__(self, observations: Any) -> Array:
        """What the script does in each environment: ``(N, ...)``, in the order in which they were made."""
        return np.stack([env.advice() for env in self._envs[: len(observations)]])


class _Advised(gym.Wrapper[Any, Any, Any, Any]):
    """Knows what the script would do now; a new script begins with each episode."""

    def __init__(self, task: Task, frames: bool) -> None:
        super().__init__(make_env(task, frames=frames))
        self._expert = task.expert
        self._policy: Policy | None = None
        self._seen: tuple[Any, dict[str, Any]] | None = None

    def reset(self, **asked: Any) -> tuple[Any, dict[str, Any]]:
        observation, info = self.env.reset(**asked)
        assert self._expert is not None
        self._policy, self._seen = self._expert(self.env), (observation, info)
        return observation, info

    def step(self, action: Any) -> Any:
        found = self.env.step(action)
        self._seen = found[0], found[4]
        return found

    def advice(self) -> Array:
        """The script's action in the present state."""
        if self._policy is None or self._seen is None:
            raise gym.error.ResetNeeded("advice: no episode has begun; call reset first")
        return self._policy(*self._seen)
