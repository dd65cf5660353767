"""Frames scored a second with sim-clip: in batches, beside the encoder alone, and beside one frame at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch

from benchmarks.speed import Budget, Figure, alternated, figures
from vlmrl import encoders, rewards
from vlmrl.scoring.scorer import Scorer
from vlmrl.types import Words

BATCHES = (64, 256)
WORDS = Words.of("a pole standing upright on a cart", "a pole on a cart")


def measure(budget: Budget) -> Iterator[Figure]:
    """``score/encoder-share``: scoring uint8 frames over embedding ready ones; ``score/sim-clip/one-by-one``."""
    encoder = encoders.load("sim_clip", device="cpu")
    scorer = Scorer(rewards.load("goal_baseline", encoder))
    rng = np.random.default_rng(0)
    for batch in BATCHES:
        frames = rng.integers(0, 256, (batch, *encoder.image_size, 3), np.uint8)
        ways: dict[str, Callable[[], object]] = {
            "ours": partial(scorer.frames, frames, WORDS),
            "encoder-share": _alone(encoder, frames),
        }
        prefix = "score" if batch == BATCHES[0] else f"score-{batch}"
        yield from figures(prefix, "frames/s", alternated(ways, budget, each=batch))
    batch, frames = BATCHES[0], frames[: BATCHES[0]]

    def one_by_one() -> None:
        for frame in frames:
            scorer.frames(frame[None], WORDS)

    together: dict[str, Callable[[], object]] = {
        "ours": partial(scorer.frames, frames, WORDS),
        "one-by-one": one_by_one,
    }
    yield from figures("score/sim-clip", "frames/s", alternated(together, budget, each=batch))


def _alone(encoder: Any, frames: Any) -> Callable[[], object]:
    """The image tower on ready tensors, with nothing before or behind it."""
    pixels = encoder._preprocess(torch.from_numpy(frames))

    def embed() -> None:
        with torch.inference_mode():
            encoder._towers.encode_image(pixels)

    return embed
