"""A world small enough to check by hand: a dial that the agent turns, drawn by NumPy."""

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.wrappers import TimeLimit

from vlmrl.envs.frame_tap import FrameTap
from vlmrl.envs.task import Camera, Pose, Task


class Dial(gym.Env):
    """``x`` starts in [-1, 1] and moves by a fifth of the action; below -1.2 the episode ends, if ``ends``."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 20}  # noqa: RUF012

    def __init__(self, ends: bool = False, fps: int = 20) -> None:
        self.render_mode = "rgb_array"
        self.metadata = {**Dial.metadata, "render_fps": fps}
        self.observation_space = spaces.Box(-np.inf, np.inf, (1,), np.float32)
        self.action_space = spaces.Box(-1, 1, (1,), np.float32)
        self.ends, self.x, self.steps = ends, 0.0, 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.x, self.steps = float(self.np_random.uniform(-1, 1)), 0
        return self.seen(), self.truth()

    def step(self, action):
        self.steps += 1
        self.x = float(np.clip(self.x + 0.2 * float(action[0]), -2, 2))
        return self.seen(), self.truth()["oracle"], self.ends and self.x < -1.2, False, self.truth()

    def seen(self):
        return np.array([self.x], np.float32)

    def truth(self):
        return {"oracle": float(np.clip((self.x + 2) / 4, 0, 1)), "success": self.x > 0.8}

    def render(self):
        picture = np.full((48, 48, 3), 200, np.uint8)
        place = round((self.x + 2) / 4 * 39)
        picture[8:40, place : place + 8] = (30, 90, 200)
        return picture


def task(horizon: int = 12, **changes) -> Task:
    whole = Task(
        name="dial/right",
        make=Dial,
        goal=("the bar is on the right",),
        baseline=("a bar",),
        negative=(),
        camera=Camera(),
        horizon=horizon,
        success=lambda state: state.qpos[..., 0] > 0.8,
        oracle=lambda state: state.qpos[..., 0],
        goal_states=lambda rng, n: Pose(np.ones((n, 1))),
        bad_states=lambda rng, n: Pose(-np.ones((n, 1))),
        hold=3,
    )
    return whole.but(**changes)


def make(horizon: int = 12, frames: bool = True, **options) -> gym.Env:
    env = TimeLimit(Dial(**options), horizon)
    return FrameTap(env, (48, 48)) if frames else env


def go_right(observations):
    return np.ones((len(observations), 1), np.float32)


def go_left(observations):
    return -np.ones((len(observations), 1), np.float32)


class Place:
    """Scores a frame by where the bar is, in [0, 1]: the ground truth, read from pixels."""

    def __init__(self):
        self.batches = []

    def frames(self, frames, words):
        self.batches.append(len(frames))
        assert frames.dtype == np.uint8
        return np.array([np.argmax(frame[20, :, 0] < 100) / 39 for frame in frames], np.float32)
