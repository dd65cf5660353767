"""OGBench's tabletop: a UR5e arm with a cube, or a drawer, a window and two buttons. Truth: OGBench's own success.

It knows the target of the episode and whether the buttons are on. A button that was pressed turns from red to white and
unlocks what it belongs to, the left one the drawer and the right one the window.
"""

from __future__ import annotations

from functools import partial

from vlmrl.envs.played import Played, done_by
from vlmrl.envs.robotics.og_bench import Side, Thing, expert, make
from vlmrl.envs.task import Camera, Task
from vlmrl.envs.told import told_task
from vlmrl.types import Words

HORIZON = 100
"""Steps of 50 ms; the slowest script needs 60."""
DONE = "OGBench's own success is: the thing within 4 cm of its target, or the button switched"
CAMERA = Camera(lookat=(0.36, 0.0, 0.19), distance=1.0, azimuth=180, elevation=-39)
"""That of its own "front"."""


def _task(name: str, thing: Thing, side: Side, goal: str, baseline: str, negative: str) -> Task:
    made = partial(make, thing, side)
    return told_task(
        f"ogbench/{name}",
        made,
        DONE,
        Words.of(goal, baseline, negative),
        Played(made, partial(done_by, expert=expert, steps=HORIZON), True),
        camera=CAMERA,
        horizon=HORIZON,
        expert=expert,
    )


CUBE = _task(
    "cube",
    "cube",
    "",
    "the red cube is on the pale red cube",
    "a robot arm and a red cube",
    "the red cube is far from the pale red cube",
)
DRAWER_OPEN = _task(
    "drawer_open", "drawer", "open", "the drawer is open", "a robot arm and a drawer", "the drawer is closed"
)
DRAWER_CLOSE = _task(
    "drawer_close", "drawer", "closed", "the drawer is closed", "a robot arm and a drawer", "the drawer is open"
)
WINDOW_OPEN = _task(
    "window_open", "window", "open", "the window is open", "a robot arm and a window", "the window is closed"
)
WINDOW_CLOSE = _task(
    "window_close", "window", "closed", "the window is closed", "a robot arm and a window", "the window is open"
)
BUTTON_LEFT = _task(
    "button_left",
    "left button",
    "",
    "the left button is white",
    "a robot arm and two buttons",
    "both buttons are red",
)
BUTTON_RIGHT = _task(
    "button_right",
    "right button",
    "",
    "the right button is white",
    "a robot arm and two buttons",
    "both buttons are red",
)
