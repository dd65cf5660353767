"""Humanoid of dm_control. Truth: how its torso and feet stand to the floor: heights [m], the torso's uprightness."""

from __future__ import annotations

from functools import partial
from itertools import count
from typing import Any

import gymnasium as gym
import numpy as np

from vlmrl.envs.poses import on_the_floor
from vlmrl.envs.simulator import simulator
from vlmrl.envs.suite import suite, suite_model
from vlmrl.envs.task import Camera, Policy, Pose, State, Task
from vlmrl.types import Array

TORSO = 1
"""The torso's body."""
PELVIS, KNEES, FEET = 4, (6, 9), (7, 10)
"""Further bodies; a shin's place is its knee."""
LYING = (np.cos(np.pi / 4), 0.0, -np.sin(np.pi / 4), 0.0)
"""How the root is turned on its back, face up."""
KNEES_UP = {"hip_y": -1.6, "knee": -2.0}
"""Joints of knees drawn up; the others are straight [rad]."""
SIT, TUCK = {"hip_y": -1.6, "knee": 0.0, "abdomen_y": -0.8}, {"hip_y": -1.9, "knee": -2.2, "abdomen_y": -0.3}
"""Joints of a sit, and of the tuck that begins it; the others are straight [rad]."""
STIFF, DAMPED = 1.0, 0.08
"""How hard a joint is pulled there, of what it can, by the radian and by the radian per second."""
TUCKING = 30
"""Steps of that tuck."""


def on_its_back(physics: Any, random: np.random.RandomState) -> None:
    """Start on its back, stretched out, every joint within 0.02 rad."""
    drawn = np.concatenate([np.zeros(3), LYING, random.uniform(-0.02, 0.02, 21)])
    physics.data.qpos[:] = on_the_floor(physics.model.ptr, drawn[None], height=2)[0]


def uprightness(state: State) -> Array:
    """Cosine of the torso's angle from vertical: ``(...)`` in [-1, 1], 1 is upright."""
    return state.xmat[..., TORSO, 2, 2]


def feet(state: State) -> Array:
    """Height of the higher foot: ``(...)`` [m]."""
    highest: Array = state.xpos[..., FEET, 2].max(axis=-1)
    return highest


def nearness_sitting(state: State) -> Array:
    """``(...)`` in [0, 1]: how upright the torso is, times how low the pelvis, times how low the feet."""
    low = 1 - np.clip((state.xpos[..., PELVIS, 2] - 0.15) / 0.7, 0, 1)
    resting = 1 - np.clip((feet(state) - 0.15) / 0.7, 0, 1)
    nearness: Array = (1 + uprightness(state)) / 2 * low * resting
    return nearness


def sitting(state: State) -> Array:
    """True with the torso within 37 degrees of vertical, the pelvis below 0.25 m and both feet below 0.3 m."""
    return (uprightness(state) > 0.8) & (state.xpos[..., PELVIS, 2] < 0.25) & (feet(state) < 0.3)


def knees(state: State) -> tuple[Array, Array]:
    """Height of the lower knee, and by how much each knee is over its foot, of both the less: two ``(...)`` [m]."""
    high = state.xpos[..., KNEES, 2]
    return high.min(axis=-1), (high - state.xpos[..., FEET, 2]).min(axis=-1)


def facing_up(state: State) -> Array:
    """Cosine of the chest's angle from the sky: ``(...)`` in [-1, 1], 1 is lying on its back."""
    return state.xmat[..., TORSO, 2, 0]


def nearness_knees_up(state: State) -> Array:
    """``(...)`` in [0, 1]: how flat on its back, times how high both knees, times how bent both legs are."""
    high, bent = knees(state)
    raised, folded = np.clip(high / 0.4, 0, 1), np.clip(0.5 + bent / 0.2, 0, 1)
    nearness: Array = (1 + facing_up(state)) / 2 * raised * folded
    return nearness


def knees_up(state: State) -> Array:
    """True with the chest within 37 degrees of facing the sky, both knees above 0.3 m, and each foot below its knee."""
    high, bent = knees(state)
    return (facing_up(state) > 0.8) & (high > 0.3) & (bent > 0)


def poses(rng: np.random.Generator, n: int, pitch: float, joints: dict[str, float]) -> Pose:
    """Draw ``n`` poses on the floor, headed where it starts, every joint within 0.04 rad.

    Args:
        rng: draws them.
        n: how many.
        pitch: how the torso is turned, 0 is upright, negative is backwards [rad].
        joints: those that are bent, by the ends of their names [rad].
    """
    model, turn = suite_model("humanoid", "stand"), (pitch + rng.uniform(-0.04, 0.04, n)) / 2
    root = np.stack([np.cos(turn), np.zeros(n), np.sin(turn), np.zeros(n)], axis=1)
    names = [model.joint(index).name for index in range(1, model.njnt)]
    bent = np.array([_of(joints, name) for name in names]) + rng.uniform(-0.04, 0.04, (n, len(names)))
    return Pose(on_the_floor(model, np.concatenate([np.zeros((n, 3)), root, bent], axis=1), height=2))


