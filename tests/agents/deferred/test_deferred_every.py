"""Scoring every k-th frame alone: what the others are paid, and that nobody draws them."""

from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from stable_baselines3 import A2C, DQN, PPO, SAC
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv

from tests.agents.drift import Drift, HashScorer, hashed, off, on, same_weights
from vlmrl.agents.deferred import DeferredReward, Gaps
from vlmrl.agents.learner.discretise import Discretise
from vlmrl.agents.vec_env import VectorView
from vlmrl.envs.batch import make_vec_env
from vlmrl.envs.frame_tap import FrameTap
from vlmrl.envs.make import find_task, make_env
from vlmrl.errors import ConfigError

pytestmark = pytest.mark.filterwarnings("ignore:termination")

TASK = find_task("pendulum/upright").but(horizon=15, hold=3)


class Ticking(Drift):
    """Its frames show how late it is, on a line whose slope is the episode's own."""

    def reset(self, **settings: Any) -> tuple[Any, dict[str, Any]]:
        seen, info = super().reset(**settings)
        self.slope = 1 + abs(int(1000 * self.state[0])) % 20
        return seen, {**info, "frame": self._frame()}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        *rest, info = super().step(action)
        return *rest, {**info, "frame": self._frame()}  # type: ignore[return-value]  # five of them

    def _frame(self) -> Any:
        return np.full((2, 2, 3), self.slope * self.t, np.uint8)


def brightness(frames: Any, words: Any = None) -> Any:
    return frames.mean((1, 2, 3), dtype=np.float32) / 8


LEARNERS: dict[str, Any] = {
    "ppo": partial(PPO, **on(n_steps=24, batch_size=24, n_epochs=2)),
    "a2c": partial(A2C, **on(n_steps=7)),
    "sac": partial(SAC, **off(train_freq=5, gradient_steps=2)),
    "sac, each step": partial(SAC, **off(train_freq=1)),
    "dqn": partial(DQN, **off(train_freq=4)),
}


def paid(kind: str, every: int, **settings: Any) -> tuple[Any, DeferredReward]:
    """Rewards of the last rollout, or of all that the replay buffer holds."""

    def one(seed: int) -> Any:
        def build() -> gym.Env[Any, Any]:
            env: gym.Env[Any, Any] = Ticking()
            env = Discretise(env, bins=3) if kind == "dqn" else env
            env.reset(seed=seed)
            return Monitor(env)

        return build

    # Nothing is learned, so that all act alike whatever they are paid.
    model = LEARNERS[kind]("MlpPolicy", DummyVecEnv([one(seed) for seed in range(2)]), learning_rate=0.0)
    model.learn(240, callback=(late := DeferredReward(brightness, gaps=Gaps(every, **settings))))
    buffer = model.rollout_buffer if kind in ("ppo", "a2c") else model.replay_buffer
    return buffer.rewards.copy(), late


@pytest.mark.parametrize("kind", LEARNERS)
@pytest.mark.parametrize("every", [2, 3, 8])
def test_scores_on_a_line_are_paid_as_if_all_frames_were_scored(kind: str, every: int) -> None:
    (some, few), (every_one, all_of_them) = paid(kind, every), paid(kind, 1)
    np.testing.assert_allclose(some, every_one, atol=1e-5)
    assert few.frames_scored < all_of_them.frames_scored or kind == "sac, each step"


def test_holding_looks_at_nothing_to_come() -> None:
    rewards, late = paid("sac", 3, between="hold")
    scored, _ = paid("sac", 1)
    fresh = np.isclose(rewards, scored)
    assert (rewards <= scored + 1e-6).all(), "brightness only grows within an episode"
    assert 0.3 < fresh.mean() < 0.9
    assert late.frames_scored < 240


@pytest.mark.parametrize("between", ["line", "hold"])
@pytest.mark.parametrize("kind", ["ppo", "sac"])
def test_frames_that_nobody_draws_change_no_bit(kind: str, between: Any) -> None:
    def trained(frames: Any, batched: bool = False) -> Any:
        if batched:
            envs: VecEnv = VectorView(make_vec_env(TASK, 2, size=(16, 16), frames=frames))
        else:
            envs = DummyVecEnv([lambda: make_env(TASK, size=(16, 16), frames=frames)] * 2)
        settings = on(n_steps=20, batch_size=20, n_epochs=1) if kind == "ppo" else off(train_freq=5)
        model: Any = (PPO if kind == "ppo" else SAC)("MlpPolicy", envs, **settings)
        model.learn(120, callback=DeferredReward(hashed, gaps=Gaps(3, between)))
        envs.close()
        return model

    drawn = trained(True)
    assert same_weights(trained("ends"), drawn)
    assert same_weights(trained("ends", batched=True), drawn)


def test_few_frames_are_drawn() -> None:
    drawn = []

    class Counted(FrameTap):
        def frame(self) -> Any:
            drawn.append(1)
            return super().frame()

    inner = make_env(TASK, frames=False)
    model = SAC("MlpPolicy", Counted(inner, (16, 16), TASK.camera, every_step=False), **off(train_freq=5))
    model.learn(60, callback=(late := DeferredReward(scorer := HashScorer(), gaps=Gaps(5))))
    assert len(drawn) == late.frames_scored == sum(scorer.batches) == 1 + 60 // 5 + 60 // 15


@pytest.mark.parametrize("wrong", [{"every": 0}, {"between": "curve"}])
def test_settings_that_mean_nothing_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"every=.*between=.*must be 1 or more, and one of line, hold"):
        Gaps(**wrong)


def test_a_step_that_nobody_can_draw_is_named() -> None:
    class Silent(Ticking):
        def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
            *rest, info = super().step(action)
            del info["frame"]
            return *rest, info  # type: ignore[return-value]  # five of them

    with pytest.raises(ConfigError, match=r"info\['frame'\] of env 0 at step 4"):
        SAC("MlpPolicy", Silent(wall=9.0), **off(train_freq=8)).learn(20, callback=DeferredReward(hashed, gaps=Gaps(4)))
