"""A task of LIBERO as a Gymnasium environment, run by the Python of LIBERO's own virtual environment."""

import os

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from libero.libero import benchmark, get_libero_path
from libero.libero.envs import OffScreenRenderEnv


class Libero(gym.Env):
    """Task number ``index`` of a suite; the sentence is in ``info["instruction"]``."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 20}

    def __init__(self, suite, index, render_mode=None, size=128):
        self.render_mode = render_mode
        task = benchmark.get_benchmark_dict()[suite]().get_task(index)
        self._told = {"instruction": task.language}
        file = os.path.join(get_libero_path("bddl_files"), task.problem_folder, task.bddl_file)
        self._env = OffScreenRenderEnv(bddl_file_name=file, camera_heights=size, camera_widths=size)
        self._seen = self._env.reset()
        self.action_space = spaces.Box(-1, 1, (7,), np.float32)
        self.observation_space = spaces.Box(-np.inf, np.inf, self._observed().shape, np.float32)

    def _observed(self):
        return np.concatenate([self._seen["robot0_proprio-state"], self._seen["object-state"]]).astype(np.float32)

    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        if seed is not None:
            self._env.seed(seed)
        self._seen = self._env.reset()
        return self._observed(), {"success": False, **self._told}

    def step(self, action):
        self._seen, reward, done, _ = self._env.step(np.asarray(action))
        return self._observed(), float(reward), bool(done), False, {"success": bool(reward > 0), **self._told}

    def render(self):
        return self._seen["agentview_image"][::-1]


def make(suite="libero_spatial", index=0, render_mode=None):
    return Libero(suite, index, render_mode)
