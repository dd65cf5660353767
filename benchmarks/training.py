"""Environment steps a second of whole trainings from words on the Humanoid, every frame scored.

The peer is the way of VLM-RM's released code: a process an environment, Gymnasium's default renderer at 480x480, and
Stable-Baselines3's SAC. Networks, updates, encoder, scorer, scored frames and the rollouts that are scored in one batch
are the same on both sides, so what differs is how frames come about and how the learner is updated. ViT-B-32 has random
weights: they take as long as trained ones.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3 import SAC
from stable_baselines3.common.vec_env import SubprocVecEnv, VecEnv

from benchmarks.models import random_clip
from benchmarks.speed import QUICK, Budget, Figure, figure
from vlmrl import DeferredReward, encoders, rewards
from vlmrl.agents.deferred import Gaps
from vlmrl.agents.learner.sac_update import speed_up
from vlmrl.agents.timing import AllCores, Clock, learning_threads, threads
from vlmrl.agents.vec_env import VectorView
from vlmrl.encoders.base import Encoder
from vlmrl.envs import make_vec_env
from vlmrl.envs.frame_tap import Tapped
from vlmrl.metrics.rank import spearman
from vlmrl.rewards.goal_baseline import GoalBaseline
from vlmrl.scoring.scorer import Scorer
from vlmrl.types import Words

ENV = "Humanoid-v5"
ENVS = 8
ROLLOUT, SHORT = 32, 8
"""Steps of every environment whose frames are scored in one batch; and in a hurry, when a rollout may take a minute."""
FEW = 8
"""Every how many-th frame is scored in the figure that says so in its name."""
RANKED = 192
"""Frames of which two precisions are asked for their order."""
WORDS = Words.of("a humanoid robot standing up", "a humanoid robot")
LEARNER: dict[str, Any] = {
    "learning_starts": 0,
    "batch_size": 256,
    "buffer_size": 50_000,
    "device": "cpu",
    "seed": 0,
}


class Rendered(gym.Wrapper[Any, Any, Any, Any]):
    """Puts what Gymnasium's renderer draws into infos, and pays nothing."""

    def reset(self, **asked: Any) -> tuple[Any, dict[str, Any]]:
        """Reset, and draw."""
        seen, info = self.env.reset(**asked)
        return seen, {**info, "frame": self.env.render()}

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step, and draw."""
        seen, _, terminated, truncated, info = self.env.step(action)
        return seen, 0.0, terminated, truncated, {**info, "frame": self.env.render()}


def measure(budget: Budget) -> Iterator[Figure]:
    """``e2e/humanoid-sim-clip/vlm-rm`` and ``e2e/humanoid-vit-b-32/vlm-rm``, every frame scored on both sides.

    And ``e2e-bf16/humanoid-vit-b-32/vlm-rm``: ours with an encoder in bf16, the peer's in fp32; ``rank-bf16/…/fp32``:
    how alike the two order frames; and ``e2e-every-8/…/every-frame``: what scoring every eighth frame alone adds to our
    own way.
    """
    with tempfile.TemporaryDirectory() as folder:
        for label, model in (("sim-clip", "sim_clip"), ("vit-b-32", random_clip(Path(folder), "ViT-B-32"))):
            encoder = encoders.load(model, device="cpu", precision="fp32")
            rates = {
                "ours": _rate(_ours(encoder), encoder, budget, True),
                "peer": _rate(_theirs(), encoder, budget, False),
            }
            yield figure(f"e2e/humanoid-{label}/vlm-rm", rates["ours"], rates["peer"], "env steps/s")
            if label == "vit-b-32":
                halved = encoders.load(model, device="cpu", precision="bf16")
                rate = _rate(_ours(halved), halved, budget, True)
                yield figure(f"e2e-bf16/humanoid-{label}/vlm-rm", rate, rates["peer"], "env steps/s")
                yield figure(f"rank-bf16/humanoid-{label}/fp32", _alike(halved, encoder), 1.0, "Spearman's rho")
            few = _rate(_ours(encoder, "ends"), encoder, budget, True, FEW)
            yield figure(f"e2e-every-{FEW}/humanoid-{label}/every-frame", few, rates["ours"], "env steps/s")


def _alike(one: Encoder, other: Encoder) -> float:
    """How alike rewards by two encoders order frames of a robot that moves at random."""
    venv = make_vec_env(ENV, ENVS, size=one.image_size)
    venv.reset(seed=0)
    venv.action_space.seed(0)
    frames = np.concatenate([venv.step(venv.action_space.sample())[4]["frame"] for _ in range(RANKED // ENVS)])
    venv.close()
    scores = [GoalBaseline(each).score_frames(frames, WORDS).numpy() for each in (one, other)]
    return spearman(*scores)


def _rate(venv: VecEnv, encoder: Encoder, budget: Budget, ours: bool, every: int = 1) -> float:
    """Steps a second after a first rollout that does not count."""
    rollout = SHORT if budget == QUICK else ROLLOUT
    fused = {"optimizer_kwargs": {"fused": True}} if ours else None
    model = SAC("MlpPolicy", venv, train_freq=rollout, gradient_steps=rollout, policy_kwargs=fused, **LEARNER)
    if ours:
        speed_up(model)
    scorer = AllCores(Scorer(rewards.load("goal_baseline", encoder)), Clock(), torch.get_num_threads())
    pays = DeferredReward(scorer, WORDS, hold=ENVS * (rollout + 2), gaps=Gaps(every))
    steps = ENVS * rollout
    with threads(learning_threads("MlpPolicy")):
        model.learn(steps, callback=pays)
        began, start = time.perf_counter(), model.num_timesteps
        while time.perf_counter() - began < budget.seconds * budget.rounds:
            model.learn(steps, callback=pays, reset_num_timesteps=False)
        rate = (model.num_timesteps - start) / (time.perf_counter() - began)
    venv.close()
    return rate


def _ours(encoder: Encoder, frames: Tapped = True) -> VecEnv:
    return VectorView(make_vec_env(ENV, ENVS, size=encoder.image_size, frames=frames))


def _theirs() -> VecEnv:
    return SubprocVecEnv([_rendered] * ENVS)


def _rendered() -> gym.Env[Any, Any]:
    return Rendered(gym.make(ENV, render_mode="rgb_array", terminate_when_unhealthy=False))
