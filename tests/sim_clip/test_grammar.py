"""The language: graded, conjunctive, and honest about what it holds out."""

import json

import numpy as np
import pytest

from vlmrl.envs.task import State
from vlmrl.find import names
from vlmrl.sim_clip.data import domain_of
from vlmrl.sim_clip.evaluate import LITTLE_RIGHT, SENTENCES
from vlmrl.sim_clip.grammar import held, held_out_wordings, near, near_angle, sample, trained, wordings

every_domain = pytest.mark.parametrize("name", names("language"))


@every_domain
def test_every_value_has_many_wordings_and_none_is_held_out(name):
    domain = domain_of(name)
    for value in domain.values:
        said, unsaid = set(wordings(domain, value)), set(held_out_wordings(domain, value))
        assert len(said) >= 100, value.name
        assert unsaid, value.name
        assert not said & unsaid, value.name


@every_domain
def test_no_caption_of_the_training_is_a_held_out_sentence(name):
    domain = domain_of(name)
    drawn = {sentence.text.lower() for sentence in sample(domain, np.random.default_rng(0), 10_000, 3_000)}
    written = json.loads(SENTENCES.read_text())[name]
    assert len(written) >= 50
    overlap = [item["text"] for item in written if item["text"].lower().rstrip(".") in drawn]
    assert len(overlap) <= 5, (
        overlap
    )  # the plainest wordings may coincide: they were written without a look at the grammar
    assert not {text.lower() for text in LITTLE_RIGHT} & drawn


def test_the_untrained_goal_is_never_captioned():
    domain = domain_of("cartpole")
    for value in domain.values:
        assert not any("little right" in text or "slightly to the right" in text for text in wordings(domain, value))


@pytest.mark.parametrize(
    "name",
    sorted(
        set(names("language"))
        - {"walker", "humanoid", "hopper", "cheetah", "quadruped", "dm_humanoid", "ball_in_cup", "fish"}
    ),
)  # their nearness needs kinematics: test_data
def test_nearness_spans_its_whole_range(name):
    domain = domain_of(name)
    n = 20_000
    poses = domain.poses(np.random.default_rng(0), n)
    nothing = np.zeros((n, 0))
    mocap = poses.mocap_pos if poses.mocap_pos is not None else np.zeros((n, 0, 3))
    near_all = domain.nearness(State(poses.qpos, poses.qpos, nothing, mocap, nothing, nothing, nothing, nothing))
    assert near_all.shape == (n, len(domain.values))
    assert near_all.dtype == np.float32
    assert ((near_all >= 0) & (near_all <= 1)).all()
    assert (near_all.max(0) > 0.75).all()
    assert (near_all.min(0) < 0.2).all()


def test_a_sentence_of_two_facts_is_a_conjunction():
    domain = domain_of("cartpole")
    pairs = [sentence for sentence in sample(domain, np.random.default_rng(1), 5, 200) if len(sentence.says) == 2]
    assert len(pairs) > 150
    for sentence in pairs:
        facts = {domain.values[i].fact for i in sentence.says}
        assert facts == {"pole", "cart"}


def test_near_falls_in_a_straight_line_to_the_farther_end():
    np.testing.assert_allclose(near(np.array([-1.0, 0.0, 0.5, 1.0]), 0.5, -1, 1), [0, 2 / 3, 1, 2 / 3])
    np.testing.assert_allclose(near_angle(np.array([0, np.pi / 2, np.pi, -np.pi / 2]), 0.0), [1, 0.5, 0, 0.5])


def test_the_last_of_four_or_more_is_held_out():
    assert trained(("a", "b", "c", "d")) == ("a", "b", "c")
    assert held(("a", "b", "c", "d")) == ("d",)
    assert trained(("a", "b")) == ("a", "b")
    assert held(("a", "b")) == ()
