"""Quadruped of dm_control's suite."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from vlmrl.envs.batch.engine import Engine
from vlmrl.envs.batch.robot import Rows, SuiteRobot, readings
from vlmrl.types import Array

IMU = (int(mujoco.mjtSensor.mjSENS_GYRO), int(mujoco.mjtSensor.mjSENS_ACCELEROMETER))
FORCES = (int(mujoco.mjtSensor.mjSENS_FORCE), int(mujoco.mjtSensor.mjSENS_TORQUE))


def _of(model: mujoco.MjModel, kinds: tuple[int, ...]) -> list[str]:
    """The sensors of some types, in the model's order."""
    return [model.sensor(index).name for index in np.flatnonzero(np.isin(model.sensor_type, kinds))]


class Quadruped(SuiteRobot):
    """dm_control's quadruped on a plane, N at a time."""

    of = ("dm_control.suite.quadruped:Move", "vlmrl.envs.tasks.quadruped:on_its_feet")

    def __init__(self, env: Any, engine: Engine) -> None:
        super().__init__(env, engine)
        self._act = engine.field("act")
        self._upright = engine.field("xmat")[:, env.model.body("torso").id, 8:]
        self._velocity = readings(env.model, engine, "velocimeter")
        self._imu, self._forces = (readings(env.model, engine, *_of(env.model, kinds)) for kinds in (IMU, FORCES))

    def parts(self, rows: Rows) -> list[Array]:
        """Joints, their velocities, actuators, the torso's velocity and uprightness, gyroscope, forces on the toes."""
        joints = [self.qpos[rows, 7:], self.qvel[rows, 6:], self._act[rows]]
        return [*joints, self._velocity(rows), self._upright[rows], self._imu(rows), np.arcsinh(self._forces(rows))]
