"""A policy in a batch, on disk, and before input that does not fit."""

import json

import numpy as np
import pytest
import torch

from tests.agents.vla.conftest import SAID, SMALL, observed, squares
from vlmrl.agents.vla.eyes import FrozenEye
from vlmrl.agents.vla.model import Network, Seen, Sizes
from vlmrl.agents.vla.policy import VLAPolicy
from vlmrl.agents.vla.settings import Form, settings_of
from vlmrl.agents.vla.store import load_mind, save_mind
from vlmrl.config.schema import AgentConfig
from vlmrl.errors import ConfigError, RunError, ShapeError

RED = SAID["red"]


def nobody(*_):
    raise AssertionError("nothing is to be loaded")


@pytest.mark.parametrize("head", ["tokens", "flow"])
@pytest.mark.parametrize("ensemble", [None, 0.01])
def test_a_batch_acts_as_each_alone(clone, head, ensemble):
    mind = clone(3, head=head, ensemble=ensemble, chunk=4, replan=2)
    frames, _ = squares(5, seed=1)
    said = [RED, SAID["blue"], "", RED, SAID["blue"]]
    together, alone = VLAPolicy(mind), [VLAPolicy(mind) for _ in said]
    for moment in range(6):
        batch = {**observed(frames, RED, moment), "instruction": np.array(said)}
        many = together(batch)
        for row, policy in enumerate(alone):
            one = policy({name: values[row : row + 1] for name, values in batch.items()})
            np.testing.assert_allclose(many[row], one[0], atol=1e-5)


@pytest.mark.parametrize("head", ["tokens", "flow"])
def test_saved_and_loaded_it_acts_alike_and_needs_no_encoder(clone, head, tmp_path):
    mind = clone(3, head=head)
    save_mind(tmp_path / "mind.safetensors", mind, chosen="last checkpoint", steps=3)
    again = load_mind(tmp_path / "mind.safetensors", nobody, nobody)
    frames, _ = squares(4, seed=2)
    assert np.array_equal(VLAPolicy(mind)(observed(frames, RED)), VLAPolicy(again)(observed(frames, RED)))
    assert json.loads((tmp_path / "mind.json").read_text())["steps"] == 3


def test_weights_of_another_form_are_refused_by_name(clone, tmp_path):
    path = tmp_path / "mind.safetensors"
    save_mind(path, clone(0))
    told = json.loads(path.with_suffix(".json").read_text())
    told["form"]["bins"] = 9
    path.with_suffix(".json").write_text(json.dumps(told))
    with pytest.raises(RunError, match=r"head.logits.*\(66,\) there and \(18,\) here"):
        load_mind(path, nobody, nobody)


@pytest.mark.parametrize("name", ["mind.safetensors", "mind.json"])
def test_a_file_that_was_cut_off_is_named(clone, tmp_path, name):
    save_mind(tmp_path / "mind.safetensors", clone(0))
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RunError, match=r"mind.safetensors: .*cut off"):
        load_mind(tmp_path / "mind.safetensors", nobody, nobody)


def test_a_missing_camera_is_named(clone):
    policy = VLAPolicy(clone(0))
    seen = observed(squares(2, seed=0)[0], RED)
    with pytest.raises(ShapeError, match="looks through camera task"):
        policy({name: values for name, values in seen.items() if name != "task"})
    with pytest.raises(ShapeError, match="looks through camera task"):
        policy({**seen, "task": np.zeros((2, 8, 8, 3), np.uint8)})


def test_an_instruction_longer_than_the_context_is_refused(clone):
    with pytest.raises(ConfigError, match="tokens"):
        VLAPolicy(clone(0))(observed(squares(1, seed=0)[0], "go to the red square and then " * 20))


def test_another_encoder_than_it_learned_with_is_refused(clone, tmp_path):
    class Other:
        fingerprint = "another"

    save_mind(tmp_path / "mind.safetensors", clone(0))
    mind = load_mind(tmp_path / "mind.safetensors", Other, nobody)
    with pytest.raises(ConfigError, match="the policy learned to read with"):
        VLAPolicy(mind)(observed(squares(1, seed=0)[0], "go to the square that is red"))


def test_a_frozen_backbone_takes_the_place_of_the_small_tower(toy_encoder):
    form = Form(**SMALL, backbone="toy")
    network = Network(form, Sizes(2, 1, toy_encoder.dim), toy_encoder)
    eye = network.eyes[0]
    assert isinstance(eye, FrozenEye)
    prepared = eye.prepare(squares(3, seed=0)[0])
    assert prepared.dtype == np.float16
    seen = Seen([torch.from_numpy(prepared)], torch.zeros(3, 1), torch.zeros(3, toy_encoder.dim))
    assert network.plan(seen).shape == (3, 2, 2)
    assert not any("encoder" in name for name in network.state_dict())


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"chunk": 4, "replan": 5}, "agent.params.replan=5: is more than a plan has"),
        ({"width": 30}, "agent.params.width=30: must be a multiple"),
        ({"cameras": ["task", "task"]}, "names one twice"),
        ({"chunks": 4}, "agent.params.chunks=4: is not known; did you mean chunk"),
        ({"head": "diffusion"}, "agent.params.head=diffusion"),
        ({"bins": 1}, "agent.params.bins=1"),
    ],
)
def test_settings_that_do_not_fit_are_named(params, said):
    with pytest.raises(ConfigError) as raised:
        settings_of(AgentConfig(name="vla/bc", algorithm="vla/bc", total_steps=1, params=params))
    assert said in str(raised.value)


def test_weights_of_steps_decide_what_is_learned(clone):
    """Of two ways shown under one sentence, the one that counts is taken."""
    from dataclasses import replace

    from tests.agents.vla.conftest import shown

    demos = shown(400)
    right = np.arange(400) % 2 == 0
    actions = np.where(right[:, None], np.float32(0.8), np.float32(-0.8)) * np.ones((400, 2), np.float32)
    demos = replace(demos, actions=actions, task=np.zeros(400, np.int64), weight=right.astype(np.float32))
    policy = VLAPolicy(clone(40, demos=demos))
    assert (policy(observed(squares(5, seed=3)[0], RED)) > 0.5).all()
