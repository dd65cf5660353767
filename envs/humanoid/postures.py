"""Postures of Gymnasium's humanoid by name, and generators of states in and out of them.

Joint angles were set by hand and by a search over the arms and hips, and then looked at: a picture of each is in the
documentation. That a posture can be posed does not mean that it can be held: nothing here simulates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import gymnasium
import mujoco
import numpy as np

from vlmrl.envs.conjunction import Conjunction
from vlmrl.envs.poses import on_the_floor, states
from vlmrl.envs.task import Pose
from vlmrl.types import Array

HEIGHT = 2
"""The root's height in ``qpos``."""
JOINT_NOISE, PITCH_NOISE, TURN_NOISE = 4.0, 2.0, 15.0
"""How far from a posture states are drawn: joints, the trunk's pitch, and the way it faces [degrees]."""

CLEARLY_NOT = 0.95
"""Nearness below which a state is no goal's, however near a miss."""


@dataclass(frozen=True)
class Posture:
    """Joint angles and the trunk's pitch.

    Attributes:
        joints: by name [degrees]; what is missing is 0.
        pitch: forward, of the root; -90 lies on the back [degrees].
    """

    joints: Mapping[str, float]
    pitch: float = 0.0


def _both(**joints: float) -> dict[str, float]:
    """The same on both sides; shoulders turn the other way on the left."""
    left = {f"left_{name}": -value if "shoulder" in name else value for name, value in joints.items()}
    return {**{f"right_{name}": value for name, value in joints.items()}, **left}


DOWN = _both(shoulder1=46, shoulder2=-35, elbow=-88)
"""Arms that hang."""
BESIDE = _both(shoulder1=42, shoulder2=-60, elbow=-40)
"""Hands beside the seat, above the floor that it is on."""
POSTURES = {
    "standing": Posture(DOWN),
    "arms_raised": Posture(_both(shoulder1=-80, shoulder2=18, elbow=-84)),
    "hands_on_hips": Posture(_both(shoulder1=52, shoulder2=-75, elbow=-14)),
    "t_pose": Posture(_both(shoulder1=-51, shoulder2=-34, elbow=-85)),
    "arms_crossed": Posture(
        {
            **{"right_shoulder1": 58, "right_shoulder2": -6, "right_elbow": -23},
            **{"left_shoulder1": -58, "left_shoulder2": -8, "left_elbow": -13},
        }
    ),
    "one_leg": Posture({**DOWN, "right_hip_y": -80, "right_knee": -85}),
    "kneeling": Posture({**DOWN, **_both(hip_y=-1, knee=-83)}, pitch=3),
    "splits": Posture(
        {
            **{**BESIDE, "right_hip_y": 18, "right_hip_z": 22, "right_knee": -14},
            **{"left_hip_y": -108, "left_hip_z": -34, "left_knee": -4, "abdomen_y": 27},
            **_both(hip_x=-24),
        },
        pitch=18,
    ),
    "lotus": Posture({**BESIDE, **_both(hip_y=-52, hip_x=-8, hip_z=-55, knee=-156)}, pitch=-22),
    "sitting": Posture({**BESIDE, **_both(hip_y=-100, knee=-34)}, pitch=-8),
    "lying": Posture(DOWN, pitch=-87),
    "squatting": Posture({**DOWN, **_both(hip_y=-75, knee=-85)}, pitch=20),
    "bowing": Posture({**DOWN, "abdomen_y": -55, **_both(hip_y=-20)}, pitch=75),
    "prone": Posture(DOWN, pitch=88),
    "on_all_fours": Posture({**_both(shoulder1=-30, shoulder2=-20, hip_y=-85, knee=-85)}, pitch=80),
    "lunging": Posture({**DOWN, "right_hip_y": -85, "right_knee": -85, "left_hip_y": 15, "left_knee": -60}),
}
"""By name; the last five are no task's goal, only near misses."""


@cache
def model() -> mujoco.MjModel:
    """The humanoid, to compute postures with."""
    # Its package draws in a window as well, and takes its time to be imported.
    return mujoco.MjModel.from_xml_path(str(Path(gymnasium.__file__).parent / "envs/mujoco/assets/humanoid.xml"))


def drawn(rng: np.random.Generator, posture: Posture, n: int, spread: float = 1.0) -> Array:
    """``(n, nq)`` joint positions around a posture, ``spread`` times as far as its states are, resting on the floor."""
    angles = angles_of(posture)
    noisy = angles + spread * rng.uniform(-JOINT_NOISE, JOINT_NOISE, (n, len(angles)))
    turn = spread * rng.uniform(-TURN_NOISE, TURN_NOISE, n)
    return posed(noisy, posture.pitch + spread * rng.uniform(-PITCH_NOISE, PITCH_NOISE, n), turn)


def angles_of(posture: Posture) -> Array:
    """``(nu,)`` joint angles in the model's order [degrees]."""
    humanoid = model()
    return np.array([posture.joints.get(humanoid.joint(i).name, 0.0) for i in range(1, humanoid.njnt)])


def posed(angles: Array, pitch: Array, turn: Array) -> Array:
    """Joint positions ``(n, nq)`` of a robot that rests on the floor, its angles brought within their limits.

    Args:
        angles: ``(n, nu)`` of its joints [degrees].
        pitch: ``(n,)`` forward, of the root [degrees].
        turn: ``(n,)`` about the vertical [degrees].
    """
    humanoid = model()
    within_limits = np.clip(np.radians(angles), *humanoid.jnt_range[1:].T)
    root = _turned(np.radians(turn), np.radians(pitch))
    return on_the_floor(humanoid, np.concatenate([np.zeros((len(angles), 3)), root, within_limits], axis=1), HEIGHT)


def _turned(turn: Array, pitch: Array) -> Array:
    """Quaternions ``(n, 4)``: pitched forward, then turned about the vertical [rad]."""
    a, b = turn / 2, pitch / 2
    return np.stack([np.cos(a) * np.cos(b), -np.sin(a) * np.sin(b), np.cos(a) * np.sin(b), np.sin(a) * np.cos(b)], 1)


def within(rng: np.random.Generator, n: int, name: str, truth: Conjunction) -> Pose:
    """Draw ``n`` states in a posture: around it, and true."""
    return _kept(lambda k: drawn(rng, POSTURES[name], k), truth, n)


def without(rng: np.random.Generator, n: int, name: str, truth: Conjunction) -> Pose:
    """Draw ``n`` states of the other postures, near misses among them, that are clearly not in the one named."""
    others = [posture for other, posture in POSTURES.items() if other != name]

    def some(k: int) -> Array:
        return np.concatenate([drawn(rng, others[i], 1) for i in rng.integers(len(others), size=k)])

    return _kept(some, lambda state: truth.nearness(state) < CLEARLY_NOT, n)


def _kept(draw: Callable[[int], Array], wanted: Callable[..., Array], n: int) -> Pose:
    humanoid = model()
    found = np.empty((0, humanoid.nq))
    while len(found) < n:
        qpos = draw(n)
        found = np.concatenate([found, qpos[wanted(states(humanoid, qpos))]])
    return Pose(found[:n])
