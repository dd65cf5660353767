"""Planar manipulator of dm_control's suite: an arm with a gripper, a ball and a target."""

from __future__ import annotations

from typing import Any

import numpy as np

from vlmrl.envs.batch.engine import Engine
from vlmrl.envs.batch.robot import Rows, SuiteRobot, readings
from vlmrl.types import Array

ARM = ("arm_root", "arm_shoulder", "arm_elbow", "arm_wrist", "finger", "fingertip", "thumb", "thumbtip")
TOUCH = ("palm_touch", "finger_touch", "thumb_touch", "fingertip_touch", "thumbtip_touch")
OBJECT = ("ball_x", "ball_z", "ball_y")


class Manipulator(SuiteRobot):
    """The manipulator of ``envs/tasks/manipulator.py``, N at a time; dm_control's own moves a body of its model."""

    of = ("vlmrl.envs.tasks.manipulator:free_target",)

    def __init__(self, env: Any, engine: Engine) -> None:
        super().__init__(env, engine)
        self._xpos, self._xquat = engine.field("xpos"), engine.field("xquat")
        self._hand, self._ball, self._target = (env.model.body(name).id for name in ("hand", "ball", "target_ball"))
        self._joints = [int(env.model.joint(name).qposadr[0]) for name in ARM]
        self._speeds, self._object = (
            [int(env.model.joint(name).dofadr[0]) for name in joints] for joints in (ARM, OBJECT)
        )
        self._touch = readings(env.model, engine, *TOUCH)

    def parts(self, rows: Rows) -> list[Array]:
        """Sine and cosine of each joint, velocities, touch, then hand, ball, the ball's velocities, and the target."""
        angles = self.qpos[rows][:, self._joints]
        turned = np.stack((np.sin(angles), np.cos(angles)), axis=-1).reshape(len(angles), -1)
        speeds, thrown = self.qvel[rows][:, self._speeds], self.qvel[rows][:, self._object]
        hand, ball, target = (self._pose(rows, body) for body in (self._hand, self._ball, self._target))
        return [turned, speeds, np.log1p(self._touch(rows)), hand, ball, thrown, target]

    def _pose(self, rows: Rows, body: int) -> Array:
        """Where a body is in the plane, and how it is turned: x, z [m] and two numbers of its quaternion."""
        return np.concatenate((self._xpos[rows, body][:, [0, 2]], self._xquat[rows, body][:, [0, 2]]), axis=1)
