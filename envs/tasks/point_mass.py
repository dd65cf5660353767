"""Point mass of dm_control: a ball pushed about on a table seen from above. Truth: where it is on the table [m].

Ball and dot are drawn larger than dm_control's, which are a pixel or two of 64; nothing touches anything here, and the
mass stays, so the physics is dm_control's own.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np

from vlmrl.envs.suite import SuiteEnv
from vlmrl.envs.task import Camera, Points, Policy, Pose, State, StateFn, Task
from vlmrl.types import Array

EDGE = 0.29
"""The ball moves within plus and minus this along both sides [m]."""
NEAR = 0.04
"""The ball lies on the dot when it is nearer than this [m]."""
HEIGHT = 0.01
"""Of the ball's middle above the table [m]."""
INSIDE = (-EDGE + 0.04, EDGE - 0.04)
"""The middle of the upper left corner [m]."""
SIZES = {
    "pointmass": ('size=".01"', 'size=".03"'),
    "target": ('type="sphere" size=".015"', 'type="cylinder" size=".06 .002" rgba=".5 .05 .05 1"'),
}
"""How each geom is drawn there, and here."""


def load() -> Any:
    """dm_control's point_mass/easy, drawn larger."""
    from dm_control.suite import point_mass

    inner = point_mass.easy()
    xml, assets = point_mass.get_model_and_assets()
    text = xml if isinstance(xml, str) else xml.decode()
    lines = text.splitlines()
    for name, (drawn, larger) in SIZES.items():
        lines = [line.replace(drawn, larger) if f'geom name="{name}"' in line else line for line in lines]
    inner.physics.reload_from_xml_string("\n".join(lines), assets)
    return inner


def anywhere(physics: Any, random: np.random.RandomState) -> None:
    """Start the ball anywhere but on the dot and in the corners."""
    place = physics.data.qpos
    while np.hypot(*place) < 2 * NEAR or np.abs(place).min() > EDGE - 2 * NEAR:
        place[:] = random.uniform(-EDGE, EDGE, 2)


def make(control_dt: float) -> gym.Env[Any, Any]:
    """The environment, acting every ``control_dt`` seconds."""
    return SuiteEnv(load, control_dt, start=anywhere)


def distance(state: State, place: tuple[float, float]) -> Array:
    """From the ball's centre to a place on the table: ``(...)`` [m]."""
    gap: Array = np.linalg.norm(state.qpos[..., :2] - np.array(place), axis=-1)
    return gap


def ball(state: State) -> Array:
    """The ball's middle: ``(..., 3)`` [m]."""
    flat = state.qpos[..., :2]
    return np.concatenate([flat, np.full((*flat.shape[:-1], 1), HEIGHT)], axis=-1)


def spot(state: State, place: tuple[float, float]) -> Array:
    """A place on the table, at the height of the ball's middle: ``(..., 3)`` [m]."""
    there: Array = np.zeros_like(ball(state)) + np.array([*place, HEIGHT])
    return there


def straight(state: State, place: tuple[float, float]) -> Array:
    """Straight to a place: ``(..., 1, 3)`` [m]."""
    return spot(state, place)[..., None, :]


def points(place: tuple[float, float]) -> Points:
    """Ball and place, and the way from one to the other."""
    named: dict[str, StateFn] = {"ball": ball, "spot": partial(spot, place=place)}
    return Points(named, own="ball", target="spot", way=partial(straight, place=place), near=0.035)


def nearness(state: State, place: tuple[float, float]) -> Array:
    """``(...)`` in [0, 1], 1 is there, 0 is as far as can be."""
    furthest = np.hypot(EDGE + abs(place[0]), EDGE + abs(place[1]))
    near: Array = 1 - np.clip(distance(state, place) / furthest, 0, 1)
    return near


def on_the_dot(state: State) -> Array:
    """True with the ball's centre within 4 cm of the table's."""
    return distance(state, (0.0, 0.0)) < NEAR


def at_the_centre(state: State) -> Array:
    """True with the ball's centre within 1.5 cm of the table's, which ends the episode."""
    return distance(state, (0.0, 0.0)) < 0.015


def in_the_corner(state: State) -> Array:
    """True with the ball's centre within 8 cm of the upper left corner's, both across and along."""
    x, y = state.qpos[..., 0], state.qpos[..., 1]
    return (x < -EDGE + 0.08) & (y > EDGE - 0.08)


def places(rng: np.random.Generator, n: int, near: float, far: float, centre: tuple[float, float]) -> Pose:
    """Draw ``n`` poses with the ball between ``near`` and ``far`` from ``centre`` along at least one side [m]."""
    kept = np.empty((0, 2))
    while len(kept) < n:
        drawn = rng.uniform(-EDGE, EDGE, (8 * n, 2))
        gap = np.abs(drawn - np.array(centre)).max(axis=1)
        kept = np.concatenate([kept, drawn[(near <= gap) & (gap <= far)]])
    return Pose(kept[:n])


def pushed_to(place: tuple[float, float], env: gym.Env[Any, Any]) -> Policy:
    """Push towards a place, less the faster it goes."""
    return lambda seen, info: np.clip(30 * (np.array(place) - seen[:2]) - 10 * seen[2:], -1, 1).astype(np.float32)


CORNER = (-EDGE, EDGE)
TARGET = Task(
    name="point_mass/target",
    make=partial(make, control_dt=0.06),
    horizon=120,
    goal=(
        "the ball is on the red dot in the middle",
        "the ball lies on the red spot",
        "a ball in the centre of a table",
    ),
    baseline=("a ball on a table",),
    negative=("the ball is far from the red dot", "the ball lies beside the red dot", "the ball is in a corner"),
    camera=Camera(lookat=(0, 0, 0), distance=0.78, elevation=-90),  # from above, the whole table
    oracle=partial(nearness, place=(0.0, 0.0)),
    success=on_the_dot,
    goal_states=partial(places, near=0.0, far=0.025, centre=(0.0, 0.0)),
    bad_states=partial(places, near=0.08, far=1.0, centre=(0.0, 0.0)),
    expert=partial(pushed_to, (0.0, 0.0)),
    points=points((0.0, 0.0)),
)
TOP_LEFT = TARGET.but(
    name="point_mass/top_left",
    goal=("the ball is in the upper left corner", "a ball at the top left of the table"),
    negative=(
        "the ball is in the upper right corner",
        "the ball is in the lower left corner",
        "the ball is on the red dot",
    ),
    oracle=partial(nearness, place=CORNER),
    success=in_the_corner,
    goal_states=partial(places, near=0.0, far=0.07, centre=CORNER),
    bad_states=partial(places, near=0.15, far=1.0, centre=CORNER),
    expert=partial(pushed_to, CORNER),
    points=points(INSIDE),
)
STOP = TARGET.but(  # whoever is paid for being near never wants to arrive: a task made to be hacked
    name="point_mass/stop",
    success=at_the_centre,
    goal_states=partial(places, near=0.0, far=0.01, centre=(0.0, 0.0)),
    hold=1,
    held="any",
    ends=True,
)
