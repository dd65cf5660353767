"""What sim-clip may read about the tabletop: its tasks' own words, and nothing that the grammar holds out."""

import re

import numpy as np
import pytest

from vlmrl.envs import find_task, tabletop
from vlmrl.envs.task import State
from vlmrl.sim_clip.grammar import wordings
from vlmrl.sim_clip.language.tabletop import DOMAIN, WITHHELD


@pytest.fixture(scope="module")
def captions():
    return {text: value.name for value in DOMAIN.values for text in wordings(DOMAIN, value)}


def test_every_instruction_has_a_sight_that_is_taught_or_withheld():
    known = {text for value in (*DOMAIN.values, *WITHHELD) for text in wordings(DOMAIN, value)}
    assert not [one.name for one in tabletop.instructions() if tabletop.caption(one) not in known]
    assert len(WITHHELD) == 30
    assert not {value.name for value in WITHHELD} & set(DOMAIN.index)


def test_no_held_out_sentence_or_noun_is_trained_on(captions):
    assert not set(tabletop.sentences("held_out")) & set(captions)
    words = {word for text in captions for word in re.findall(r"[a-z]+", text)}
    assert not words & {"brick", "disc", "tower", "fingertips", "shove", "nudge", "raise", "store"}


def test_no_withheld_combination_is_trained_on(captions):
    assert not {text for value in WITHHELD for text in wordings(DOMAIN, value)} & set(captions)


@pytest.mark.parametrize("name", DOMAIN.tasks)
def test_the_words_of_a_task_are_taught(name, captions):
    task = find_task(name)
    assert {captions[text] for text in task.goal} == set(DOMAIN.asked[name])
    assert not [text for text in task.negative if text not in captions]
    assert not set(task.baseline) - set(DOMAIN.neutral)


def test_what_is_withheld_has_a_nearness_too():
    poses = DOMAIN.poses(np.random.default_rng(0), 2000)
    nothing = np.zeros((2000, 0))
    state = State(poses.qpos, nothing, nothing, poses.mocap_pos, nothing, nothing, nothing, nothing)
    for value in WITHHELD:
        near = value.near(state)
        assert near.min() >= 0
        assert near.max() > 0.75
        assert near.max() <= 1
