"""Adroit of Gymnasium-Robotics: a hand of 24 joints and a door, a hammer, a pen or a ball."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from vlmrl.envs.world import World, brought, near
from vlmrl.types import Array

Kind: TypeAlias = Literal["door", "hammer", "pen", "relocate"]

OPEN = 1.35
"""From which angle on the door counts as open [rad]."""
DRIVEN = 0.01
"""The nail's distance from where it must go, below which it counts as driven in [m]."""
THERE, ALONG = 0.075, 0.95
"""The pen's distance from its place [m] and the cosine between it and what it must look like."""
BROUGHT = 0.1
"""The ball's distance from its target below which it counts as brought there [m]."""


class Adroit(World):
    """One of the Adroit tasks. Its own success is told by a step alone, so its conditions stand here again.

    Args:
        kind: which.

    Raises:
        ConfigError: gymnasium-robotics is not installed.
    """

    def __init__(self, kind: Kind) -> None:
        module = brought(f"gymnasium_robotics.envs.adroit_hand.adroit_{kind}")
        self.kind = kind
        self.stock: Any = getattr(module, f"AdroitHand{kind.capitalize()}Env")()
        self.model, self.data, self.dt = self.stock.model, self.stock.data, float(self.stock.dt)
        self.action_space = self.stock.action_space
        self.observation_space = spaces.Box(-np.inf, np.inf, self.stock.observation_space.shape, np.float32)

    def begin(self, episode: int) -> None:
        """Draw what the task places from the episode's seed."""
        self.stock.reset(seed=episode)

    def act(self, action: Array) -> None:
        """Set the wanted joint angles of arm and hand, as shares of their ranges."""
        self.stock.step(np.asarray(action, np.float64))

    def observe(self) -> Array:
        """Its own observation: float32 ``(n,)``."""
        return np.asarray(self.stock._get_obs(), np.float32)

    def told(self) -> Array:
        """Whether it is done, and how near hand and thing, and thing and goal are."""
        done, *gaps = getattr(self, f"_{self.kind}")()
        return np.array([float(done), near(*gaps)])

    def _door(self) -> tuple[bool, float, float]:
        angle = float(self.data.qpos[self.stock.door_hinge_addrs])
        return angle >= OPEN, self._between("S_grasp", "S_handle"), 0.1 * max(0.0, OPEN - angle)

    def _hammer(self) -> tuple[bool, float, float]:
        left = self._between("S_target", "nail_goal")
        return left < DRIVEN, self._from_palm(), left

    def _pen(self) -> tuple[bool, float, float]:
        away = float(np.linalg.norm(self._thing - self._site("eps_ball")))
        pen = (self._site("object_top") - self._site("object_bottom")) / self.stock.pen_length
        wanted = (self._site("target_top") - self._site("target_bottom")) / self.stock.tar_length
        along = float(pen @ wanted)
        return away < THERE and along > ALONG, away, 0.1 * (1 - along)

    def _relocate(self) -> tuple[bool, float, float]:
        away = float(np.linalg.norm(self._thing - self.data.site_xpos[self.stock.target_obj_site_id]))
        return away < BROUGHT, self._from_palm(), away

    @property
    def _thing(self) -> Array:
        place: Array = self.data.xpos[self.stock.obj_body_id]
        return place

    def _site(self, name: str) -> Array:
        place: Array = self.data.site(name).xpos
        return place

    def _between(self, one: str, other: str) -> float:
        return float(np.linalg.norm(self._site(one) - self._site(other)))

    def _from_palm(self) -> float:
        return float(np.linalg.norm(self._site("S_grasp") - self._thing))


def make(kind: Kind) -> gym.Env[Any, Any]:
    """The environment of an Adroit task."""
    return Adroit(kind)
