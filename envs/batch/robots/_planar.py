"""What robots that move along x in a plane share."""

from __future__ import annotations

import numpy as np

from vlmrl.envs.batch.engine import Ids
from vlmrl.envs.batch.robot import ALL, GymnasiumRobot, Judged, Rows, ends, sum_of_squares, within
from vlmrl.types import Array


class Planar(GymnasiumRobot):
    """Paid for the way along x, less a cost of control; sees its joints, but not how far it is along x."""

    def observe(self, rows: Rows = ALL) -> Array:
        """float64 ``(k, n)``: positions [m, rad], then velocities [m/s, rad/s]."""
        qpos, qvel = self.state(rows)
        skipped = 1 if self.setting("exclude_current_positions_from_observation") else 0
        return np.concatenate((qpos[:, skipped:], self.speeds(qvel)), axis=1)

    def speeds(self, qvel: Array) -> Array:
        """Velocities as they are observed, by default as they are."""
        return qvel

    def remember(self) -> None:
        """Where it is along x [m]."""
        self._x = self.qpos[:, 0].copy()

    def judge(self, actions: Array) -> Judged:
        """Forward reward less control cost; no end."""
        forward, cost, terms = self.travelled(actions)
        return Judged(forward - cost, np.zeros(len(cost), dtype=bool), terms)

    def travelled(self, actions: Array) -> tuple[Array, Array, dict[str, Array]]:
        """What the way along x is worth and what control cost, ``(N,)`` each, and what the info says of both."""
        velocity = (self.qpos[:, 0] - self._x) / self.dt
        forward = self.setting("forward_reward_weight") * velocity
        cost = self.setting("ctrl_cost_weight") * sum_of_squares(actions)
        return forward, cost, {"x_velocity": velocity, "reward_forward": forward, "reward_ctrl": -cost}

    def final(self, ids: Ids) -> dict[str, Array]:
        """Where it got to."""
        return {"x_position": self.qpos[ids, 0]}


class UprightPlanar(Planar):
    """As long as it is healthy it is paid for that, too; not to be ends its episode, where it was made so."""

    def speeds(self, qvel: Array) -> Array:
        """Velocities within plus and minus 10."""
        return np.clip(qvel, -10, 10)

    def healthy(self) -> Array:
        """Whether it is, bool ``(N,)``: height and angle of the torso within their ranges."""
        z, angle = self.qpos[:, 1], self.qpos[:, 2]
        return within(z, self.setting("healthy_z_range")) & within(angle, self.setting("healthy_angle_range"))

    def judge(self, actions: Array) -> Judged:
        """Forward and health, less control cost."""
        forward, cost, terms = self.travelled(actions)
        healthy = self.healthy()
        survive = healthy * self.setting("healthy_reward")
        return Judged(forward + survive - cost, ends(self, healthy), {**terms, "reward_survive": survive})

    def final(self, ids: Ids) -> dict[str, Array]:
        """Where it got to, and how much higher than it began."""
        return {**super().final(ids), "z_distance_from_origin": self.qpos[ids, 1] - self.home[0][1]}
