"""The environments that a run learns in: batched where they can be, and no number differs for it."""

import numpy as np
import pytest
import torch
from stable_baselines3.common.vec_env import DummyVecEnv

from tests.agents import plugin
from vlmrl.agents.build import World, build_scorer, find_world
from vlmrl.agents.deferred import DeferredReward
from vlmrl.agents.deferred.guards import layers
from vlmrl.agents.learner import sb3
from vlmrl.agents.learner.discretise import DiscretiseEnvs
from vlmrl.agents.timing import Clock
from vlmrl.agents.vec_env import VectorView

pytestmark = pytest.mark.usefixtures("dots")


@pytest.mark.parametrize(
    ("where", "kind"),
    [
        ({"env": None, "task": "cartpole/upright"}, VectorView),
        ({"env": "Hopper-v5"}, VectorView),
        ({}, DummyVecEnv),
    ],
)
def test_environments_with_a_batched_form_are_stepped_in_it(tmp_path, where, kind):
    venv = find_world(plugin.config(tmp_path / "run", **where)).envs(True, Clock(), 2)
    *_, innermost = layers(venv)
    assert type(innermost) is kind
    venv.close()


@pytest.mark.parametrize("where", [{"env": None, "task": "pendulum/upright"}, {}])
@pytest.mark.parametrize("obs", ["state", "both"])
def test_frames_that_nobody_scores_are_not_drawn_unless_the_agent_sees_them(tmp_path, where, obs):
    config = plugin.config(tmp_path / "run", obs=obs, scoring={"every": 4}, **where)
    venv = find_world(config).envs(True, Clock(), 2)
    venv.reset()
    *_, innermost = layers(venv)
    assert all("frame" in info for info in innermost.reset_infos)
    *_, infos = venv.step(np.stack([venv.action_space.sample()] * 2))
    assert all(("frame" in info) == (obs == "both") for info in infos)
    assert len(venv.env_method("frame", indices=[1])) == 1
    venv.close()


def learned(config):
    """The weights after some episodes, and what became of these."""
    world = find_world(config)
    venv = world.envs(True, Clock(), 2)
    model = sb3.build(config.agent, venv, config.policy, 5)
    model.learn(240, callback=DeferredReward(build_scorer(config, world.words), world.words))
    episodes = [(episode["r"], episode["l"]) for episode in model.ep_info_buffer]
    venv.close()
    return {name: value.clone() for name, value in model.policy.state_dict().items()}, episodes


@pytest.mark.parametrize("algorithm", ["SAC", "PPO", "DQN"])
def test_learning_in_a_batch_is_learning_in_single_environments(tmp_path, monkeypatch, algorithm):
    """Bit for bit, with episodes that end."""
    config = plugin.config(tmp_path / "run", algorithm, env=None, task="reacher/touch")
    batched, episodes = learned(config)
    monkeypatch.setattr(World, "_batch", lambda *_: None)
    single, others = learned(config)
    assert len(episodes) == 2
    assert episodes == others
    assert all(torch.equal(batched[name], value) for name, value in single.items())
    assert batched.keys() == single.keys()


def test_drawing_in_a_batch_is_counted_as_rendering(tmp_path):
    clock = Clock()
    venv = find_world(plugin.config(tmp_path / "run", env=None, task="cartpole/upright")).envs(True, clock, 2)
    venv.reset()
    drawn = clock.seconds["rendering"]
    venv.step(np.zeros((2, 1), np.float32))
    assert 0 < drawn < clock.seconds["rendering"]
    assert clock.seconds["simulation"] > 0
    venv.close()


def test_a_learner_that_chooses_is_offered_choices_in_a_batch(tmp_path):
    world = find_world(plugin.config(tmp_path / "run", "DQN", env=None, task="reacher/touch"))
    venv = world.envs(False, Clock(), 2)
    assert venv.action_space == world.env(False).action_space
    assert venv.action_space.n == 9
    venv.close()
    assert any(isinstance(layer, DiscretiseEnvs) for layer in layers(venv))
