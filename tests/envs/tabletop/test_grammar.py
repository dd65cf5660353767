"""Sentences and instructions: each way and back, the split, and what a wrong sentence is told."""

import hashlib
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrl.envs import find_task, task_names
from vlmrl.envs.tabletop import Instruction, caption, instructions, parse, sentences, wordings
from vlmrl.envs.tabletop.grammar import miss
from vlmrl.envs.tabletop.scene import COLOURS
from vlmrl.errors import ConfigError, UnknownName


@given(st.sampled_from(sorted(sentences())), st.sampled_from([str.upper, str.title, "  {}. ".format, "{}!".format]))
def test_a_sentence_means_its_instruction_however_it_is_written(sentence, written):
    assert parse(written(sentence)) == sentences()[sentence]


def test_every_instruction_can_be_said_in_several_ways_and_each_means_it():
    for asked in instructions():
        said = wordings(asked)
        assert len(said) == len(set(said)) >= 5
        assert {parse(sentence) for sentence in said} == {asked}


def test_there_are_hundreds():
    assert len(instructions()) > 100
    assert len(sentences("train")) > 1000
    assert len(sentences("held_out")) > 500


def test_the_split_is_one():
    train, held_out = sentences("train"), sentences("held_out")
    assert not train.keys() & held_out.keys()
    assert list(sentences()) == [one for one in sentences() if one in train or one in held_out]
    assert set(instructions("train")).isdisjoint(instructions("held_out"))
    assert set(train.values()) == set(instructions("train")), "a held-out combination is said in training"
    assert not {wording for asked in instructions() for wording in wordings(asked, "held_out")} & train.keys()


def test_the_split_stays_what_it_was():
    """Whoever changes the grammar makes results of the old one incomparable, and must know it."""
    told = "\n".join(sentences("held_out")).encode()
    assert hashlib.sha256(told).hexdigest()[:16] == "d52973382b5eda68"


def test_each_kind_withholds_one_colour_and_training_knows_every_word():
    held_out: dict[tuple[str, ...], set[str]] = defaultdict(set)
    kept: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for asked in instructions():
        if asked.thing in COLOURS:
            place = "" if asked.place in COLOURS or asked.form == "put by" else asked.place
            (held_out if asked.held_out else kept)[asked.form, asked.relation, place].add(asked.thing)
    assert held_out.keys() == kept.keys()
    for kind, colours in held_out.items():
        assert len(colours) == 1
        assert colours | kept[kind] == set(COLOURS)
        assert colours.isdisjoint(kept[kind])


def test_named_tasks_are_for_training():
    for name in task_names():
        if name.startswith("tabletop/"):
            assert not parse(find_task(name).goal[1]).held_out


def test_a_sentence_that_is_none_names_the_nearest():
    with pytest.raises(UnknownName, match="did you mean put the red block left of the blue block"):
        parse("put the red block left of the bleu block")


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(ConfigError, match=r"stack red on red.*cannot be asked"):
        Instruction("stack", "red", "on", "red")
    with pytest.raises(ConfigError, match=r"split=test.*train or held_out"):
        sentences("test")


@pytest.mark.parametrize(
    ("sentence", "done", "missed"),
    [
        ("put the red cube to the left of the blue one", "the red block is left of the blue block", "right of"),
        ("slide the green block to the back side", "the green block is at the back of the table", "front"),
        ("shut the drawer", "the drawer is closed", "the drawer is open"),
        ("touch the drawer handle", "the gripper touches the drawer handle", "far from the drawer handle"),
    ],
)
def test_what_is_seen_when_done_and_when_not(sentence, done, missed):
    assert caption(parse(sentence)) == done
    assert missed in miss(parse(sentence))
