"""Meta-World's fifty tasks: a Sawyer arm at a table. Its own reward and success, which know the episode's target."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from vlmrl.envs.patches import mend_metaworld
from vlmrl.envs.task import Policy
from vlmrl.envs.world import World, brought
from vlmrl.types import Array

MOST = 10.0
"""The largest reward that Meta-World gives for a state."""
GRIPPING = np.array([0.0, 0.0, 0.0, 1.0])
"""The action that a state is judged with: Meta-World also pays for the wish to close the gripper around a thing."""


class MetaWorld(World):
    """One of Meta-World's tasks; the observation is its own of 39 numbers, the target's place among them.

    Args:
        name: Meta-World's, such as ``drawer-open-v3``.

    Raises:
        ConfigError: metaworld is not installed.
    """

    def __init__(self, name: str) -> None:
        known = brought("metaworld.env_dict").ALL_V3_ENVIRONMENTS
        mend_metaworld()
        self.stock: Any = known[name]()
        self.stock._partially_observable = False  # the target's place is seen, as by the scripted policies
        del self.stock.sawyer_observation_space  # kept from when it was hidden; what is seen is clipped to it
        self.stock._set_task_called = True  # its targets are drawn anew from the episode's seed, not from a list
        self.stock._freeze_rand_vec, self.stock.seeded_rand_vec = False, True
        self.stock.max_path_length = 10**9  # the time limit is the task's
        self.model, self.data, self.dt = self.stock.model, self.stock.data, float(self.stock.dt)
        self.action_space = self.stock.action_space
        self.observation_space = spaces.Box(-np.inf, np.inf, (39,), np.float32)

    def begin(self, episode: int) -> None:
        """Draw the places of things and of the target from the episode's seed."""
        self.stock.seed(episode)
        self._observation, _ = self.stock.reset()

    def act(self, action: Array) -> None:
        """Move the gripper by up to a centimetre along each axis, and close or open it."""
        self._observation, *_ = self.stock.step(np.asarray(action, np.float64))

    def posed(self) -> None:
        """Forget what was seen a step ago."""
        self._observation = self._seen()
        self.stock._prev_obs = self._observation[:18].copy()

    def observe(self) -> Array:
        """Gripper and things, now and a step ago, and the target [m]: float32 ``(39,)``."""
        return np.asarray(self._observation, np.float32)

    def told(self) -> Array:
        """Meta-World's success, and its reward as a share of the largest."""
        reward, info = self.stock.evaluate_state(self._seen(), GRIPPING)
        return np.array([float(info["success"]), reward / MOST])

    def _seen(self) -> Array:
        """The present state as if it were a start, clipped as what Meta-World judges in a step."""
        stock = self.stock
        now = stock._get_curr_obs_combined_no_goal()
        space = stock.sawyer_observation_space
        seen: Array = np.clip(np.hstack((now, now, stock._get_pos_goal())), space.low, space.high)
        return seen


def make(name: str) -> gym.Env[Any, Any]:
    """The environment of Meta-World's task ``name``."""
    return MetaWorld(name)


def expert(env: gym.Env[Any, Any], name: str) -> Policy:
    """Meta-World's own scripted policy of task ``name``."""
    policy = brought("metaworld.policies").ENV_POLICY_MAP[name]()
    # Its actions may leave the box, as everybody's who uses it; here they are clipped before the environment does.
    warnings.filterwarnings("ignore", message=r"Constant\(s\) may be too high", module="metaworld")
    space: Any = env.action_space
    return partial(_scripted, policy, space.low, space.high)


def _scripted(policy: Any, low: Array, high: Array, observation: Array, info: dict[str, Any]) -> Array:
    action: Array = np.clip(policy.get_action(np.asarray(observation, np.float64)), low, high)
    return action.astype(np.float32)
