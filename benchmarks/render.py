"""Frames a second of the Humanoid at 128x128: our profiles beside Gymnasium's default renderer of the same size."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import gymnasium as gym
import mujoco

from benchmarks.speed import Budget, Figure, alternated, figure, figures
from vlmrl.envs import make_vec_env
from vlmrl.envs.frame_tap import default_camera
from vlmrl.envs.render import Renderer
from vlmrl.envs.simulator import simulator

SIZE = 128
COUNT = 16
"""Simulations of the batch that every core draws."""


def measure(budget: Budget) -> Iterator[Figure]:
    """``render/humanoid-128/gymnasium``: the profile ``fast`` on one core; ``…-batch/…``: on all of them."""
    env = gym.make("Humanoid-v5", render_mode="rgb_array", width=SIZE, height=SIZE)
    env.reset(seed=0)
    model, data = simulator(env)
    mujoco.mj_forward(model, data)
    batch = make_vec_env("Humanoid-v5", COUNT, size=(SIZE, SIZE))
    batch.reset(seed=0)
    ours = Renderer(model, (SIZE, SIZE), default_camera(env), "fast")
    rates = alternated({"ours": partial(ours.frame, data), "gymnasium": env.render}, budget)
    together = alternated({"ours": batch.frames}, budget, each=COUNT)
    ours.close()
    batch.close()
    env.close()
    yield from figures(f"render/humanoid-{SIZE}", "frames/s", rates)
    yield figure(f"render/humanoid-{SIZE}-batch/gymnasium", together["ours"], rates["gymnasium"], "frames/s")
