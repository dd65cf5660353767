"""Ant of Gymnasium: four legs around a ball, walking along x."""

from __future__ import annotations

from typing import Any

import numpy as np

from vlmrl.envs.batch.engine import Engine, Ids
from vlmrl.envs.batch.robot import ALL, GymnasiumRobot, Judged, Rows, ends, length, sum_of_squares
from vlmrl.types import Array


class Ant(GymnasiumRobot):
    """Ant-v5, N at a time."""

    of = ("gymnasium.envs.mujoco.ant_v5:AntEnv",)
    normal_speeds = True
    forces = True
    persistent = True

    def __init__(self, env: Any, engine: Engine) -> None:
        super().__init__(env, engine)
        self._cfrc_ext, self._xpos = engine.field("cfrc_ext"), engine.field("xpos")
        self._torso = env.data.body(self.setting("main_body")).id

    def observe(self, rows: Rows = ALL) -> Array:
        """float64 ``(k, n)``: positions without x and y, velocities, contact forces clipped [m, rad, N, Nm]."""
        qpos, qvel = self.state(rows)
        skipped = 2 if self.setting("exclude_current_positions_from_observation") else 0
        parts = [qpos[:, skipped:], qvel]
        if self.setting("include_cfrc_ext_in_observation"):
            forces = self._forces(rows)
            parts.append(forces[:, 1:].reshape(len(forces), -1))
        return np.concatenate(parts, axis=1)

    def _forces(self, rows: Rows) -> Array:
        """Contact forces and torques on each body, ``(k, nbody, 6)``, within the range that counts."""
        low, high = self.setting("contact_force_range")
        forces: Array = np.clip(self._cfrc_ext[rows], low, high)
        return forces

    def remember(self) -> None:
        """Where the torso is, as MuJoCo computed it last [m]."""
        self._xy = self._xpos[:, self._torso, :2].copy()

    def judge(self, actions: Array) -> Judged:
        """Forward and health, less the costs of control and of contact."""
        velocity = (self._xpos[:, self._torso, :2] - self._xy) / self.dt
        low, high = self.setting("healthy_z_range")
        healthy = self.finite() & (low <= self.qpos[:, 2]) & (self.qpos[:, 2] <= high)
        forward = velocity[:, 0] * self.setting("forward_reward_weight")
        survive = healthy * self.setting("healthy_reward")
        control = self.setting("ctrl_cost_weight") * sum_of_squares(actions)
        contact = self.setting("contact_cost_weight") * sum_of_squares(self._forces(ALL))
        terms = {
            "x_velocity": velocity[:, 0],
            "y_velocity": velocity[:, 1],
            "reward_forward": forward,
            "reward_ctrl": -control,
            "reward_contact": -contact,
            "reward_survive": survive,
        }
        return Judged(forward + survive - (control + contact), ends(self, healthy), terms)

    def final(self, ids: Ids) -> dict[str, Array]:
        """Where it got to."""
        xy = self.qpos[ids, :2]
        return {"x_position": xy[:, 0], "y_position": xy[:, 1], "distance_from_origin": length(xy)}
