"""How cost grows: what a second achieves at sixteen times the size, over what it achieves at the smallest; 1 is linear.

Here both sides are ours: ``ours`` is the rate at the size that the name says, ``peer`` the rate at the smallest.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.speed import Budget, Figure, alternated, figure
from vlmrl import encoders, rewards
from vlmrl.envs import make_vec_env
from vlmrl.scoring.scorer import Scorer
from vlmrl.types import Words

ENV = "HalfCheetah-v5"
TIMES = (1, 4, 16)
ENVS, FRAMES, SIDE = 32, 64, 64
"""The smallest: environments stepped together, frames scored in a call, pixels along a side of a frame."""
WORDS = Words.of("a pole standing upright on a cart", "a pole on a cart")


def measure(budget: Budget) -> Iterator[Figure]:
    """``growth/envs-16x`` [env steps/s], ``growth/frames-16x`` [frames/s], ``growth/pixels-16x`` [Mpixel/s].

    And ``growth/memory-16x``: MiB that the process holds after sixteen times as many rollouts were stepped, drawn and
    scored, over what it holds after the first ones; here 1 or less is flat, and what is above grows.
    """
    yield from _grown("envs", "env steps/s", _stepped(budget))
    yield from _grown("frames", "frames/s", _scored(budget))
    yield from _grown("pixels", "Mpixel/s", _drawn(budget))
    if Path("/proc/self/statm").is_file():
        first, last = _held()
        yield figure("growth/memory-16x/1x", last, first, "MiB")


def _grown(what: str, unit: str, rates: dict[int, float]) -> Iterator[Figure]:
    for times in TIMES[1:]:
        yield figure(f"growth/{what}-{times}x/1x", rates[times], rates[1], unit)


def _stepped(budget: Budget) -> dict[int, float]:
    found = {}
    for times in TIMES:
        env = make_vec_env(ENV, ENVS * times, frames=False)
        env.reset(seed=0)
        action = env.action_space.sample()
        found[times] = alternated({"": partial(env.step, action)}, budget, each=ENVS * times)[""]
        env.close()
    return found


def _scored(budget: Budget) -> dict[int, float]:
    encoder = encoders.load("sim_clip", device="cpu")
    scorer, rng = Scorer(rewards.load("goal_baseline", encoder)), np.random.default_rng(0)
    found = {}
    for times in TIMES:
        frames = rng.integers(0, 256, (FRAMES * times, *encoder.image_size, 3), np.uint8)
        rates = alternated({"": partial(scorer.frames, frames, WORDS)}, budget, each=len(frames))
        found[times] = rates[""]
    return found


def _drawn(budget: Budget) -> dict[int, float]:
    found = {}
    for times in TIMES:
        side = round(SIDE * times**0.5)
        env = make_vec_env(ENV, ENVS, size=(side, side))
        env.reset(seed=0)
        found[times] = alternated({"": env.frames}, budget, each=ENVS * side * side / 1e6)[""]
        env.close()
    return found


def _held() -> tuple[float, float]:
    """Memory in MiB after some rollouts and after sixteen times as many."""
    env = make_vec_env("cartpole/upright", ENVS)
    env.reset(seed=0)
    scorer = Scorer(rewards.load("goal_baseline", encoders.load("sim_clip", device="cpu")))

    def roll(steps: int) -> float:
        for _ in range(steps):
            scorer.frames(env.step(env.action_space.sample())[4]["frame"], WORDS)
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    first = roll(FRAMES)
    last = roll((TIMES[-1] - 1) * FRAMES)
    env.close()
    return first, last
