"""What every agent of conf/agent promises: it builds as its YAML says, and learns from rewards that come late."""

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from stable_baselines3.common.vec_env import DummyVecEnv

import vlmrl
from vlmrl.agents.deferred import DeferredReward
from vlmrl.agents.learner import sb3
from vlmrl.agents.learner.discretise import Discretise
from vlmrl.config.compose import configure, options
from vlmrl.config.schema import AgentConfig

CONF = Path(vlmrl.__file__).parent / "conf" / "agent"
EVERY = options("agent")
PAID = tuple(name for name in EVERY if "/" not in name)
"""Those that learn from rewards; vla/bc imitates, and its tests are in tests/agents/vla."""
SMALL = {"learning_starts": 16, "buffer_size": 400, "batch_size": 16, "n_steps": 16, "gradient_steps": 2}
"""So small that a test may wait for it; what an agent's YAML does not set stays unset."""


class Point(gym.Env[Any, Any]):
    """A point on a line, pushed left and right; its frame is as bright as it is far to the right."""

    def __init__(self) -> None:
        self.observation_space = gym.spaces.Box(-1, 1, (1,), np.float32)
        self.action_space = gym.spaces.Box(-1, 1, (1,), np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.place, self.left = self.np_random.uniform(-1, 1), 10
        return self._seen()

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.place, self.left = float(np.clip(self.place + 0.3 * action[0], -1, 1)), self.left - 1
        observation, info = self._seen()
        return observation, 0.0, False, self.left == 0, info

    def _seen(self) -> tuple[Any, dict[str, Any]]:
        frame = np.full((8, 8, 3), 100 * (1 + self.place), np.uint8)
        return np.array([self.place], np.float32), {"frame": frame}


def small(name: str) -> AgentConfig:
    agent = configure(task="cartpole/upright", agent=name).agent
    params = agent.params | {key: value for key, value in SMALL.items() if key in agent.params}
    return agent.model_copy(update={"params": params | {"device": "cpu"}})


@pytest.mark.parametrize("name", EVERY)
def test_says_what_it_is_good_for(name: str) -> None:
    first = (CONF / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ")
    assert len(first) > 30


@pytest.mark.parametrize("name", PAID)
def test_builds_and_learns_from_rewards_that_come_late(name: str) -> None:
    agent = small(name)
    discrete = agent.algorithm in sb3.DISCRETE
    venv = DummyVecEnv([lambda: Discretise(Point(), agent.bins) if discrete else Point()] * 2)
    model = sb3.build(agent, venv, "MlpPolicy", seed=0)
    assert type(model).__name__ == agent.algorithm
    before = [weights.detach().clone() for weights in model.policy.parameters()]
    pays = DeferredReward(lambda frames, words: frames.mean((1, 2, 3)) / 200)
    model.learn(96, callback=pays)
    after = list(model.policy.parameters())
    assert pays.frames_scored >= 96
    assert all(torch.isfinite(weights).all() for weights in after)
    assert any(not torch.equal(new, old) for new, old in zip(after, before, strict=True))
