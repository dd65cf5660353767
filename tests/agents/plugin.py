"""Another package, as installed: an environment, an encoder and a reward that vlmrl finds by its entry points.

Written into a directory of its own, so that subprocesses see the same package by putting that directory on their path.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vlmrl.config.schema import RunConfig

ENV = '''
"""A dot on a line, drawn with NumPy; nobody knows when its task is done."""

import gymnasium as gym
import numpy as np


class Dot(gym.Env):
    metadata = {"render_modes": ["rgb_array"], "render_fps": 20}
    observation_space = gym.spaces.Box(-1, 1, (1,), np.float32)
    action_space = gym.spaces.Box(-1, 1, (1,), np.float32)

    def __init__(self, render_mode=None):
        self.render_mode = render_mode

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place = self.np_random.uniform(-1, 1)
        return np.array([self.place], np.float32), {}

    def step(self, action):
        self.place = float(np.clip(self.place + 0.2 * action[0], -1, 1))
        return np.array([self.place], np.float32), self.place, False, False, {}

    def render(self):
        frame = np.full((16, 16, 3), 20, np.uint8)
        frame[:, : 1 + round(7 * (1 + self.place))] = 220
        return frame


gym.register("Dot-v0", entry_point=Dot, max_episode_steps=20)
'''

ENCODER = '''
"""An encoder that knows how bright a frame is."""

import torch

from vlmrl.encoders.base import Encoder


class Brightness(Encoder):
    dim, image_size, fingerprint, device = 2, (16, 16), "brightness", torch.device("cpu")

    def images(self, frames):
        angle = torch.as_tensor(frames).float().mean((1, 2, 3)) / 255
        return torch.stack([angle.cos(), angle.sin()], 1)

    def texts(self, sentences):
        return torch.tensor([[1.0, 0.0]] * len(sentences))
'''

REWARD = '''
"""Pays for light, or for the dark; gives up after so many frames, if asked to."""

import torch

from vlmrl.errors import ConfigError
from vlmrl.rewards.base import FrameReward


class Light(FrameReward):
    low, high = -1.0, 1.0

    def __init__(self, encoder, gives_up_after: int = 0, dark: bool = False):
        self.encoder, self.gives_up_after, self.dark, self.seen = encoder, gives_up_after, dark, 0

    fingerprint = "light"

    def check(self, words):
        if "dark" in words.goal[0]:
            raise ConfigError(f"goal={words.goal[0]!r}: is dark; ask for light")

    def score_frames(self, frames, words):
        self.seen += len(frames)
        scores = (2 * self.encoder.images(frames)[:, 1] - 1) * (-1 if self.dark else 1)
        return scores * float("nan") if 0 < self.gives_up_after < self.seen else scores
'''

HISTORY = '''
"""Pays for every frame of an episode so far that was brighter than the one before it."""

import torch

from vlmrl.rewards.base import HistoryReward


class Risen(HistoryReward):
    low, high = 0.0, 1.0
    reads_words = False

    def __init__(self, encoder):
        self.encoder = encoder

    fingerprint = "risen"

    def check(self, words):
        """Any words will do."""

    def look(self, frames):
        return self.encoder.images(frames)

    def score_seen(self, seen, since, words):
        parts = []
        for rows, first in zip(seen, since):
            rose = torch.diff(rows[:, 1], prepend=rows[:1, 1]) > 0
            parts.append((rose.cumsum(0) / (1 + torch.arange(len(rows))))[first:])
        return torch.cat(parts) if parts else torch.zeros(0)
'''

ENTRY_POINTS = """
[vlmrl.encoder]
brightness = dots_encoder
[vlmrl.reward]
light = dots_reward
risen = dots_history
"""

SMALL: dict[str, Any] = {"learning_rate": 1e-3, "policy_kwargs": {"net_arch": [16]}, "device": "cpu"}
SAC = SMALL | {"learning_starts": 40, "buffer_size": 500, "batch_size": 16, "train_freq": 4, "gradient_steps": 2}
PPO = SMALL | {"n_steps": 16, "batch_size": 16, "n_epochs": 2}
DQN = SMALL | {"learning_starts": 40, "buffer_size": 500, "batch_size": 16, "train_freq": 4}
PARAMS = {"SAC": SAC, "PPO": PPO, "DQN": DQN}


def install(place: Path) -> Path:
    """Write the package to ``place``, which belongs on the path of whoever uses it."""
    place.mkdir(parents=True, exist_ok=True)
    for name, text in (("dots", ENV), ("dots_encoder", ENCODER), ("dots_reward", REWARD), ("dots_history", HISTORY)):
        (place / f"{name}.py").write_text(text, encoding="utf-8")
    about = place / "dots-1.0.dist-info"
    about.mkdir(exist_ok=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: dots\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(ENTRY_POINTS, encoding="utf-8")
    return place


def settings(run_dir: Path, algorithm: str = "SAC", steps: int = 160, **changes: Any) -> dict[str, Any]:
    """A run of a second or two on the dot, paid for light."""
    agent = {"name": algorithm.lower(), "algorithm": algorithm, "total_steps": steps, "n_envs": 2}
    base: dict[str, Any] = {
        "env": "Dot-v0",
        "goal": "a bright picture",
        "encoder": {"name": "brightness", "family": "brightness"},
        "reward": {"name": "light"},
        "shaping": {"name": "default"},
        "agent": agent | {"params": PARAMS[algorithm]},
        "render": {"name": "fast"},
        "track": {"name": "default", "tensorboard": False},
        "evaluation": {"every": 80, "episodes": 2, "final_episodes": 3},
        "checkpoint_every": 40,
        "seed": 5,
        "run_dir": run_dir,
        "progress": False,
    }
    return base | changes


def blocked(code: str) -> str:
    """Python code that runs where vlmrl cannot be imported, and fails if anything tried to."""
    return f"""
import sys, warnings
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "vlmrl":
            raise ModuleNotFoundError("vlmrl is not installed here")
sys.meta_path.insert(0, Blocker())
warnings.filterwarnings("error", message="Could not deserialize")
{code}
assert "vlmrl" not in sys.modules
"""


def config(run_dir: Path, algorithm: str = "SAC", steps: int = 160, **changes: Any) -> RunConfig:
    """The same, validated."""
    return RunConfig.model_validate(settings(run_dir, algorithm, steps, **changes))
