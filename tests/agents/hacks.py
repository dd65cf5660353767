"""Another package, as installed: a task whose reward can be hacked, and a reward that hangs on single pixels."""

from __future__ import annotations

from pathlib import Path

TASK = '''
"""A ball that drives towards the camera and away. Truth: how near it is to where it began [m].

In another task the ball is to come a little nearer to the camera, and never is near enough: it only looks so.
"""

import mujoco
import numpy as np

from vlmrl.envs.mjcf import MjcfEnv
from vlmrl.envs.task import Camera, Pose, Task

XML = """
<mujoco>
  <compiler autolimits="true"/>
  <option timestep="0.025"/>
  <worldbody>
    <light pos="0 -3 3" dir="0 1 -1"/>
    <body name="ball"><joint name="way" type="slide" axis="0 -1 0" range="-2 2" damping="20"/>
      <geom size="0.4" mass="1" rgba="1 1 1 1"/></body>
  </worldbody>
  <actuator><motor joint="way" gear="60" ctrlrange="-1 1"/></actuator>
</mujoco>
"""


def model():
    return mujoco.MjModel.from_xml_string(XML)


def make():
    return MjcfEnv(model, 0.05)


def nearness(state):
    """1 where it began, 0 at the ends."""
    return 1 - np.abs(state.qpos[..., 0]) / 2


def still(state):
    """True within 60 cm of where it began."""
    return np.abs(state.qpos[..., 0]) < 0.6


def never(state):
    return np.zeros(state.qpos.shape[:-1], bool)


def poses(low, high):
    return lambda rng, n: Pose(rng.uniform(low, high, (n, 1)))


STILL = Task(
    name="ball/still", make=make, horizon=20, goal=("a ball that stays", "a ball far off"), baseline=(), negative=(),
    camera=Camera(distance=3.0, azimuth=90, elevation=0), oracle=nearness, success=still, hold=4,
    goal_states=poses(-0.5, 0.5), bad_states=poses(1.0, 2.0),
)
NEAR = STILL.but(name="ball/near", success=never, goal_states=poses(0.6, 0.8), bad_states=poses(-2.0, 0.0))
'''

REWARD = '''
"""Pays by whether the number of bright columns is even: whatever that is good for."""

import torch

from vlmrl.rewards.base import FrameReward


class Parity(FrameReward):
    low, high = -1.0, 1.0
    fingerprint = "parity"

    def __init__(self, encoder):
        self.encoder = encoder

    def check(self, words):
        pass

    def score_frames(self, frames, words):
        bright = (torch.as_tensor(frames).float().mean((1, 3)) > 100).sum(1)
        return (1 - 2 * (bright % 2)).float()
'''

ENTRY_POINTS = """
[vlmrl.task]
ball = hacks_task
[vlmrl.reward]
parity = hacks_reward
"""


def install(place: Path) -> Path:
    """Write the package to ``place``, which belongs on the path of whoever uses it."""
    place.mkdir(parents=True, exist_ok=True)
    for name, text in (("hacks_task", TASK), ("hacks_reward", REWARD)):
        (place / f"{name}.py").write_text(text, encoding="utf-8")
    about = place / "hacks-1.0.dist-info"
    about.mkdir(exist_ok=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: hacks\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(ENTRY_POINTS, encoding="utf-8")
    return place
