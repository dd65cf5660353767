"""The plan of one episode of an environment, as a picture."""

from __future__ import annotations

import io
from contextlib import closing
from typing import Any

import gymnasium as gym
from PIL import Image

from vlmrl.envs.layers import layer_of
from vlmrl.envs.task_env import TaskEnv
from vlmrl.envs.track_tap import TrackTap
from vlmrl.envs.world import state_of
from vlmrl.errors import ConfigError
from vlmrl.keypoints.gauge import PlanReadings
from vlmrl.keypoints.overlay import drawn


def plan_picture(env: gym.Env[Any, Any], seed: int) -> bytes:
    """Begin an episode, have it planned, and draw the plan: a PNG. Closes the environment.

    Raises:
        ConfigError: nobody plans episodes of this environment.
        Abstained: there is no plan for this one.
        RenderError: nothing can be drawn.
    """
    with closing(env):
        tap, told = layer_of(env, TrackTap), layer_of(env, TaskEnv)
        if tap is None or told is None or not isinstance(tap.readings, PlanReadings):
            raise ConfigError(f"env={env}: nobody plans its episodes; take a reward that goes by planned ways")
        env.reset(seed=seed)
        (plan,), points = tap.readings.plans, told.task.points
        assert plan is not None
        assert points is not None
        state = state_of(env)
        places = {name: where(state) for name, where in points.named.items() if name not in points.hidden}
        picture = drawn(tap.view(), plan, places, points.own, f"{told.task.name}, seed {seed}, by {plan.planner}")
    sheet = io.BytesIO()
    Image.fromarray(picture).save(sheet, "PNG", optimize=True)
    return sheet.getvalue()
