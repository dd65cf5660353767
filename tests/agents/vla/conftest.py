"""A world of two squares: one is named, and the action is the way to it. Small enough to be learned in a test."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from vlmrl.agents.vla.demos import Demonstrations
from vlmrl.agents.vla.learning import Learner
from vlmrl.agents.vla.lexicon import Lexicon
from vlmrl.agents.vla.model import Network, Sizes
from vlmrl.agents.vla.policy import Mind, VLAPolicy
from vlmrl.agents.vla.senses import INSTRUCTION, MOMENT, STATE
from vlmrl.agents.vla.settings import Settings

SIDE = 24
COLOURS = {"red": (230, 30, 30), "blue": (30, 60, 230)}
SAID = {name: f"go to the {name} square" for name in COLOURS}
SMALL = {"size": (SIDE, SIDE), "width": 32, "heads": 2, "chunk": 2, "replan": 1, "layers": 1, "context_layers": 0}


def squares(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures uint8 (count, SIDE, SIDE, 3), and the ways from the middle to each square, (count, 2, 2) in [-1, 1]."""
    rng = np.random.default_rng(seed)
    places = rng.integers(3, SIDE - 3, (count, 2, 2))
    near = (np.abs(places[:, 0] - places[:, 1]) < 8).all(axis=1)
    places[near, 1] = (places[near, 0] + SIDE // 2 - 3) % (SIDE - 6) + 3
    frames = np.full((count, SIDE, SIDE, 3), 200, np.uint8)
    for frame, both in zip(frames, places, strict=True):
        for (row, column), colour in zip(both, COLOURS.values(), strict=True):
            frame[row - 2 : row + 3, column - 2 : column + 3] = colour
    return frames, ((places - SIDE / 2) / (SIDE / 2)).astype(np.float32)


def shown(count: int = 1500, seed: int = 0) -> Demonstrations:
    """So many steps, each an episode of its own, half of them for each colour; a tenth is held out."""
    frames, ways = squares(count, seed)
    task = np.arange(count) % 2
    return Demonstrations(
        tasks=tuple(COLOURS),
        sentences=tuple((sentence,) for sentence in SAID.values()),
        pictures=(frames,),
        state=np.zeros((count, 1), np.float32),
        actions=ways[np.arange(count), task],
        task=task,
        episode=np.arange(count),
        left=np.ones(count, np.int64),
        held=np.arange(count) % 10 == 9,
        weight=np.ones(count, np.float32),
        bounds=np.array([[-1, -1], [1, 1]], np.float32),
    )


def observed(frames: np.ndarray, said: str, moment: int = 0) -> dict[str, np.ndarray]:
    """Observations of so many environments that are told the same."""
    count = len(frames)
    told = {STATE: np.zeros((count, 1)), INSTRUCTION: np.array([said] * count), MOMENT: np.full(count, moment)}
    return {**told, "task": frames}


Cloned = Callable[..., Mind]


@pytest.fixture(scope="session")
def clone(toy_encoder):
    """Clones the squares, with any other settings."""

    def learn(updates: int = 0, demos: Demonstrations | None = None, **settings) -> Mind:
        torch.manual_seed(0)
        demos = demos or shown()
        chosen = Settings(**{**SMALL, "learning_rate": 3e-3, "averaging": 0.98, **settings})
        lexicon = Lexicon.of([one for several in demos.sentences for one in several], toy_encoder)
        network = Network(chosen.form, Sizes(2, 1, lexicon.dim))
        learner = Learner(network, demos, lexicon, chosen, updates, seed=0)
        for _ in range(updates):
            learner.update()
        network.load_state_dict(learner.average)
        return Mind(network, lexicon, learner.proprio, learner.actions, demos.bounds)

    return learn


def reached(mind: Mind, said: str, ways: np.ndarray, frames: np.ndarray) -> float:
    """Share of pictures in which the action leads to within a quarter of the picture of where it should."""
    done = VLAPolicy(replace(mind))(observed(frames, said))
    return float((np.abs(done - ways).max(axis=1) < 0.25).mean())