def _of(joints: dict[str, float], name: str) -> float:
    return joints.get(name.removeprefix("left_").removeprefix("right_"), 0.0)


ON_FEET_OR_FACE: list[tuple[float, dict[str, float]]] = [
    (0.0, {}),
    (0.1, {"hip_y": -1.4, "knee": -2.2}),
    (np.pi / 2, {}),
]
"""Standing, squatting, face down: how the torso is turned and which joints are bent [rad]."""


def not_sitting(rng: np.random.Generator, n: int) -> Pose:
    """Draw ``n`` poses: on its back, its legs straight, drawn up or raised; standing; squatting; face down."""
    back = -np.pi / 2
    return _any_of(rng, n, [(back, {}), (back, KNEES_UP), (back, {"hip_y": -1.2}), *ON_FEET_OR_FACE])


def knees_down(rng: np.random.Generator, n: int) -> Pose:
    """Draw ``n`` poses: on its back with straight legs, flat or raised; sitting; standing; squatting; face down."""
    return _any_of(
        rng, n, [(-np.pi / 2, {}), (-np.pi / 2, {"hip_y": -1.2}), (-0.1, {"hip_y": -1.45}), *ON_FEET_OR_FACE]
    )


def _any_of(rng: np.random.Generator, n: int, ways: list[tuple[float, dict[str, float]]]) -> Pose:
    drawn = np.stack([poses(rng, n, pitch, joints).qpos for pitch, joints in ways])
    return Pose(drawn[rng.integers(len(ways), size=n), np.arange(n)])


def draw_up(env: gym.Env[Any, Any]) -> Policy:
    """Draw the knees up, and hold them."""
    return _pulling(env, ((0, KNEES_UP),))


def sit_up(env: gym.Env[Any, Any]) -> Policy:
    """Tuck, then stretch the legs out with the hips bent: the torso goes up as the legs go down."""
    return _pulling(env, ((0, TUCK), (TUCKING, SIT)))


def _pulling(env: gym.Env[Any, Any], aims: tuple[tuple[int, dict[str, float]], ...]) -> Policy:
    """Pull every joint to one aim after the other, each from a step of the episode on, as springs would."""
    model, data = simulator(env)
    joints = [model.actuator(index).name for index in range(model.nu)]
    hinges = [model.joint(name) for name in joints]
    angles, speeds = [int(one.qposadr[0]) for one in hinges], [int(one.dofadr[0]) for one in hinges]
    wanted = [(begins, np.array([_of(aim, name) for name in joints])) for begins, aim in aims]
    steps = count()

    def act(seen: Array, info: dict[str, Any]) -> Array:
        step = next(steps)
        aim = [goal for begins, goal in wanted if begins <= step][-1]
        pull = STIFF * (aim - data.qpos[angles]) - DAMPED * data.qvel[speeds]
        action: Array = np.clip(pull, -1, 1).astype(np.float32)
        return action

    return act


SIT_UP = Task(
    name="dm_humanoid/sit_up",
    make=partial(suite, "humanoid", "stand", control_dt=0.025, start=on_its_back),
    horizon=150,
    hold=20,
    held="any",  # it sits up, which takes it two seconds of the three and a half, and need not stay
    goal=("a person sitting on the floor with straight legs", "a humanoid sitting upright, its legs stretched out"),
    baseline=("a humanoid robot",),
    negative=(
        "a person lying on the floor",
        "a person lying on the back with raised legs",
        "a person standing",
        "a person squatting",
    ),
    camera=Camera(lookat=(0, 0, 0.7), distance=2.7, elevation=-8, follow="pelvis"),
    oracle=nearness_sitting,
    success=sitting,
    goal_states=partial(poses, pitch=-0.1, joints={"hip_y": -1.45}),
    bad_states=not_sitting,
    expert=sit_up,
)
DRAWN_UP = SIT_UP.but(
    name="dm_humanoid/knees_up",
    horizon=100,
    hold=None,
    held="last",
    goal=(
        "a person lying on the back with the knees drawn up",
        "a humanoid on its back, its legs bent, knees in the air",
    ),
    negative=(
        "a person lying flat with straight legs",
        "a person lying on the back with straight legs raised",
        "a person sitting",
        "a person squatting",
    ),
    oracle=nearness_knees_up,
    success=knees_up,
    goal_states=partial(poses, pitch=-np.pi / 2, joints=KNEES_UP),
    bad_states=knees_down,
    expert=draw_up,
)
