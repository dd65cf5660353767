"""Make the environment of a task, or of any Gymnasium id, with frames tapped in the right place."""

from __future__ import annotations

import importlib
import inspect
import warnings
from collections import Counter
from functools import cache
from typing import Any

import gymnasium as gym
from gymnasium.envs.registration import EnvSpec
from gymnasium.wrappers import TimeLimit

from vlmrl.envs.frame_tap import FrameTap, Tapped
from vlmrl.envs.gauge import Gauge
from vlmrl.envs.layers import layer_of
from vlmrl.envs.own import OWN
from vlmrl.envs.pixels import PixelObservation, Sight, check_sight
from vlmrl.envs.simulator import has_simulator
from vlmrl.envs.suite import ENTRY, register_suite, suite_ends
from vlmrl.envs.task import Profile, Task
from vlmrl.envs.task_env import TaskEnv
from vlmrl.envs.track_tap import TrackTap
from vlmrl.errors import ConfigError, UnknownName
from vlmrl.find import find, names, plugins


@cache
def _tasks_of(domain: str) -> dict[str, Task]:
    module = find("task", domain)
    tasks = [value for value in vars(module).values() if isinstance(value, Task)]
    counts = Counter(task.name for task in {id(task): task for task in tasks}.values())
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise ConfigError(f"task={twice[0]}: is defined twice in {module.__name__}; give the second a name of its own")
    stray = [task.name for task in tasks if task.name.split("/")[0] != domain]
    if stray:
        raise ConfigError(f"task={stray[0]}: is defined in {module.__name__}; its name must start with {domain}/")
    return {task.name: task for task in tasks}


def task_names() -> tuple[str, ...]:
    """Every task found, ours and those of installed packages: ``("cartpole/balance", …)``."""
    return tuple(sorted(name for domain in names("task") for name in _found_in(domain)))


def _found_in(domain: str) -> dict[str, Task]:
    """The tasks of a domain; others' than ours that cannot be loaded must not take the others with them."""
    try:
        return _tasks_of(domain)
    except Exception as cause:
        own = any((folder / f"{domain}.py").is_file() for folder in OWN)
        if not own and domain not in plugins("task"):
            raise
        whose = "VLMRL_TASKS" if own else "another package"
        warnings.warn(f"task={domain}: of {whose}, cannot be loaded and is left out: {cause}", stacklevel=2)
        return {}


def find_task(name: str) -> Task:
    """The task called ``domain/behaviour``: one of those in its file, or one that the file's ``unlisted`` makes.

    A file with more tasks than anybody wants listed, registered and tested one by one has a function ``unlisted``, from
    a name to the task or None.

    Raises:
        UnknownName: there is none; the message names the nearest.
    """
    domain = name.split("/")[0]
    task: Task | None = None
    if domain in names("task"):
        task = _tasks_of(domain).get(name)
        unlisted = getattr(find("task", domain), "unlisted", None)
        if task is None and unlisted is not None:
            task = unlisted(name)
    if task is None:
        raise UnknownName("task", name, task_names())
    return task


def known_task(name: str | None) -> Task | None:
    """The task of that name, or None: of no name, or of a package that is installed elsewhere and not here."""
    try:
        return None if name is None else find_task(name)
    except UnknownName:
        return None


def make_env(
    task: Task | str,
    *,
    obs: Sight = "state",
    size: tuple[int, int] = (64, 64),
    frames: Tapped = True,
    seed: int | None = None,
    healthy_end: bool = False,
    profile: Profile | None = None,
    gauge: Gauge | None = None,
) -> gym.Env[Any, Any]:
    """The environment of a task, or of any Gymnasium id, ready for a learner.

    Args:
        task: a :class:`Task`, its name (``cartpole/upright``), or a Gymnasium id (``Hopper-v5``, ``package:Id-v0``).
        obs: what the policy sees: ``state``, ``pixels`` (uint8 HWC) or ``both``.
        size: ``(height, width)`` of frames.
        frames: tap ``info["frame"]`` and keep the environment's reward from the learner (:class:`FrameTap`); ``ends``
            taps only what cannot be drawn later: the first and last frames of episodes.
        seed: seeds the first reset and the action space.
        healthy_end: keep an early end for being unhealthy, where a Gymnasium environment has one.
        profile: how much drawing a frame is worth; None: the task's own, ``fast`` where there is no task.
        gauge: where frames are tapped, tap what it reads off each state in their place (:class:`TrackTap`).

    Returns:
        An environment whose time limit truncates. With a task, ``info`` holds ``oracle`` and ``success``.

    Raises:
        UnknownName: no such task or id.
        RenderError: it can draw no frames.
        ConfigError: a gauge, where the policy is to see pixels.
    """
    check_sight(obs)
    gauge = gauged(obs, gauge) if frames else None
    if isinstance(task, str) and "/" in task and ":" not in task and not task.startswith("vlmrl/") and _is_task(task):
        task = find_task(task)
    shown: Task | None = None
    if isinstance(task, Task):
        env: gym.Env[Any, Any] = TimeLimit(TaskEnv(task), task.horizon)
        shown = task
    else:
        env = _any_id(task, bool(frames) or obs != "state", healthy_end)
        shown = _task_behind(env)
    camera = shown.camera if shown is not None else None
    if gauge is not None:
        env = TrackTap(env, gauge, camera)
    elif frames or obs != "state":
        every_step = frames != "ends" or obs != "state"
        env = FrameTap(env, size, camera, profile or (shown.profile if shown is not None else "fast"), every_step)
    if obs != "state":
        env = PixelObservation(env, size, both=obs == "both", reward=not frames)
    if seed is not None:
        env.reset(seed=seed)
        env.action_space.seed(seed)
    return env


