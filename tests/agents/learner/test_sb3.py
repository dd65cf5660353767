import base64
import io
import json
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import torch
from stable_baselines3 import SAC
from stable_baselines3.common.utils import LinearSchedule
from stable_baselines3.common.vec_env import DummyVecEnv

from tests.agents import plugin
from vlmrl.agents.learner import sb3
from vlmrl.agents.learner.discretise import Discretise
from vlmrl.agents.learner.parameters import constructor_arguments
from vlmrl.config.schema import AgentConfig
from vlmrl.errors import ConfigError, RunError, UnknownName


def agent(algorithm="SAC", **params):
    given = plugin.PARAMS.get(algorithm, plugin.SAC)
    return AgentConfig(name="own", algorithm=algorithm, total_steps=100, n_envs=2, params=given | params)


@pytest.fixture
def venv(dot):
    return DummyVecEnv([dot, dot])


def test_a_rate_falls_in_a_line_from_start_to_end():
    rate = constructor_arguments({"learning_rate": {"start": 1e-3, "end": "1e-4"}}, 1)["learning_rate"]
    assert type(rate) is LinearSchedule
    assert [rate(left) for left in (1.0, 0.5, 0.0)] == pytest.approx([1e-3, 5.5e-4, 1e-4])


def test_names_become_classes_and_lists_become_tuples():
    params = {
        "train_freq": [8, "step"],
        "action_noise": 0.2,
        "policy_kwargs": {"activation_fn": "ELU", "optimizer_class": "AdamW", "net_arch": [8]},
    }
    arguments = constructor_arguments(params, 3)
    assert arguments["train_freq"] == (8, "step")
    assert arguments["action_noise"]().shape == (3,)
    assert arguments["policy_kwargs"] == {
        "activation_fn": torch.nn.ELU,
        "optimizer_class": torch.optim.AdamW,
        "net_arch": [8],
    }


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"gamma": {"start": 0.9, "end": 0.99}}, r"gamma=.*takes one value; only learning_rate"),
        ({"learning_rate": {"from": 1, "to": 2}}, r"learning_rate=.*\{start: 1e-3, end: 1e-4\}"),
        ({"learning_rate": {"start": "fast", "end": 0}}, r"learning_rate\.start=fast: must be a finite number"),
        ({"action_noise": -1}, r"action_noise=-1: must be a finite number of at least 0"),
        ({"policy_kwargs": [8]}, r"policy_kwargs=\[8\]: must be a mapping"),
        ({"policy_kwargs": {"activation_fn": "ReLUU"}}, r"activation_fn=ReLUU: is not known; did you mean ReLU\?"),
        ({"replay_buffer_class": "HerReplayBuffer"}, r"the algorithm's own buffer; leave it out"),
        ({"optimize_memory_usage": True}, r"the algorithm's own buffer; leave it out"),
    ],
)
def test_what_cannot_be_built_is_named(params, message):
    with pytest.raises(ConfigError, match=message):
        constructor_arguments(params, 1)


@pytest.mark.parametrize("name", ["A2C", "CrossQ", "DDPG", "DQN", "PPO", "QRDQN", "SAC", "TD3", "TQC", "TRPO"])
def test_every_algorithm_that_can_learn_here_is_found(name):
    assert sb3.find_algorithm(name).__name__ == name


def test_unknown_and_unfit_algorithms_are_told_apart():
    with pytest.raises(UnknownName, match=r"agent\.algorithm=SCA: is not known; did you mean SAC\?"):
        sb3.find_algorithm("SCA")
    with pytest.raises(ConfigError, match="RecurrentPPO: a policy is judged and filmed without memory"):
        sb3.find_algorithm("RecurrentPPO")


def test_dqn_builds_on_choices(dot):
    venv = DummyVecEnv([lambda: Discretise(dot(), bins=5)])
    model = sb3.build(agent("DQN"), venv, "MlpPolicy", seed=0)
    assert model.action_space.n == 5


def test_a_misspelled_keyword_is_named(venv):
    with pytest.raises(ConfigError, match=r"agent\.params\.bach_size=8: is not known; did you mean .*batch_size"):
        sb3.build(agent(bach_size=8), venv, "MlpPolicy", seed=0)


def test_what_the_algorithm_refuses_is_told_in_its_words(venv):
    with pytest.raises(ConfigError, match=r"agent\.algorithm=DQN: refuses these settings: .*action space"):
        sb3.build(agent("DQN"), venv, "MlpPolicy", seed=0)


