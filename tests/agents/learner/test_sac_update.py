"""The gradients written out by hand are those that Stable-Baselines3 gets from autograd."""

from copy import deepcopy
from typing import Any
from unittest import mock

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces
from sb3_contrib import TQC
from stable_baselines3 import SAC, TD3
from stable_baselines3.common.logger import configure
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv, VecNormalize

from vlmrl.agents.learner.sac_update import MOST_ROWS, SacUpdate, speed_up

BATCH = 32


class Void(gym.Env[Any, Any]):
    """Nothing happens in it; its spaces are what counts."""

    def __init__(self, actions: int = 2, dtype: Any = np.float64) -> None:
        self.observation_space = spaces.Box(-9, 9, (3,), dtype)
        self.action_space = spaces.Box(-2, 1, (actions,), np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        return self.observation_space.sample(), {}


def made(kind: Any = SAC, policy: str = "MlpPolicy", scaled: bool = False, **settings: Any) -> Any:
    """An algorithm whose replay buffer is full of steps, some of them last ones."""
    torch.manual_seed(0)
    venv: VecEnv = DummyVecEnv([Void] * 2)
    if scaled:
        venv = VecNormalize(venv, norm_reward=False)
        venv.obs_rms.update(np.random.default_rng(1).normal(1, 3, (99, 3)))
    shape = {"policy_kwargs": {"net_arch": [24, 16]}} | settings
    model: Any = kind(policy, venv, seed=0, buffer_size=400, device="cpu", **shape)
    model.set_logger(configure(None, []))
    rng = np.random.default_rng(0)
    for _ in range(200):
        seen, after = rng.normal(size=(2, 2, 3))
        ended = rng.random(2) < 0.2
        infos = [{"TimeLimit.truncated": bool(rng.random() < 0.5)} for _ in range(2)]
        model.replay_buffer.add(seen, after, rng.uniform(-1, 1, (2, 2)), rng.normal(size=2), ended, infos)
    return model


def updated(model: Any, times: int = 12, steps: int = 1) -> dict[str, float]:
    """Update it, and give back what it logged last."""
    np.random.seed(3)
    torch.manual_seed(3)
    for at in range(times):
        model._current_progress_remaining = 1 - at / times
        model.train(gradient_steps=steps, batch_size=BATCH)
    logged: dict[str, float] = dict(model.logger.name_to_value)
    return logged


def state(model: Any) -> dict[str, torch.Tensor]:
    """All numbers that learning changed: networks, optimisers' moments, the entropy coefficient."""
    found = dict(model.policy.state_dict())
    for name in ("actor", "critic"):
        moments = getattr(model, name).optimizer.state_dict()["state"]
        found |= {f"{name}/{at}/{key}": value for at, each in moments.items() for key, value in each.items()}
    if model.log_ent_coef is not None:
        found["log_ent_coef"] = model.log_ent_coef.data
    return found


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"scaled": True},
        {"ent_coef": 0.3},
        {"ent_coef": "auto_0.1", "target_entropy": -0.5},
        {"policy_kwargs": {"net_arch": {"pi": [16], "qf": [24, 24, 8]}}},
        {"policy_kwargs": {"net_arch": [16], "n_critics": 3}},
        {"policy_kwargs": {"net_arch": [16], "optimizer_class": torch.optim.AdamW}},
        {"learning_rate": lambda left: 1e-2 * left},
        {"tau": 0.3, "gamma": 0.5},
    ],
    ids=lambda settings: ", ".join(settings) or "as it comes",
)
def test_it_updates_as_stable_baselines3_does(settings):
    theirs, ours = made(**settings), made(**settings)
    assert speed_up(ours)
    before = {name: value.clone() for name, value in state(ours).items()}
    told, want = updated(ours), updated(theirs)
    assert set(told) == set(want)
    for name, value in want.items():
        assert told[name] == pytest.approx(value, abs=2e-5), name
    for key, tensor in state(theirs).items():
        torch.testing.assert_close(state(ours)[key], tensor, atol=2e-5, rtol=1e-4, msg=key)
    assert not any(torch.equal(state(ours)[key], tensor) for key, tensor in before.items() if key.endswith("weight"))


def test_the_clamp_of_the_deviation_has_no_slope():
    theirs, ours = made(), made()
    for model in (theirs, ours):
        model.actor.log_std.bias.data += torch.tensor([3.0, -21.0])  # above one bound, below the other
    speed_up(ours)
    updated(theirs)
    updated(ours)
    torch.testing.assert_close(ours.actor.log_std.weight, theirs.actor.log_std.weight, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("every", [1, 3])
def test_target_networks_follow_as_often_as_they_should(every):
    model = made(target_update_interval=every)
    speed_up(model)
    with mock.patch.object(torch, "_foreach_lerp_", wraps=torch._foreach_lerp_) as follow:
        updated(model, 1, 7)
    assert follow.call_count == -(-7 // every)


def test_more_updates_than_are_drawn_at_once():
    model = made()
    speed_up(model)
    steps = MOST_ROWS // BATCH + 5
    with mock.patch.object(model.replay_buffer, "sample", wraps=model.replay_buffer.sample) as sample:
        assert updated(model, 1, steps)["train/n_updates"] == steps
    assert [call.args[0] for call in sample.call_args_list] == [MOST_ROWS, 5 * BATCH]


def test_weights_loaded_afterwards_are_those_that_learn():
    """A checkpoint is put into a model that was built, and so sped up, before."""
    source, theirs, ours = made(), made(), made()
    speed_up(ours)
    updated(source, 3)
    for model in (theirs, ours):
        model.set_parameters(deepcopy(source.get_parameters()))
        updated(model, 3)
    for name, value in state(theirs).items():
        torch.testing.assert_close(state(ours)[name], value, atol=2e-5, rtol=1e-4, msg=name)


@pytest.mark.parametrize(
    "other",
    [
        lambda: made(TD3),
        lambda: made(TQC),
        lambda: made(type("Mine", (SAC,), {})),
        lambda: made(use_sde=True),
        lambda: made(policy_kwargs={"activation_fn": torch.nn.Tanh}),
        lambda: made(policy_kwargs={"net_arch": []}),
        lambda: made(policy_kwargs={"share_features_extractor": True}),
        lambda: made(n_steps=3),
    ],
)
def test_what_it_does_not_know_keeps_its_own_update(other):
    model = other()
    assert not speed_up(model)
    assert not isinstance(model.train, SacUpdate)
    assert "train/n_updates" in updated(model, 1)
