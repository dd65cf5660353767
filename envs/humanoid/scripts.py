"""Scripts that bring Gymnasium's humanoid into a posture and hold it: springs at the joints.

Each knows the simulator's joints and its posture's angles, and acts through the environment's own actions from its own
start. Their numbers were found by trying some tens of variations on a few starts, and are judged on others.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

import gymnasium as gym
import numpy as np

from vlmrl.envs.humanoid.postures import POSTURES, angles_of, model
from vlmrl.envs.simulator import simulator
from vlmrl.envs.task import Policy
from vlmrl.types import Array

ROOT = 6
"""Degrees of freedom of the root, whose velocities come first."""


@dataclass(frozen=True)
class Bend:
    """How far hips, knees and waist are bent beyond the posture [degrees]; negative hips and knees bend more."""

    hips: float = 0.0
    knees: float = 0.0
    waist: float = 0.0


@dataclass(frozen=True)
class Script:
    """A way into a posture: made for an environment whose episode has just begun, it is the policy of that episode.

    Attributes:
        posture: its name.
        through: another posture, by name, on the way; empty is the posture itself.
        stiffness, damping: torque by the radian off, and by the radian a second; as a share of what a motor gives.
        until: the step at which the way ends and the posture begins.
        way, there: what is bent beyond the posture before that, and afterwards.
    """

    posture: str
    through: str = ""
    stiffness: float = 0.8
    damping: float = 0.05
    until: int = 20
    way: Bend = Bend()
    there: Bend = Bend()

    def __call__(self, env: gym.Env[Any, Any]) -> Policy:
        """The policy of one episode of ``env``."""
        _, data = simulator(env)
        way, there = bent(self.through or self.posture, self.way), bent(self.posture, self.there)
        order = _order()
        steps, limit = count(), np.array(env.action_space.high)  # type: ignore[attr-defined]

        def act(observation: Array, info: dict[str, Any]) -> Array:
            aim = way if next(steps) < self.until else there
            pull = self.stiffness * (aim - data.qpos[ROOT + 1 :]) - self.damping * data.qvel[ROOT:]
            action: Array = np.clip(pull[order], -limit, limit).astype(np.float32)
            return action

        return act


def bent(posture: str, bend: Bend) -> Array:
    """Angles ``(nu,)`` of a posture that is bent further [rad]."""
    aim = angles_of(POSTURES[posture])
    for joint, change in (("hip_y", bend.hips), ("knee", bend.knees)):
        for side in ("right", "left"):
            aim[_joint(f"{side}_{joint}")] += change
    aim[_joint("abdomen_y")] += bend.waist
    angles: Array = np.radians(aim)
    return angles


def _joint(name: str) -> int:
    """A joint's place among those that are angles."""
    return int(model().joint(name).id) - 1


def _order() -> Array:
    """The actuators' joints, by their place among those that are angles."""
    return np.array([int(model().actuator(i).trnid[0]) - 1 for i in range(model().nu)])


KNEELING = Script("kneeling", damping=0.055, until=13, way=Bend(hips=-9.3, waist=13.7), there=Bend(hips=0.6))
SITTING = Script("sitting", stiffness=1.07, way=Bend(hips=-7.8, knees=41.8), there=Bend(hips=-9.4, knees=-8.7))
LYING = Script("lying", "sitting", stiffness=0.4, damping=0.015, until=50, way=Bend(hips=-7.8, knees=41.8))
SPLITS = Script("splits", damping=0.02, way=Bend(knees=-17), there=Bend(hips=-6))