def gauged(obs: Sight, gauge: Gauge | None) -> Gauge | None:
    """The gauge itself.

    Raises:
        ConfigError: the policy is to see frames, and beside a gauge none are drawn.
    """
    if gauge is not None and obs != "state":
        raise ConfigError(f"obs={obs}: this reward goes by keypoints, and no frames are drawn; take obs=state")
    return gauge


def _is_task(name: str) -> bool:
    """``domain/behaviour`` of ours, or misspelled; a Gymnasium id has its namespace and a version."""
    return name.split("/")[0] in names("task") or "-v" not in name


def _task_behind(env: gym.Env[Any, Any]) -> Task | None:
    layer = layer_of(env, TaskEnv)
    return layer.task if layer is not None else None


def _any_id(name: str, frames: bool, healthy_end: bool) -> gym.Env[Any, Any]:
    spec = env_spec(name)
    arguments: dict[str, Any] = {}
    if not healthy_end and ends_when_unhealthy(spec):
        arguments["terminate_when_unhealthy"] = False
    env = gym.make(name, **arguments)
    if frames and not has_simulator(env):
        env.close()
        env = gym.make(name, render_mode="rgb_array", **arguments)
    return env


def env_spec(name: str) -> EnvSpec:
    """Gymnasium's entry for an id, its package imported first where the id names one.

    Raises:
        UnknownName: no such id; the message names the nearest.
        ConfigError: the package of ``package:Id-v0`` cannot be imported.
    """
    if ":" in name:
        package = name.split(":")[0]
        try:
            importlib.import_module(package)
        except ImportError as cause:
            raise ConfigError(f"env={name}: the package {package} cannot be imported: {cause}") from cause
    try:
        return gym.spec(name.split(":")[-1])
    except gym.error.Error as cause:
        known = [*task_names(), *gym.registry]
        raise UnknownName("env", name, known) from cause


def ends_when_unhealthy(spec: EnvSpec) -> bool:
    """Whether the environment has the switch ``terminate_when_unhealthy`` (Hopper, Walker2d, Ant, Humanoid)."""
    entry = spec.entry_point
    if isinstance(entry, str):
        module, _, attribute = entry.partition(":")
        entry = getattr(importlib.import_module(module), attribute)
    return entry is not None and "terminate_when_unhealthy" in inspect.signature(entry).parameters


def may_end_early(spec: EnvSpec) -> bool:
    """Whether an episode may end before its time limit in a way that nobody can switch off, as far as one can know."""
    if spec.entry_point == ENTRY:
        return suite_ends(spec.kwargs["domain"])
    return not ends_when_unhealthy(spec)


def registered(task: str, render_mode: str | None = None) -> gym.Env[Any, Any]:
    """What ``gymnasium.make("vlmrl/…")`` calls; the time limit is Gymnasium's own wrapper."""
    return TaskEnv(find_task(task), render_mode)


def register() -> None:
    """Register every task with Gymnasium as ``vlmrl/Domain-Behaviour-vN``, and dm_control's suite; once is enough."""
    register_suite()
    # By domain: to find each by its name would ask the installed packages each time what they declare.
    for name, task in (pair for domain in names("task") for pair in _found_in(domain).items()):
        if task.env_id not in gym.registry:
            gym.register(
                task.env_id,
                entry_point="vlmrl.envs.make:registered",
                vector_entry_point="vlmrl.envs.batch.make:registered",
                max_episode_steps=task.horizon,
                kwargs={"task": name},
            )


__all__ = [
    "env_spec",
    "find_task",
    "known_task",
    "make_env",
    "may_end_early",
    "register",
    "registered",
    "task_names",
]
