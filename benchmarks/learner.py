"""SAC's updates a second, as runs make them, beside Stable-Baselines3's own of the same networks; on one thread."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3 import SAC
from stable_baselines3.common.logger import configure

from benchmarks.speed import Budget, Figure, alternated, figures
from vlmrl.agents.learner.sac_update import speed_up

CASES = {"learner/sac-step": ("InvertedPendulum-v5", 128), "learner/sac-step-humanoid": ("Humanoid-v5", 256)}
BATCH = 256
STEPS = 20
"""Updates a call."""
ROWS = 5_000


def measure(budget: Budget) -> Iterator[Figure]:
    """``learner/sac-step/sb3``: the stock SAC; ``…/sb3-fused``: with the fused Adam that ours has as well."""
    torch.set_num_threads(1)
    for label, (env, hidden) in CASES.items():
        models = {"ours": _learner(env, hidden, True), "sb3": _learner(env, hidden, False)}
        models["sb3-fused"] = _learner(env, hidden, True)
        assert speed_up(models["ours"])
        ways = {name: partial(model.train, STEPS, BATCH) for name, model in models.items()}
        yield from figures(label, "updates/s", alternated(ways, budget, each=STEPS))


def _learner(env: str, hidden: int, fused: bool) -> SAC:
    """A SAC with some random steps to learn from."""
    networks: dict[str, Any] = {"net_arch": [hidden, hidden]} | ({"optimizer_kwargs": {"fused": True}} if fused else {})
    model = SAC("MlpPolicy", gym.make(env), policy_kwargs=networks, buffer_size=ROWS, device="cpu", seed=0)
    model.set_logger(configure(None, []))
    seen, act, rng = model.observation_space, model.action_space, np.random.default_rng(0)
    assert model.replay_buffer is not None
    for _ in range(ROWS):
        before, after = rng.normal(size=(2, 1, *(seen.shape or ())))
        action = rng.uniform(-1, 1, (1, *(act.shape or ())))
        model.replay_buffer.add(before, after, action, rng.normal(size=1), np.zeros(1), [{}])
    return model
