"""A desk lamp with two hinges. Truth: where its bulb is [m]."""

from functools import partial
from pathlib import Path

from vlmrl.envs.conjunction import Condition, Conjunction
from vlmrl.envs.mjcf import MjcfEnv
from vlmrl.envs.poses import UniformPose
from vlmrl.envs.task import Camera, State, Task
from vlmrl.types import Array


def bulb_height(state: State) -> Array:
    """``(...)`` [m]."""
    return state.site_xpos[..., 0, 2]


def bulb_forward(state: State) -> Array:
    """``(...)`` [m]."""
    return state.site_xpos[..., 0, 0]


BOWED = Conjunction(
    Condition("the bulb is below 0.15 m", bulb_height, holds=0.15, none=0.6),
    Condition("the bulb is in front of the base, by 0.15 m", bulb_forward, holds=0.15, none=-0.5),
)

BOW = Task(
    name="lamp/bow",
    make=partial(MjcfEnv, Path(__file__).with_name("lamp.xml"), control_dt=0.05),
    horizon=60,
    goal=("a desk lamp bent down to the table",),
    baseline=("a desk lamp",),
    negative=("a desk lamp standing straight",),
    camera=Camera(lookat=(0.1, 0, 0.25), distance=1.3, azimuth=100, elevation=-15),
    oracle=BOWED.nearness,
    success=BOWED,
    goal_states=UniformPose((0.9, 0.7), (1.1, 0.9)),
    bad_states=UniformPose((-0.8, -0.4), (0.2, 0.3)),
)
