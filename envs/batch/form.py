"""Whether an environment has a batched form: only if every layer of it is known, so that nothing is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium as gym
from gymnasium.wrappers import OrderEnforcing, PassiveEnvChecker, TimeLimit

from vlmrl.envs.batch.robot import Robot
from vlmrl.envs.layers import layers_of
from vlmrl.envs.simulator import has_simulator
from vlmrl.envs.suite import SuiteEnv
from vlmrl.envs.task import Task
from vlmrl.envs.task_env import TaskEnv
from vlmrl.find import find_class, names

CHECKS = (OrderEnforcing, PassiveEnvChecker)
"""Layers that change nothing of what a correct program sees."""


@dataclass(frozen=True)
class Form:
    """What an environment is made of.

    Attributes:
        robot: the batched form of the environment inside.
        task: whose truth is reward and info; None where the environment pays its own reward.
        horizon: steps after which an episode is cut; None: never.
        layers: the classes around the environment, outermost first.
    """

    robot: type[Robot]
    task: Task | None
    horizon: int | None
    layers: tuple[type, ...]


def form_of(env: gym.Env[Any, Any]) -> Form | None:
    """The batched form of an environment, or None: then it must be stepped in processes of its own."""
    layers, inner = tuple(layers_of(env)), env.unwrapped
    robot = _robot_of(inner)
    task: Task | None = None
    horizon: int | None = None
    for layer in layers:
        if type(layer) is TimeLimit:
            # The shortest limit is what counts, wherever it stands.
            horizon = layer._max_episode_steps if horizon is None else min(horizon, layer._max_episode_steps)
        elif type(layer) is TaskEnv:
            task = layer.task
        elif type(layer) not in CHECKS:
            return None
    if robot is None or (task is None and isinstance(inner, SuiteEnv)):
        return None  # the reward of dm_control's tasks has no batched form; a task's oracle has
    return Form(robot, task, horizon, tuple(type(layer) for layer in layers))


def _robot_of(env: Any) -> type[Robot] | None:
    """The robot of the very class of ``env``: a subclass may do anything differently."""
    if not has_simulator(env):
        return None
    origin = env.origin if type(env) is SuiteEnv else f"{type(env).__module__}:{type(env).__qualname__}"
    name = origin.partition(":")[0].rpartition(".")[2]
    if name not in names("robot"):
        return None
    robot = find_class("robot", name, Robot)  # type: ignore[type-abstract]  # found subclasses are whole
    return robot if origin in robot.of else None
