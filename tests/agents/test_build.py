"""The environments that a run learns in: batched where they can be, and no number differs for it."""

import numpy as np
import pytest
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnvWrapper
from stable_baselines3.common.vec_env.base_vec_env import VecEnv

from tests.agents import plugin
from vlmrl.agents.build import World, find_world
from vlmrl.agents.learner.discretise import DiscretiseEnvs
from vlmrl.agents.timing import Clock
from vlmrl.agents.train import train
from vlmrl.agents.vec_env import VectorView
from vlmrl.config.run_dir import RunDir

pytestmark = pytest.mark.usefixtures("dots")


def innermost(venv: VecEnv) -> VecEnv:
    while isinstance(venv, VecEnvWrapper):
        venv = venv.venv
    return venv


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
    assert type(innermost(venv)) is kind
    venv.close()


@pytest.mark.parametrize("algorithm", ["SAC", "PPO", "DQN"])
def test_learning_in_a_batch_is_learning_in_single_environments(tmp_path, lines, monkeypatch, algorithm):
    """Bit for bit, with episodes that end: the same files but for times."""
    found = {}
    for name in ("batched", "single"):
        if name == "single":
            monkeypatch.setattr(World, "_batch", lambda *_: None)
        config = plugin.config(tmp_path / name, algorithm, 400, env=None, task="reacher/touch")
        run = RunDir.open(train(config, lines.append).path)
        with np.load(run.evaluations) as evaluations:
            curve = evaluations["results"]
        monitor = [line.split(",")[:2] for line in run.monitor.read_text().splitlines()[2:]]
        found[name] = monitor, curve.tolist(), run.read_json("last_model.json")
    assert len(found["batched"][0]) == 4
    assert found["batched"] == found["single"]


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
    layers = []
    while isinstance(venv, VecEnvWrapper):
        layers.append(type(venv))
        venv = venv.venv
    assert DiscretiseEnvs in layers
