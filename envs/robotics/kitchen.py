"""Franka's kitchen of Gymnasium-Robotics: seven things to do, each a task of its own."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from vlmrl.envs.patches import mend_gymnasium_robotics
from vlmrl.envs.world import World, brought, near
from vlmrl.types import Array

HANDLES = {
    "bottom burner": "knob2_site",
    "top burner": "knob4_site",
    "light switch": "light_site",
    "slide cabinet": "slide_site",
    "hinge cabinet": "hinge_site2",
    "microwave": "microhandle_site",
    "kettle": "kettle_site",
}
"""Where each thing is held or turned: a site of the model."""
MODULE = "gymnasium_robotics.envs.franka_kitchen.kitchen_env"


class Kitchen(World):
    """The kitchen with one of its tasks. Every episode starts alike but for the noise on what is seen.

    Args:
        thing: the suite's name of the task, such as ``microwave``.

    Raises:
        ConfigError: gymnasium-robotics is not installed.
    """

    def __init__(self, thing: str) -> None:
        module: Any = brought(MODULE)
        mend_gymnasium_robotics()
        self.thing = thing
        self.stock: Any = module.KitchenEnv(tasks_to_complete=[thing], remove_task_when_completed=False)
        self.goal: Array = module.OBS_ELEMENT_GOALS[thing]
        self.joints: Array = module.OBS_ELEMENT_INDICES[thing]
        self._reached: float = module.BONUS_THRESH
        self.model, self.data, self.dt = self.stock.model, self.stock.data, float(self.stock.robot_env.dt)
        self._start = self._away()
        self.action_space = spaces.Box(-1.0, 1.0, self.stock.action_space.shape, np.float32)
        self.observation_space = spaces.Box(-np.inf, np.inf, (59,), np.float32)

    def begin(self, episode: int) -> None:
        """Put everything back; the noise of what is seen follows from the episode's seed."""
        seen, _ = self.stock.reset(seed=episode)
        self._seen = seen["observation"]

    def act(self, action: Array) -> None:
        """Set the wanted speeds of the arm's joints and fingers, as shares of the fastest."""
        seen, *_ = self.stock.step(np.asarray(action, np.float64))
        self._seen = seen["observation"]

    def posed(self) -> None:
        """Have the robot know where it stands: it reckons wanted positions from the last ones seen."""
        self.stock.robot_env._last_robot_qpos = self.data.qpos[:9].copy()
        self._seen = np.concatenate([self.data.qpos[:9], self.data.qvel[:9], self.data.qpos[9:], self.data.qvel[9:]])

    def observe(self) -> Array:
        """Its own noisy observation of robot and things: float32 ``(59,)``."""
        return np.asarray(self._seen, np.float32)

    def told(self) -> Array:
        """Whether the joints of the thing are within the suite's 0.3 of their goal; how near hand and joints are."""
        away = self._away()
        hand, handle = (self.data.site(name).xpos for name in ("end_effector", HANDLES[self.thing]))
        gaps = float(np.linalg.norm(hand - handle)), 0.3 * away / self._start
        return np.array([float(away < self._reached), near(*gaps)])

    def _away(self) -> float:
        return float(np.linalg.norm(self.data.qpos[self.joints] - self.goal))


def make(thing: str) -> gym.Env[Any, Any]:
    """The kitchen with the task ``thing``."""
    return Kitchen(thing)
