"""Cart-pole of dm_control: a pole hinged on a cart on a rail. Truth: hinge angle, 0 is upright [rad], cart [m]."""

from functools import partial

import numpy as np

from vlmrl.envs.poses import UniformPose
from vlmrl.envs.suite import suite
from vlmrl.envs.task import Camera, State, Task
from vlmrl.types import Array

RAIL = 1.8
"""The cart moves within plus and minus this [m]."""


def position(state: State) -> Array:
    """Where the cart is on the rail: ``(...)`` in [-1.8, 1.8], positive is right in the picture [m]."""
    return state.qpos[..., 0]


def height(state: State) -> Array:
    """Height of the pole's tip over its hinge, in pole lengths: ``(...)`` in [-1, 1], 1 is upright."""
    return np.cos(state.qpos[..., 1])


def nearness_upright(state: State) -> Array:
    """``(...)`` in [0, 1], 1 is upright, 0 is hanging."""
    return (1 + height(state)) / 2


def upright(state: State) -> Array:
    """True within 18 degrees of upright."""
    return height(state) > 0.95


def nearness_left(state: State) -> Array:
    """``(...)`` in [0, 1], 1 is the rail's left end."""
    return np.clip((RAIL - position(state)) / (2 * RAIL), 0, 1)


def nearness_right(state: State) -> Array:
    """``(...)`` in [0, 1], 1 is the rail's right end."""
    return np.clip((RAIL + position(state)) / (2 * RAIL), 0, 1)


def at_left(state: State) -> Array:
    """True within half a metre of the rail's left end."""
    return position(state) < 0.5 - RAIL


def at_right(state: State) -> Array:
    """True within half a metre of the rail's right end."""
    return position(state) > RAIL - 0.5


UPRIGHT = Task(
    name="cartpole/upright",
    make=partial(suite, "cartpole", "swingup", control_dt=0.04),
    horizon=150,
    goal=("a pole standing upright on a cart",),
    baseline=("a pole on a cart",),
    negative=("a pole hanging down from a cart",),
    camera=Camera(lookat=(0, 0, 1), distance=5.4, elevation=0),
    oracle=nearness_upright,
    success=upright,
    goal_states=UniformPose((-1.5, -0.15), (1.5, 0.15)),
    bad_states=UniformPose((-1.5, 2.3), (1.5, 4.0)),
)
BALANCE = UPRIGHT.but(name="cartpole/balance", make=partial(suite, "cartpole", "balance", control_dt=0.04))
LEFT = UPRIGHT.but(
    name="cartpole/left",
    goal=("the cart is at the left end of the rail",),
    negative=("the cart is at the right end of the rail",),
    oracle=nearness_left,
    success=at_left,
    goal_states=UniformPose((-RAIL, -np.pi), (0.4 - RAIL, np.pi)),
    bad_states=UniformPose((0.0, -np.pi), (RAIL, np.pi)),
)
RIGHT = UPRIGHT.but(
    name="cartpole/right",
    goal=("the cart is at the right end of the rail",),
    negative=("the cart is at the left end of the rail",),
    oracle=nearness_right,
    success=at_right,
    goal_states=UniformPose((RAIL - 0.4, -np.pi), (RAIL, np.pi)),
    bad_states=UniformPose((-RAIL, -np.pi), (0.0, np.pi)),
)
