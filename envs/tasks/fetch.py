"""Fetch of Gymnasium-Robotics: a robot's arm at a table. Truth: its own success, 5 cm from the target of the episode.

The target is the red ball in the picture. Its scripts are ours, and ``slide``, in which the puck must be hit so that it
comes to rest far out of reach, has none; its goal states are set by hand, the puck lying still at the ball.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from vlmrl.envs.played import Played, done_by, set_by_hand
from vlmrl.envs.robotics.fetch import Kind, expert, make
from vlmrl.envs.task import Camera, Task
from vlmrl.envs.told import told_task
from vlmrl.envs.world import World
from vlmrl.types import Words

HORIZON = 50
"""Steps of 40 ms, as in the suite."""
DONE = "gripper (in reach) or object is within 5 cm of the red ball"


def lying_there(world: World, rng: np.random.Generator) -> None:
    """Put the puck beside the target, within 2 cm, turned anyhow."""
    target = world.stock.goal  # type: ignore[attr-defined]
    puck = world.data.joint("object0:joint").qpos
    angle = rng.uniform(-np.pi, np.pi)
    puck[:2] = target[:2] + rng.uniform(-0.014, 0.014, 2)
    puck[3:] = (np.cos(angle / 2), 0, 0, np.sin(angle / 2))


def _task(kind: Kind, goal: str, baseline: str, negative: str, camera: Camera) -> Task:
    made = partial(make, kind)
    script = None if kind == "slide" else partial(expert, kind=kind)
    play = partial(set_by_hand, place=lying_there) if script is None else partial(done_by, expert=script, steps=HORIZON)
    return told_task(
        f"fetch/{kind}",
        made,
        DONE,
        Words.of(goal, baseline, negative),
        Played(made, play, True),
        camera=camera,
        horizon=HORIZON,
        expert=script,
    )


CLOSE = Camera(lookat=(1.32, 0.75, 0.5), distance=1.05, azimuth=145, elevation=-25)
WIDE = Camera(lookat=(1.5, 0.75, 0.4), distance=1.7, azimuth=145, elevation=-25)

REACH = _task(
    "reach",
    "the gripper touches the red ball",
    "a robot arm and a red ball",
    "the gripper is far from the red ball",
    CLOSE,
)
PUSH = _task(
    "push",
    "the black cube is at the red ball",
    "a robot arm, a black cube and a red ball",
    "the black cube is far from the red ball",
    CLOSE,
)
SLIDE = _task(
    "slide",
    "the black puck lies at the red ball",
    "a robot arm, a black puck and a red ball",
    "the black puck is far from the red ball",
    WIDE,
)
PICK_AND_PLACE = _task(
    "pick_and_place",
    "the robot arm holds the black cube at the red ball",
    "a robot arm, a black cube and a red ball",
    "the black cube is far from the red ball",
    CLOSE,
)
