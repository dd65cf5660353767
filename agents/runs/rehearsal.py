"""A dry run: everything is built, a few steps are taken and scored, the speed is told, and nothing is written."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

from vlmrl.agents.build import World
from vlmrl.agents.learner import sb3
from vlmrl.agents.runs.session import Teacher
from vlmrl.agents.timing import Clock
from vlmrl.types import Array, Words

STEPS = 16
"""Steps that each environment takes, at random."""


def rehearse(world: World, teacher: Teacher | None, say: Callable[[str], object]) -> None:
    """Build what a run would build, and tell how fast it would go.

    Args:
        world: where the agent would learn.
        teacher: what would pay it; None for the environment's own reward.
        say: tells the user.

    Raises:
        ConfigError: a setting that the algorithm refuses.
        RenderError: the environment can draw no frames.
        Abstained: a frame got no number.
    """
    config = world.config
    clock = Clock()
    venv = world.envs(teacher is not None, clock, config.agent.n_envs)
    try:
        model = sb3.build(config.agent, venv, config.policy, config.seed or 0)
        venv.reset()
        frames: list[Array] = []
        start = began = time.perf_counter()
        for step in range(STEPS):
            actions = np.stack([venv.action_space.sample() for _ in range(venv.num_envs)])
            _, _, _, infos = venv.step(actions)
            if teacher is not None and step % config.scoring.every == 0:
                told = all("frame" in info for info in infos)
                frames += [info["frame"] for info in infos] if told else venv.env_method("frame")
        taken = f"{STEPS * venv.num_envs / (time.perf_counter() - start):,.0f} environment steps/s"
        if teacher is not None:
            start = time.perf_counter()
            if teacher.reads_episodes:  # of each environment what it has shown
                clips = [np.stack(frames[env :: venv.num_envs]) for env in range(venv.num_envs)]
                scores = _of_episodes(teacher, clips, world.words)
            else:
                scores = teacher.scorer.frames(np.stack(frames), world.words)
            taken += ", keypoints read, " if frames[0].ndim == 1 else ""
            taken += f" with frames of {frames[0].shape[0]} x {frames[0].shape[1]}, " if frames[0].ndim == 3 else ""
            taken += f"{len(frames) / (time.perf_counter() - start):,.0f} frames/s scored: "
            taken += f"{scores.min():.3f} to {scores.max():.3f}, acting at random"
        each = (time.perf_counter() - began) / (STEPS * venv.num_envs)
        asked = config.agent.total_steps
        weights = sum(parameter.numel() for parameter in model.policy.parameters())
        say(f"dry run of {config.world}: {type(model).__name__}, {weights:,} weights on {model.device}, {taken}")
        say(f"{asked:,} steps take {asked * each / 60:.1f} min and the learner's own time, which is not in this")
        say(f"torch {torch.__version__}, {torch.get_num_threads()} threads; nothing was written")
    finally:
        venv.close()


def _of_episodes(teacher: Teacher, clips: list[Array], words: Words) -> Array:
    """What episodes ``(T, H, W, 3)`` are worth as wholes, or their frames one after the other."""
    if teacher.scorer.cadence == "episode":
        return np.asarray(teacher.scorer.clips(clips, words))
    return np.concatenate([teacher.scorer.so_far(clip, words) for clip in clips])
