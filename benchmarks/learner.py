"""SAC's updates a second, as runs make them, beside those of others with the same networks and batches.

Torch runs on one thread, which is what runs do. SBX (Stable-Baselines3 in JAX) takes part where it is installed:
compiled, with as many updates of the actor as the others, and all the cores that it wants.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from functools import partial
from typing import Any, TypeVar

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3 import SAC
from stable_baselines3.common.logger import configure
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm

from benchmarks.speed import Budget, Figure, alternated, figures
from vlmrl.agents.learner.sac_update import speed_up

CASES = {"learner/sac-step": ("InvertedPendulum-v5", 128), "learner/sac-step-humanoid": ("Humanoid-v5", 256)}
BATCH = 256
STEPS = 20
"""Updates a call."""
ROWS = 5_000
Learner = TypeVar("Learner", bound=OffPolicyAlgorithm)


def measure(budget: Budget) -> Iterator[Figure]:
    """``learner/sac-step/sb3``: the stock SAC; ``…/sb3-fused``: with the fused Adam that ours has; and ``…/sbx``."""
    torch.set_num_threads(1)
    for label, (env, hidden) in CASES.items():
        ours = _learner(env, hidden, True)
        assert speed_up(ours)
        models: dict[str, Any] = {"ours": ours, "sb3": _learner(env, hidden, False)}
        models["sb3-fused"] = _learner(env, hidden, True)
        if importlib.util.find_spec("sbx"):
            models["sbx"] = _sbx(env, hidden)
        ways = {name: partial(model.train, STEPS, BATCH) for name, model in models.items()}
        yield from figures(label, "updates/s", alternated(ways, budget, each=STEPS))


def _learner(env: str, hidden: int, fused: bool) -> SAC:
    """A SAC of Stable-Baselines3 with something to learn from."""
    networks: dict[str, Any] = {"net_arch": [hidden, hidden]} | ({"optimizer_kwargs": {"fused": True}} if fused else {})
    model = SAC("MlpPolicy", gym.make(env), policy_kwargs=networks, buffer_size=ROWS, device="cpu", seed=0)
    return _filled(model)


def _sbx(env: str, hidden: int) -> Any:
    """The same in JAX."""
    networks = {"net_arch": [hidden, hidden]}
    make = importlib.import_module("sbx").SAC
    return _filled(make("MlpPolicy", gym.make(env), policy_kwargs=networks, buffer_size=ROWS, policy_delay=1, seed=0))


def _filled(model: Learner) -> Learner:
    """A learner with some random steps in its replay buffer."""
    model.set_logger(configure(None, []))
    seen, act, rng = model.observation_space, model.action_space, np.random.default_rng(0)
    assert model.replay_buffer is not None
    for _ in range(ROWS):
        before, after = rng.normal(size=(2, 1, *(seen.shape or ())))
        action = rng.uniform(-1, 1, (1, *(act.shape or ())))
        model.replay_buffer.add(before, after, action, rng.normal(size=1), np.zeros(1), [{}])
    return model