def test_episodes_cannot_be_counted_over_two_environments(venv):
    with pytest.raises(ConfigError, match=r"train_freq=1 episodes: needs agent\.n_envs=1"):
        sb3.build(agent(train_freq=[1, "episode"]), venv, "MlpPolicy", seed=0)


def test_the_same_seed_builds_the_same_network(venv):
    one, two, other = (sb3.build(agent(), venv, "MlpPolicy", seed=seed) for seed in (1, 1, 2))
    first = [model.policy.state_dict()["actor.mu.weight"] for model in (one, two, other)]
    assert torch.equal(first[0], first[1])
    assert not torch.equal(first[0], first[2])


def test_weights_come_back_with_optimisers_and_learned_scalars(venv, tmp_path):
    model = sb3.build(agent(), venv, "MlpPolicy", seed=1)
    model.learn(80)
    path = tmp_path / "model.zip"
    path.write_bytes(sb3.model_bytes(model))
    fresh = sb3.build(agent(), venv, "MlpPolicy", seed=2)
    sb3.load_weights(fresh, path)
    for name, value in model.policy.state_dict().items():
        assert torch.equal(value, fresh.policy.state_dict()[name])
    assert torch.equal(model.log_ent_coef, fresh.log_ent_coef)
    assert fresh.log_ent_coef.requires_grad
    moments = [one.actor.optimizer.state_dict()["state"][0]["exp_avg"] for one in (model, fresh)]
    assert torch.equal(*moments)


def test_other_networks_and_damaged_files_are_refused(venv, tmp_path):
    model = sb3.build(agent(), venv, "MlpPolicy", seed=1)
    path = tmp_path / "model.zip"
    path.write_bytes(sb3.model_bytes(model))
    larger = sb3.build(agent(policy_kwargs={"net_arch": [32]}), venv, "MlpPolicy", seed=1)
    with pytest.raises(RunError, match=r"does not hold the weights of this agent .*size mismatch|Error\(s\)"):
        sb3.load_weights(larger, path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(RunError, match="does not hold the weights of this agent"):
        sb3.load_weights(model, path)
    with pytest.raises(RunError, match="does not hold the weights of this agent"):
        sb3.load_weights(model, tmp_path / "missing.zip")


class Bomb:
    def __reduce__(self):
        return (open, (self.place, "w"))

    def __init__(self, place):
        self.place = place


def test_nothing_in_a_zip_is_unpickled_when_weights_are_read(venv, tmp_path):
    model = sb3.build(agent(), venv, "MlpPolicy", seed=1)
    sound = zipfile.ZipFile(io.BytesIO(sb3.model_bytes(model)))
    path, mark = tmp_path / "model.zip", tmp_path / "executed"
    bomb = base64.b64encode(pickle.dumps(Bomb(str(mark)))).decode()
    with zipfile.ZipFile(path, "w") as archive:
        for name in sound.namelist():
            poisoned = json.dumps({"policy_class": {":type:": "x", ":serialized:": bomb}}).encode()
            archive.writestr(name, poisoned if name == "data" else sound.read(name))
    sb3.load_weights(model, path)
    assert not mark.exists()


def test_the_zip_loads_where_vlmrl_is_not_installed(venv, tmp_path):
    falling = {"start": 1e-3, "end": 1e-4}
    model = sb3.build(agent(learning_rate=falling, action_noise=0.1), venv, "MlpPolicy", seed=1)
    model.learn(60)
    path = tmp_path / "model.zip"
    path.write_bytes(sb3.model_bytes(model))
    code = plugin.blocked(f"""
import numpy as np
from stable_baselines3 import SAC
model = SAC.load({str(path)!r}, device="cpu")
print(model.predict(np.array([0.25], np.float32), deterministic=True)[0][0])
assert abs(model.lr_schedule(0.5) - 5.5e-4) < 1e-9
assert not any("_orig_mod" in name for name in model.policy.state_dict())
""")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    mine = model.predict(np.array([0.25], np.float32), deterministic=True)[0][0]
    assert float(done.stdout) == pytest.approx(float(mine), abs=1e-6)


def test_the_zip_holds_no_observation_and_no_episode(venv, tmp_path):
    model = sb3.build(agent(), venv, "MlpPolicy", seed=1)
    model.learn(64)
    path = tmp_path / "model.zip"
    path.write_bytes(sb3.model_bytes(model))
    with zipfile.ZipFile(path) as archive:
        kept = json.loads(archive.read("data"))
    assert not {"_last_obs", "ep_info_buffer"} & set(kept)
    loaded = SAC.load(path, env=venv)
    loaded.learn(16, reset_num_timesteps=False)
    assert loaded.num_timesteps == 80
