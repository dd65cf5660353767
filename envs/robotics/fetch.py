"""The four Fetch tasks of Gymnasium-Robotics: a mobile robot's arm at a table, a black cube or puck, and a red ball."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, TypeAlias

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from vlmrl.envs.patches import mend_gymnasium_robotics
from vlmrl.envs.task import Policy
from vlmrl.envs.world import World, brought, near
from vlmrl.types import Array

Kind: TypeAlias = Literal["reach", "push", "slide", "pick_and_place"]

GAIN = 20.0
"""Of the scripts: an action of 1 moves the gripper by 5 cm, so this is just there in a step."""


class Fetch(World):
    """One of the Fetch tasks; where the target is follows the observation.

    Args:
        kind: which.

    Raises:
        ConfigError: gymnasium-robotics is not installed.
    """

    def __init__(self, kind: Kind) -> None:
        module = brought(f"gymnasium_robotics.envs.fetch.{kind}")
        mend_gymnasium_robotics()
        name = {"push": "Push", "slide": "Slide", "reach": "Reach", "pick_and_place": "PickAndPlace"}[kind]
        self.stock: Any = getattr(module, f"MujocoFetch{name}Env")()
        self.model, self.data, self.dt = self.stock.model, self.stock.data, float(self.stock.dt)
        self.model.geom_rgba[self.model.geom_bodyid == self.model.body("robot0:mocap").id, 3] = 0  # three green bars
        self.action_space = self.stock.action_space
        self.stock.reset(seed=0)  # it has no goal to observe before
        self.observation_space = spaces.Box(-np.inf, np.inf, self.observe().shape, np.float32)

    def begin(self, episode: int) -> None:
        """Draw the places of object and target from the episode's seed, and put the red ball there.

        They are drawn again while they are within 5 cm of each other: a fifth of the suite's episodes of ``push`` begin
        with a success.
        """
        self.stock.reset(seed=episode)
        while self.told()[0]:
            self.stock.reset()
        self.stock._render_callback()

    def act(self, action: Array) -> None:
        """Move the gripper by up to 5 cm along each axis, and close or open it where the task needs that."""
        self.stock.step(np.asarray(action, np.float64))

    def observe(self) -> Array:
        """Its own observation, then the target's place [m]: float32 ``(n,)``."""
        seen = self.stock._get_obs()
        return np.concatenate([seen["observation"], seen["desired_goal"]]).astype(np.float32)

    def told(self) -> Array:
        """Its own success; and how near gripper and object, and object and target are."""
        seen = self.stock._get_obs()
        achieved, wanted = seen["achieved_goal"], seen["desired_goal"]
        gaps = [float(np.linalg.norm(achieved - wanted))]
        if self.stock.has_object:
            gaps.append(float(np.linalg.norm(seen["observation"][:3] - achieved)))
        return np.array([float(self.stock._is_success(achieved, wanted)), near(*gaps)])


def make(kind: Kind) -> gym.Env[Any, Any]:
    """The environment of a Fetch task."""
    return Fetch(kind)


def expert(env: gym.Env[Any, Any], kind: Kind) -> Policy:
    """A script of ours: the suite has none."""
    return partial({"reach": _reach, "push": _push, "pick_and_place": _pick_and_place}[kind], env.action_space.shape)


def _towards(gap: Array, grip: float) -> Array:
    action: Array = np.clip(np.append(GAIN * gap, grip), -1, 1)
    return action.astype(np.float32)


def _reach(shape: Any, observation: Array, info: dict[str, Any]) -> Array:
    return _towards(observation[-3:] - observation[:3], 0.0)


def _push(shape: Any, observation: Array, info: dict[str, Any]) -> Array:
    """Go around the cube to the side away from the target, down to the table, and push."""
    hand, cube, target = observation[:3], observation[3:6], observation[-3:]
    way = (target - cube)[:2]
    along = way / max(1e-6, float(np.linalg.norm(way)))
    behind = np.append(cube[:2] - 0.08 * along, cube[2])
    off = hand[:2] - cube[:2]
    aside = float(np.linalg.norm(off - along * (off @ along)))
    if off @ along < -0.03 and aside < 0.025 and hand[2] < cube[2] + 0.03:  # behind it, and low: push
        gap = np.append(target[:2] - 0.03 * along - hand[:2], cube[2] - hand[2])
        return np.append(np.clip(8 * gap, -0.5, 0.5), 0.0).astype(np.float32)
    if float(np.linalg.norm(hand[:2] - behind[:2])) > 0.015:  # over there, clear of the cube
        high = np.append(behind[:2], cube[2] + 0.1)
        return _towards(high - hand if hand[2] > cube[2] + 0.07 else np.array([0, 0, 0.1]), 0.0)
    return _towards(behind - hand, 0.0)


def _pick_and_place(shape: Any, observation: Array, info: dict[str, Any]) -> Array:
    """Over the cube, down, close, and to the target with it."""
    hand, cube, target, fingers = observation[:3], observation[3:6], observation[-3:], observation[9:11]
    gap = cube - hand
    if np.linalg.norm(gap) < 0.015:
        holds = fingers.sum() < 0.056
        return _towards((target - hand) if holds else gap, -1.0)
    if np.linalg.norm(gap[:2]) > 0.012:
        return _towards(gap + np.array([0, 0, 0.06]), 1.0)
    return _towards(gap, 1.0)
