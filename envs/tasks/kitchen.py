"""Franka's kitchen of Gymnasium-Robotics, a task for each of its seven things. Truth: the thing's joints near its goal.

That is the suite's own condition: a distance below 0.3 over the joints of the thing [rad, m], which is generous: the
kettle starts at 0.38. Nobody has written scripts; goal states are set by hand, the joints at the suite's goal, the arm
where it came at random.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from vlmrl.envs.played import Played, set_by_hand
from vlmrl.envs.robotics.kitchen import make
from vlmrl.envs.task import Camera, Task
from vlmrl.envs.told import told_task
from vlmrl.envs.world import World
from vlmrl.types import Words

HORIZON = 100
"""Steps of 80 ms. The suite's limit of 280 is for four things one after the other."""
DONE = "the joints of the thing are within 0.3 of the suite's goal for them, all taken together [rad, m]"


def finished(world: World, rng: np.random.Generator) -> None:
    """Put the thing's joints where the suite wants them, up to a twentieth less."""
    joints, goal = world.joints, world.goal  # type: ignore[attr-defined]
    world.data.qpos[joints] = goal * (rng.uniform(0.95, 1.0, len(goal)) if len(goal) < 7 else 1.0)  # 7: a free body
    world.data.qvel[:] = 0.0


FAR = Camera(lookat=(-0.25, 0.5, 2.1), distance=2.0, azimuth=70, elevation=-30)
"""Sees the whole kitchen."""
NEAR = Camera(lookat=(-0.2, 0.5, 2.0), distance=1.2, azimuth=110, elevation=-40)
"""Sees burners and knobs, past the robot."""


def _task(thing: str, goal: str, baseline: str, negative: str, camera: Camera = FAR) -> Task:
    made = partial(make, thing)
    return told_task(
        f"kitchen/{thing.replace(' ', '_')}",
        made,
        DONE,
        Words.of(goal, baseline, negative),
        Played(made, partial(set_by_hand, place=finished), True),
        camera=camera,
        horizon=HORIZON,
    )


BOTTOM_BURNER = _task(
    "bottom burner",
    "the lower left knob of the stove is turned and the burner under the kettle glows red",
    "a robot arm in a kitchen with a stove",
    "all knobs of the stove are straight and all burners are off",
    NEAR,
)
TOP_BURNER = _task(
    "top burner",
    "the back burner of the stove glows red",
    "a robot arm in a kitchen with a stove",
    "all burners of the stove are off",
    NEAR,
)
LIGHT_SWITCH = _task(
    "light switch",
    "the light switch beside the knobs is turned to the left",
    "a robot arm in a kitchen with a light switch",
    "the light switch beside the knobs is not turned",
    NEAR,
)
SLIDE_CABINET = _task(
    "slide cabinet",
    "the sliding door of the right cabinet is open",
    "a robot arm in a kitchen with cabinets",
    "the doors of the cabinets are closed",
)
HINGE_CABINET = _task(
    "hinge cabinet",
    "the hinged door of the left cabinet stands open",
    "a robot arm in a kitchen with cabinets",
    "the doors of the cabinets are closed",
)
MICROWAVE = _task(
    "microwave",
    "the door of the microwave is open",
    "a robot arm in a kitchen with a microwave",
    "the door of the microwave is closed",
)
KETTLE = _task(
    "kettle",
    "the kettle stands on the back burner of the stove",
    "a robot arm in a kitchen with a kettle",
    "the kettle stands on the front burner of the stove",
    NEAR,
)
