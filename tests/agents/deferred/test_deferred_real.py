"""The same on a real task, really rendered, and with a real model loaded from sentences."""

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from stable_baselines3 import PPO, SAC
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv

from tests.agents.drift import hashed, off, on, same_weights
from vlmrl.agents.deferred import DeferredReward
from vlmrl.envs.make import find_task, make_env
from vlmrl.errors import ConfigError, UnknownName
from vlmrl.types import Words
from vlmrl.wrappers.vlm_reward import VLMReward

TASK = find_task("cartpole/upright").but(horizon=15, hold=3)


def venv(inside: bool) -> DummyVecEnv:
    def one(seed: int) -> Any:
        def build() -> gym.Env[Any, Any]:
            env = make_env(TASK, size=(32, 32), seed=seed)
            return Monitor(VLMReward(env, scorer=hashed) if inside else env)

        return build

    return DummyVecEnv([one(seed) for seed in range(2)])


@pytest.mark.parametrize("kind", ["ppo", "sac"])
def test_a_rendered_task_is_paid_late_as_it_is_inside(kind: str) -> None:
    def trained(inside: bool) -> Any:
        env, late = venv(inside), None if inside else DeferredReward(hashed)
        model: Any
        if kind == "ppo":
            model = PPO("MlpPolicy", env, **on(n_steps=20, batch_size=20, n_epochs=1)).learn(80, callback=late)
        else:
            model = SAC("MlpPolicy", env, **off(train_freq=4)).learn(80, callback=late)
        env.close()
        return model

    late, inside = trained(False), trained(True)
    assert same_weights(late, inside)
    assert len(late.ep_info_buffer) == 4
    assert [e["r"] for e in late.ep_info_buffer] == [e["r"] for e in inside.ep_info_buffer]


def test_sentences_are_enough_and_pay_what_the_wrapper_pays(toy_directory: Path, words: Words) -> None:
    said: dict[str, Any] = {"goal": words.goal, "baseline": words.baseline, "encoder": f"local-dir:{toy_directory}"}
    env = venv(inside=False)
    model = SAC("MlpPolicy", env, **off(train_freq=10))
    model.learn(40, callback=(late := DeferredReward(**said, alpha=0.5)))
    env.close()
    assert late.frames_scored == 40 + 4  # each step, and each of four episodes' first frames
    assert late.seconds > 0

    single = VLMReward(make_env(TASK, size=(32, 32), seed=0), **said, alpha=0.5)
    single.reset(seed=3)  # as SB3 seeds the first environment of a learner with seed 3
    buffer: Any = model.replay_buffer
    rewards = [single.step(single.action_space.low + (a + 1))[1] for a in buffer.actions[:12, 0]]  # type: ignore[attr-defined]
    single.close()
    np.testing.assert_allclose(buffer.rewards[:12, 0], np.array(rewards, dtype=float), atol=1e-5)


def test_words_that_cannot_be_scored_are_refused_before_the_first_step(toy_directory: Path) -> None:
    env = venv(inside=False)
    model = SAC("MlpPolicy", env, **off())
    encoder = f"local-dir:{toy_directory}"
    with pytest.raises(ConfigError, match="baseline"):
        model.learn(10, callback=DeferredReward(goal="a pole standing upright", encoder=encoder))
    with pytest.raises(ConfigError, match="has no words"):
        model.learn(10, callback=DeferredReward(goal="", baseline="a pole", encoder=encoder))
    with pytest.raises(UnknownName, match=r"encoder=sim_clop.*did you mean sim_clip"):
        model.learn(10, callback=DeferredReward(goal="up", baseline="a pole", encoder="sim_clop"))
    assert model.num_timesteps == 0
    env.close()
