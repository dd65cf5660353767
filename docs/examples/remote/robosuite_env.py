"""A robosuite task as a Gymnasium environment, run by the Python of robosuite's own virtual environment."""

import gymnasium as gym
import numpy as np
import robosuite
from gymnasium import spaces


class Robosuite(gym.Env):
    """``task`` of robosuite with a Panda: proprioception and objects in one vector, a frame of one camera, success."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 20}

    def __init__(self, task, render_mode=None, camera="frontview", size=128):
        self.render_mode, self._camera = render_mode, camera
        self._env = robosuite.make(
            task,
            robots="Panda",
            has_renderer=False,
            has_offscreen_renderer=True,
            use_camera_obs=True,  # without it sim.render gives memory that nobody wrote to
            camera_names=camera,
            camera_heights=size,
            camera_widths=size,
        )
        self._seen = self._env.reset()
        low, high = self._env.action_spec
        self.action_space = spaces.Box(low.astype(np.float32), high.astype(np.float32))
        self.observation_space = spaces.Box(-np.inf, np.inf, self._observed().shape, np.float32)

    def _observed(self):
        parts = [self._seen["robot0_proprio-state"], self._seen["object-state"]]
        return np.concatenate(parts).astype(np.float32)

    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        if seed is not None:
            # Samplers inside share this generator, so it is set back rather than replaced.
            self._env.rng.bit_generator.state = np.random.default_rng(seed).bit_generator.state
        self._seen = self._env.reset()
        return self._observed(), {"success": False}

    def step(self, action):
        self._seen, reward, done, _ = self._env.step(np.asarray(action))
        return self._observed(), float(reward), False, bool(done), {"success": bool(self._env._check_success())}

    def render(self):
        return self._seen[f"{self._camera}_image"][::-1]  # robosuite counts rows from the bottom


def make(task="Lift", render_mode=None):
    return Robosuite(task, render_mode)
