"""The weight of the words beside the task's own reward, while agents learn: slow gradients, and where it goes."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from sb3_contrib import TQC
from stable_baselines3 import A2C, DQN, PPO, SAC, TD3
from stable_baselines3.common.vec_env import VecNormalize

from tests.agents.drift import envs, off, on
from vlmrl.agents.deferred import DeferredReward, StudentGaps, aligning
from vlmrl.agents.deferred.aligning import policy_gradients
from vlmrl.errors import ConfigError
from vlmrl.shaping import Chain
from vlmrl.shaping.blend import Blend, advantages
from vlmrl.shaping.score import Score

pytestmark = pytest.mark.filterwarnings("ignore:termination")


def place(frames: Any, words: Any = None) -> Any:
    """Where the point of :class:`Drift` is along the axis by which it succeeds, read off the picture."""
    rows = np.ascontiguousarray(frames).reshape(len(frames), -1)[:, :8]
    return np.clip(np.ascontiguousarray(rows).view(np.float64)[:, 0], -2, 2).astype(np.float32)


class Where:
    """Words that pay for the same, or for the opposite."""

    def __init__(self, sign: float = 1.0) -> None:
        self.sign = sign

    def frames(self, frames: Any, words: Any) -> Any:
        return self.sign * place(frames)


def paid(sign: float = 1.0, **settings: Any) -> DeferredReward:
    return DeferredReward(Where(sign), shape=Chain([Score(), Blend(**settings)]))


def ppo(n: int = 4, env: Any = None, **changes: Any) -> Any:
    return PPO("MlpPolicy", env or envs(n), **on(**{"n_steps": 64, "batch_size": 64, "n_epochs": 1, **changes}))


def sac(kind: Any = SAC, env: Any = None, **changes: Any) -> Any:
    return kind("MlpPolicy", env or envs(2), **off(**{"train_freq": 4, "buffer_size": 2000, **changes}))


def seen_as_dicts() -> Any:
    return PPO("MultiInputPolicy", envs(3, dict_obs=True), **on(n_steps=8, batch_size=8, n_epochs=1))


@pytest.mark.parametrize("make", [ppo, sac, lambda: sac(TQC), seen_as_dicts])
def test_gradients_are_those_of_each_step_on_its_own_summed_up(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Any] = []

    def compared(model: Any, steps: Any) -> Any:
        found = policy_gradients(model, steps)
        kept.append((found, slow(model, steps)))
        return found

    monkeypatch.setattr(aligning, "AT_ONCE", 10)
    monkeypatch.setattr(aligning, "WINDOW", 60)
    monkeypatch.setattr(aligning, "policy_gradients", compared)
    model = make()
    model.learn(100, callback=paid())
    for one, other in zip(*kept[0], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3 * np.abs(other).max())


def slow(model: Any, steps: Any) -> Any:
    """One step of one environment at a time, and the features taken from the policy by name."""
    policy, done = model.policy, np.stack([one.done for one in steps])
    on_policy = hasattr(policy, "action_net")
    last = policy.action_net if on_policy else policy.actor.mu
    features, gradients = [], []
    for one in steps:
        for env in range(len(one.done)):
            seen = {k: v[[env]] for k, v in one.observation.items()} if isinstance(one.observation, dict) else None
            row = policy.obs_to_tensor(one.observation[[env]] if seen is None else seen)[0]
            action = torch.as_tensor(one.actions[[env]])
            if on_policy:
                inner = policy.mlp_extractor.forward_actor(policy.extract_features(row))
                likely = policy.get_distribution(row).log_prob(action)
            else:
                actor = policy.actor
                inner = actor.latent_pi(actor.extract_features(row, actor.features_extractor))
                mean, deviation, _ = actor.get_action_dist_params(row)
                likely = actor.action_dist.proba_distribution(mean, deviation).log_prob(action)
            features.append(inner.detach().numpy()[0])
            parts = torch.autograd.grad(likely.sum(), list(last.parameters()))
            gradients.append(torch.cat([part.flatten() for part in parts]).double().numpy())
    shaped = np.array(features, float).reshape(*done.shape, -1)
    found = []
    for part in ("own", "words"):
        worth = advantages(np.stack([getattr(one, part) for one in steps]), done, model.gamma, shaped).ravel()
        found.append(sum(a * g for a, g in zip(worth, gradients, strict=True)))
    return found


@pytest.mark.parametrize("make", [ppo, lambda: ppo(env=VecNormalize(envs(4), norm_reward=False))])
def test_words_that_pay_for_the_same_come_to_count_and_those_that_pay_for_the_opposite_cease_to(make: Any) -> None:
    helping, harming = paid(rate=0.25, most=3.0), paid(-1.0, rate=0.25, most=3.0)
    make().learn(256 * 12, callback=helping)
    make().learn(256 * 12, callback=harming)
    assert helping.aligning.weight == 3.0
    assert harming.aligning.weight == 0.0


def test_rows_of_a_replay_buffer_are_worth_what_they_are_worth_by_the_weight_of_today(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aligning, "WINDOW", 100)
    model, late = sac(), paid(-1.0, rate=0.3)
    model.learn(1200, callback=late)
    buffer = model.replay_buffer
    rows = buffer.size()
    assert late.aligning.weight == 0.0
    moved_to = buffer.next_observations[:rows, :, 0]
    np.testing.assert_array_equal(buffer.own_rewards[:rows], moved_to > 0)
    np.testing.assert_allclose(buffer.word_rewards[:rows], -np.clip(moved_to, -2, 2), atol=1e-5)
    np.testing.assert_array_equal(buffer.rewards[:rows], buffer.own_rewards[:rows])


@pytest.mark.parametrize("kind", [SAC, TD3, DQN])
def test_without_a_rate_the_weight_stays_and_any_learner_will_do(kind: Any) -> None:
    env = None
    if kind is DQN:

        class Pushed(gym.ActionWrapper[Any, Any, Any]):
            def __init__(self, env: Any) -> None:
                super().__init__(env)
                self.action_space = gym.spaces.Discrete(2)

            def action(self, action: Any) -> Any:
                return np.full(2, 2.0 * action - 1)

        env = envs(2, wrap=Pushed)
    model, late = sac(kind, env), paid(rate=0.0, weight=0.5)
    model.learn(200, callback=late)
    buffer, rows = model.replay_buffer, model.replay_buffer.size()
    moved_to = buffer.next_observations[:rows, :, 0]
    np.testing.assert_allclose(buffer.rewards[:rows], (moved_to > 0) + 0.5 * np.clip(moved_to, -2, 2), atol=1e-5)
    assert late.aligning.weight is None
    assert not hasattr(buffer, "own_rewards")


def test_a_learner_that_draws_nothing_by_chance_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"shaping\.blend\.rate: .*TD3 draws no actions by chance; take rate=0"):
        sac(TD3).learn(40, callback=paid())


def test_late_scores_and_a_weight_that_moves_do_not_go_together() -> None:
    shape = Chain([Score(), Blend()])
    with pytest.raises(ConfigError, match=r"how well the words pay is not known while scores come in late"):
        DeferredReward(Where(), shape=shape, gaps=StudentGaps(4, late=True))


class Hopeless(gym.Wrapper[Any, Any, Any, Any]):
    """Where nobody ever succeeds."""

    def step(self, action: Any) -> Any:
        *told, info = self.env.step(action)
        return *told, {**info, "success": False}


class Silent(gym.Wrapper[Any, Any, Any, Any]):
    """Where nobody knows what success is."""

    def step(self, action: Any) -> Any:
        *told, info = self.env.step(action)
        del info["success"]
        return *told, info


@pytest.mark.parametrize("kind", [PPO, A2C])
def test_before_the_first_success_the_weight_stays_where_it_is(kind: Any) -> None:
    late = paid()
    kind("MlpPolicy", envs(2, wrap=Hopeless), **on(n_steps=16)).learn(200, callback=late)
    assert (late.aligning.weight, late.aligning.cosine) == (1.0, None)


def test_a_world_that_tells_no_success_is_refused_at_the_first_step() -> None:
    with pytest.raises(ConfigError, match=r"shaping\.blend\.own=success: .*env 0"):
        ppo(env=envs(2, wrap=Silent)).learn(64, callback=paid())


def test_what_moves_is_logged() -> None:
    model, logged = ppo(), []
    late = DeferredReward(
        Where(),
        shape=Chain([Score(), Blend()]),
        after_labels=[lambda: logged.append(dict(model.logger.name_to_value))],
    )
    model.learn(256, callback=late)
    assert logged[-1]["scoring/weight"] == late.aligning.weight != 1.0
    assert logged[-1]["scoring/alignment"] == late.aligning.cosine > 0
