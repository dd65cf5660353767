"""Many environments of a task, or of any Gymnasium id, stepped together in the fastest way there is for them."""

from __future__ import annotations

from functools import partial
from typing import Any, NotRequired, TypedDict, Unpack

import gymnasium as gym
from gymnasium.wrappers import TimeLimit

from vlmrl.envs.batch.easel import Picture
from vlmrl.envs.batch.form import Form, form_of
from vlmrl.envs.batch.pixels import PixelBatchEnv
from vlmrl.envs.batch.tracks import Reading
from vlmrl.envs.batch.vector_env import BatchEnv
from vlmrl.envs.batch.workers import Workers
from vlmrl.envs.frame_tap import FrameTap, Tapped, default_camera
from vlmrl.envs.gauge import SIGHT, Gauge
from vlmrl.envs.layers import layers_of
from vlmrl.envs.make import find_task, gauged, make_env
from vlmrl.envs.pixels import Sight, check_sight
from vlmrl.envs.render import FILM_SIZE
from vlmrl.envs.task import Profile, Task
from vlmrl.envs.task_env import TaskEnv
from vlmrl.errors import ConfigError


class Look(TypedDict):
    """Settings of :func:`~vlmrl.envs.make.make_env` that a batch takes as well."""

    obs: Sight
    size: tuple[int, int]
    frames: Tapped
    healthy_end: bool
    profile: Profile | None
    gauge: NotRequired[Gauge | None]


def make_vec_env(
    task: Task | str,
    num_envs: int,
    *,
    obs: Sight = "state",
    size: tuple[int, int] = (64, 64),
    frames: Tapped = True,
    healthy_end: bool = False,
    profile: Profile | None = None,
    threads: int | None = None,
) -> BatchEnv | Workers:
    """``num_envs`` environments of a task or Gymnasium id, as :func:`~vlmrl.envs.make.make_env` makes one.

    Where the environment has a batched form, MuJoCo's own threads step it (:class:`BatchEnv`); where it has none,
    processes do (:class:`Workers`). Both reset in the step that ends an episode, and both give the numbers that single
    environments give: ``reset(seed=7)`` starts environment ``i`` as ``7 + i`` starts one alone.

    Args:
        task: a :class:`Task`, its name (``cartpole/upright``), or a Gymnasium id (``Hopper-v5``, ``package:Id-v0``).
        num_envs: how many, at least 1.
        obs: what the policy sees: ``state``, ``pixels`` (uint8 HWC) or ``both``.
        size: ``(height, width)`` of frames.
        frames: put ``frame`` into infos and keep the environment's reward from the learner; ``ends``: only first and
            last frames of episodes, which cannot be drawn later.
        healthy_end: keep an early end for being unhealthy, where a Gymnasium environment has one.
        profile: how much drawing a frame is worth; None: the task's own, ``fast`` where there is no task.
        threads: that simulate and draw; None is one a physical core. Processes are always one an environment.

    Raises:
        UnknownName: no such task or id.
        ConfigError: fewer than one environment or thread.
        RenderError: it can draw no frames.
    """
    look: Look = {"obs": obs, "size": size, "frames": frames, "healthy_end": healthy_end, "profile": profile}
    batch = make_batch(task, num_envs, threads, threads, **look)
    if batch is not None:
        return batch
    make = partial(make_env, task, **look)
    single = make()
    layers = [type(layer) for layer in layers_of(single)]
    single.close()
    return Workers(make, num_envs, layers, FrameTap in layers)


def make_batch(
    task: Task | str, num_envs: int, threads: int | None = None, contexts: int | None = None, **look: Unpack[Look]
) -> BatchEnv | None:
    """What :func:`make_vec_env` makes on MuJoCo's threads, or None where the environment has no batched form.

    Args:
        task: as there.
        num_envs: how many.
        threads: that simulate; None is one a physical core.
        contexts: that draw, each in a thread of its own; None is one a physical core, up to four.
        **look: as there.

    Raises:
        UnknownName: no such task or id.
        ConfigError: fewer than one environment, thread or context.
        RenderError: it can draw no frames.
    """
    if num_envs < 1:
        raise ConfigError(f"num_envs={num_envs}: must be at least 1")
    check_sight(look["obs"])
    one = make_env(task, frames=False, healthy_end=look["healthy_end"])
    form = form_of(one)
    if form is None:
        one.close()
        return None
    gauge = gauged(look["obs"], look.get("gauge")) if look["frames"] else None
    if gauge is not None:
        sight: Look = {**look, "size": SIGHT, "profile": "vlm"}
        return BatchEnv(one, form, num_envs, threads, Reading(gauge, _picture(one, form, sight, contexts)))
    if look["obs"] == "state":
        batch = BatchEnv(one, form, num_envs, threads, _picture(one, form, look, contexts) if look["frames"] else None)
        batch.watched = () if look["frames"] == "ends" else None
        return batch
    picture = _picture(one, form, look, contexts)
    return PixelBatchEnv(one, form, num_envs, threads, picture, both=look["obs"] == "both", reward=not look["frames"])


def _picture(env: gym.Env[Any, Any], form: Form, look: Look, contexts: int | None) -> Picture:
    size, profile = look["size"], look["profile"]
    if form.task is not None:
        return Picture(size, form.task.camera, profile or form.task.profile, contexts)
    return Picture(size, default_camera(env), profile or "fast", contexts)


def registered(
    task: str,
    num_envs: int = 1,
    max_episode_steps: int | None = None,
    render_mode: str | None = None,
    threads: int | None = None,
) -> BatchEnv | Workers:
    """What ``gymnasium.make_vec("vlmrl/…", num_envs=…)`` calls: the oracle's reward, and no frames in infos.

    Args:
        task: its name.
        num_envs: how many.
        max_episode_steps: the time limit; None is the task's horizon.
        render_mode: ``rgb_array`` lets ``render()`` draw films' frames.
        threads: that simulate; None is one a physical core.
    """
    found = find_task(task)
    make = partial(_limited, found, max_episode_steps, render_mode)
    one = make()
    form = form_of(one)
    if form is None:
        one.close()
        return Workers(make, num_envs, (TimeLimit, TaskEnv), False)
    film = Picture(FILM_SIZE, found.camera, "pretty") if render_mode is not None else None
    return BatchEnv(one, form, num_envs, threads, film=film)


def _limited(task: Task, steps: int | None, render_mode: str | None) -> gym.Env[Any, Any]:
    return TimeLimit(TaskEnv(task, render_mode), steps or task.horizon)
