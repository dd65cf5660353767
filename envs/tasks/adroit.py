"""Adroit of Gymnasium-Robotics: a hand and a door, a hammer, a pen, a ball. Truth: the suite's conditions of success.

The suite has no scripts (its demonstrations are people's). Goal states of door and hammer are set by hand, the door
open and the nail in; those of the pen came up by chance; of the ball held in the air there are none.
"""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np

from vlmrl.envs.played import Played, Unknown, by_chance, set_by_hand
from vlmrl.envs.robotics.adroit import Kind, make
from vlmrl.envs.task import Camera, PoseFn, Task
from vlmrl.envs.told import told_task
from vlmrl.envs.world import World
from vlmrl.types import Words

HORIZON = 200
"""Steps of 10 ms, as in the suite."""


DONE: Final = {
    "door": "the door is open by at least 1.35 rad",
    "hammer": "the nail is driven in, up to a centimetre",
    "pen": "the blue pen is in the hand, within 18 degrees of how the green one lies",
    "relocate": "the ball is within 10 cm of the green ball in the air",
}


def open_door(world: World, rng: np.random.Generator) -> None:
    """Open the door, its latch turned as it must have been."""
    world.data.joint("door_hinge").qpos[0] = rng.uniform(1.4, 1.55)
    world.data.joint("latch").qpos[0] = rng.uniform(0.0, 0.3)


def nail_in(world: World, rng: np.random.Generator) -> None:
    """Drive the nail in."""
    world.data.joint("nail_dir").qpos[0] = rng.uniform(0.083, 0.09)


def _task(kind: Kind, goal: str, baseline: str, negative: str, camera: Camera, goal_states: PoseFn) -> Task:
    words = Words.of(goal, baseline, negative)
    make_it = partial(make, kind)
    return told_task(f"adroit/{kind}", make_it, DONE[kind], words, goal_states, camera=camera, horizon=HORIZON)


DOOR = _task(
    "door",
    "the door is open",
    "a robot hand and a door",
    "the door is closed",
    Camera(lookat=(-0.1, 0.15, 0.25), distance=1.5, azimuth=60, elevation=-30),
    Played(partial(make, "door"), partial(set_by_hand, place=open_door), True),
)
HAMMER = _task(
    "hammer",
    "the nail is driven into the board",
    "a robot hand, a hammer and a nail in a board",
    "the nail sticks out of the board",
    Camera(lookat=(0, -0.1, 0.15), distance=1.2, azimuth=45, elevation=-30),
    Played(partial(make, "hammer"), partial(set_by_hand, place=nail_in), True),
)
PEN = _task(
    "pen",
    "the blue pen in the hand lies as the green pen does",
    "a robot hand with a blue pen, and a green pen",
    "the blue pen points another way than the green pen",
    Camera(lookat=(0, -0.15, 0.2), distance=0.8, azimuth=-45, elevation=-40),
    Played(partial(make, "pen"), by_chance, True),
)
RELOCATE = _task(
    "relocate",
    "the robot hand holds the blue ball at the green ball",
    "a robot hand, a blue ball and a green ball",
    "the blue ball lies on the table",
    Camera(lookat=(0, 0, 0.15), distance=1.4, azimuth=90, elevation=-30),
    Unknown("the ball must be held in the air, and nobody has written a script that grasps it"),
)
