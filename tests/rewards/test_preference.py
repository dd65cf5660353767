"""The reward whose nets learn from comparisons: what it makes of them, and who may use it before they have learned."""

import numpy as np
import pytest

from tests.rewards.taught.test_bradley_terry import one_by_one
from vlmrl import rewards
from vlmrl.cli._entries import entries
from vlmrl.errors import ConfigError
from vlmrl.rewards._taught.bradley_terry import Label, Lesson, Nets, save
from vlmrl.wrappers.asking import load_scorer


def test_the_reward_is_the_mean_of_its_nets_and_changes_its_name_with_them(toy_encoder, frames, words):
    model = rewards.load("preference", toy_encoder)
    embeddings = toy_encoder.images(frames).numpy()
    np.testing.assert_allclose(
        model.score_frames(frames, words).numpy(), one_by_one(model.nets, embeddings).mean(0), atol=1e-4
    )
    before = model.fingerprint
    Lesson(passes=1).teach(model.nets, [Label(embeddings[:1], embeddings[1:2], 1.0)], np.random.default_rng(0))
    assert model.fingerprint != before


def test_where_nobody_teaches_it_a_reward_that_has_learned_nothing_is_refused(toy_encoder, tmp_path):
    said = r"reward=preference: has learned nothing yet, .* give reward\.nets=FILE"
    with pytest.raises(ConfigError, match=said):
        rewards.taught("preference", toy_encoder)
    with pytest.raises(ConfigError, match=said):
        load_scorer("the pole is up", reward="preference")
    assert [one.contender.reward for one in entries("all", "sim_clip", "shipped") if "preference" in str(one)] == []
    nets = Nets(toy_encoder.dim)
    save(tmp_path / "nets.safetensors", nets, {"encoder": toy_encoder.fingerprint})
    model = rewards.taught("preference", toy_encoder, nets=str(tmp_path / "nets.safetensors"))
    assert not model.untaught
    assert rewards.taught("cosine", toy_encoder).fingerprint == rewards.load("cosine", toy_encoder).fingerprint


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"ask": {"evry": 3}}, r"reward\.ask\.evry"),
        ({"ask": {"pool": 1}}, r"reward\.ask\.pool"),
        ({"learn": {"temperature": 0}}, r"reward\.learn\.temperature"),
        ({"learn": {"members": 0}}, r"reward\.learn\.members"),
        ({"nets": "nowhere.safetensors"}, r"reward\.nets=nowhere.safetensors: cannot be read"),
    ],
)
def test_settings_out_of_range_are_refused(toy_encoder, settings, said):
    with pytest.raises(ConfigError, match=said):
        rewards.load("preference", toy_encoder, **settings)
