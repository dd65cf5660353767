"""Frames scored a second with sim-clip: beside its encoder alone, one by one, and its tower as torch runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import open_clip
import torch

from benchmarks.speed import Budget, Figure, alternated, call_by_call, figure, figures
from vlmrl import encoders, rewards
from vlmrl.scoring.scorer import Scorer
from vlmrl.sim_clip.towers import WEIGHTS
from vlmrl.types import Words

BATCHES = (64, 256)
TOWERS = (16, 32, 64, 128, 256)
"""Batches of which the plain tower may take its best."""
WORDS = Words.of("a pole standing upright on a cart", "a pole on a cart")


def measure(budget: Budget) -> Iterator[Figure]:
    """``score/encoder-share``: scoring uint8 frames over embedding ready ones; ``score/sim-clip/one-by-one``.

    And ``score/sim-clip-tower/torch``: frames of uint8 through our encoder over ready fp32 pictures, channels first,
    through the tower as open_clip builds it, in whatever batch suits that best. ``score/sim-clip-tower-int8/torch``:
    the same, ours in integers.
    """
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
        yield from figures(prefix, "frames/s", call_by_call(ways, budget, each=batch))
    batch, frames = BATCHES[0], frames[: BATCHES[0]]

    def one_by_one() -> None:
        for frame in frames:
            scorer.frames(frame[None], WORDS)

    together: dict[str, Callable[[], object]] = {
        "ours": partial(scorer.frames, frames, WORDS),
        "one-by-one": one_by_one,
    }
    yield from figures("score/sim-clip", "frames/s", alternated(together, budget, each=batch))
    rates = _towers(encoder, budget)
    yield figure("score/sim-clip-tower/torch", rates["fp32"], rates["torch"], "frames/s")
    yield figure("score/sim-clip-tower-int8/torch", rates["int8"], rates["torch"], "frames/s")


def _towers(encoder: Any, budget: Budget) -> dict[str, float]:
    """Frames a second through our encoder in fp32 and in integers, and through the plain tower at its best."""
    count, integers = max(TOWERS), encoders.load("sim_clip", device="cpu", precision="int8")
    frames = np.random.default_rng(0).integers(0, 256, (count, *encoder.image_size, 3), np.uint8)
    pixels = encoder._preprocess(torch.from_numpy(frames)).contiguous()
    tower = open_clip.create_model(f"local-dir:{WEIGHTS}").eval().visual

    def plain(batch: int) -> None:
        with torch.inference_mode():
            for part in pixels.split(batch):
                tower(part)

    ways: dict[str, Callable[[], object]] = {str(batch): partial(plain, batch) for batch in TOWERS}
    ours = {"fp32": partial(encoder.images, frames), "int8": partial(integers.images, frames)}
    rates = alternated({**ours, **ways}, budget, each=count)
    return {name: rates.pop(name) for name in ours} | {"torch": max(rates.values())}


def _alone(encoder: Any, frames: Any) -> Callable[[], object]:
    """The image tower on ready tensors, with nothing before or behind it."""
    pixels = encoder._preprocess(torch.from_numpy(frames))

    def embed() -> None:
        with torch.inference_mode():
            encoder._towers.encode_image(pixels)

    return embed
