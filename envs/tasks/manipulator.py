"""Planar manipulator of dm_control: an arm of four joints, and a gripper. Truth: the hand's distance to the target [m].

The target is a mocap body here, drawn larger, so that its place is part of the state and 64 pixels show it; dm_control
moves a body of the model instead. dm_control asks this robot to bring the ball to the target, which few agents learn in
millions of steps; here the hand itself is to go there, and the ball lies by.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import gymnasium as gym
import mujoco
import numpy as np

from vlmrl.envs.simulator import simulator
from vlmrl.envs.suite import SuiteEnv, placed
from vlmrl.envs.task import Camera, Policy, Pose, State, Task
from vlmrl.types import Array

GRASP = "grasp"
"""The site between the gripper's fingers."""
ROOT = np.array([0.0, 0.4])
"""The arm's root, x and z [m]."""
NEAR = 0.05
"""The hand is at the target when it is nearer than this, the target's radius [m]."""
FAR = 0.9
"""The furthest that the hand can be from a target [m]."""
ARM = ("arm_root", "arm_shoulder", "arm_elbow", "arm_wrist")
"""The joints that carry the hand."""
LINKS = (0.18, 0.15, 0.12, 0.065)
"""From joint to joint, and to the grasp [m]."""
BALL = (0.45, 0.1, 0.0)
"""Where the ball starts, beside the arm, and falls down [m, m, rad]."""
SIZES = ('size=".02"', 'size=".05" rgba=".9 .2 .2 .6"')
"""How the target is drawn there, and here."""


def load() -> Any:
    """dm_control's manipulator/bring_ball with its target as a mocap body."""
    from dm_control.suite import manipulator

    xml, assets = manipulator.make_model(use_peg=False, insert=False)
    text = xml if isinstance(xml, str) else xml.decode()
    lines = [line.replace(*SIZES) if 'geom name="target_ball"' in line else line for line in text.splitlines()]
    return placed(manipulator.bring_ball(), "\n".join(lines), assets, "target_ball")


def free_target(physics: Any, random: np.random.RandomState) -> None:
    """Start with the arm bent a little, the ball beside it, and the target within reach, clear of the hand."""
    data = physics.data
    physics.named.data.qpos[list(ARM)] = random.uniform(-1.0, 1.0, len(ARM))
    physics.named.data.qpos[["ball_x", "ball_z", "ball_y"]] = BALL
    data.qvel[:] = 0.0
    data.mocap_quat[0] = physics.model.ptr.body("target_ball").quat = 1.0, 0.0, 0.0, 0.0  # dm_control turns it
    mujoco.mj_kinematics(physics.model.ptr, data.ptr)
    hand = physics.named.data.site_xpos[GRASP, ["x", "z"]]
    place = np.array(hand)
    while np.linalg.norm(place - hand) < 3 * NEAR:
        angle, far = random.uniform(-1.9, 1.9), random.uniform(0.25, 0.42)
        place = ROOT + far * np.array([np.sin(angle), np.cos(angle)])
    data.mocap_pos[0] = place[0], 0.001, place[1]


def make(control_dt: float) -> gym.Env[Any, Any]:
    """The environment, acting every ``control_dt`` seconds."""
    return SuiteEnv(load, control_dt, start=free_target)


def hand(qpos: Array) -> Array:
    """Where the grasp is, x and z: ``(..., 2)`` [m]."""
    turned = np.cumsum(qpos[..., :4], axis=-1)  # each joint turns what follows it, from upright to the left
    links = np.stack([-np.sin(turned), np.cos(turned)], axis=-1) * np.array(LINKS)[:, None]
    place: Array = ROOT + links.sum(axis=-2)
    return place


def distance(state: State) -> Array:
    """From the grasp to the target's centre: ``(...)`` [m]."""
    gap: Array = np.linalg.norm(hand(state.qpos) - state.mocap_pos[..., 0, [0, 2]], axis=-1)
    return gap


def nearness_reached(state: State) -> Array:
    """``(...)`` in [0, 1], 1 is the target's centre between the fingers, 0 is as far as can be."""
    return 1 - np.clip(distance(state) / FAR, 0, 1)


def reached(state: State) -> Array:
    """True with the place between the fingers within 5 cm of the target's centre."""
    return distance(state) < NEAR


def poses(rng: np.random.Generator, n: int, near: float, far: float) -> Pose:
    """Draw ``n`` poses of the arm clear of the floor, the target between ``near`` and ``far`` from the hand [m]."""
    kept, targets = np.empty((0, 11)), np.empty((0, 3))
    while len(kept) < n:
        arm = rng.uniform((-1.9, -1.5, -1.5, -1.5), (1.9, 1.5, 1.5, 1.5), (8 * n, 4))
        fingers = np.tile([0.3, 0.0, 0.3, 0.0], (8 * n, 1))
        qpos = np.concatenate([arm, fingers, np.tile([BALL[0], 0.022, 0.0], (8 * n, 1))], axis=1)
        angle, away = rng.uniform(-1.9, 1.9, 8 * n), rng.uniform(0.25, 0.42, 8 * n)
        place = ROOT + away[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)
        if far < 3 * NEAR:  # too rare a chance to wait for
            place = hand(qpos) + rng.uniform(near, far, (8 * n, 1)) * np.stack([np.sin(angle), np.cos(angle)], axis=1)
        gap, reach = np.linalg.norm(hand(qpos) - place, axis=1), np.linalg.norm(hand(qpos) - ROOT, axis=1)
        keep = (near <= gap) & (gap <= far) & (hand(qpos)[:, 1] > 0.15) & (reach > 0.2)
        kept = np.concatenate([kept, qpos[keep]])
        targets = np.concatenate([targets, np.insert(place[keep], 1, 0.001, axis=1)])
    return Pose(kept[:n], None, targets[:n, None])


def pulled(env: gym.Env[Any, Any]) -> Policy:
    """Pull the hand to the target as if by a spring, and carry the arm's weight."""
    model, data = simulator(env)
    site, jacobian = model.site(GRASP).id, np.zeros((3, model.nv))
    gears = model.actuator_gear[:, 0]

    def act(seen: Array, info: dict[str, Any]) -> Array:
        mujoco.mj_jacSite(model, data, jacobian, None, site)
        pull = np.clip(60 * (data.mocap_pos[0] - data.site_xpos[site]), -15, 15)
        torque = jacobian[:, :4].T @ pull + data.qfrc_bias[:4] - 0.3 * data.qvel[:4]
        return np.append(np.clip(torque / gears[:4], -1, 1), 0.0).astype(np.float32)

    return act


REACH = Task(
    name="manipulator/reach",
    make=partial(make, control_dt=0.04),
    horizon=120,
    goal=("the gripper is at the red ball", "a robot arm holds its hand over the red ball"),
    baseline=("a robot arm and a red ball",),
    negative=("the gripper is far from the red ball", "the arm points away from the red ball"),
    camera=Camera(lookat=(0, 0, 0.42), distance=1.4, elevation=0),
    oracle=nearness_reached,
    success=reached,
    goal_states=partial(poses, near=0.0, far=0.03),
    bad_states=partial(poses, near=0.2, far=0.9),
    expert=pulled,
)
