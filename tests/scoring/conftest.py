"""Rewards that answer with a number that the test can foretell."""

import pytest
import torch

from vlmrl.errors import ConfigError
from vlmrl.rewards.base import FrameReward
from vlmrl.types import Words


class Brightness(FrameReward):
    """The mean level of a frame, plus the length of the goal; remembers the batches it was given."""

    def __init__(self, version="1"):
        self.version, self.batches = version, []

    @property
    def fingerprint(self):
        return f"brightness-{self.version}"

    def check(self, words):
        if "forbidden" in words.goal:
            raise ConfigError("goal=forbidden: may not be asked for")

    def score_frames(self, frames, words):
        self.batches.append(len(frames))
        rows = [words] * len(frames) if isinstance(words, Words) else list(words)
        lengths = torch.tensor([float(len(one.goal[0])) for one in rows])
        return torch.as_tensor(frames).float().mean(dim=(1, 2, 3)) + lengths


@pytest.fixture
def brightness():
    return Brightness


@pytest.fixture
def model():
    return Brightness()
