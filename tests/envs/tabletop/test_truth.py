"""The ground truth of instructions: what mirrors do to it, that it is a conjunction, that one state is like many."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlmrl.envs.tabletop import Instruction, instructions
from vlmrl.envs.tabletop.grammar import OPPOSITE
from vlmrl.envs.tabletop.layout import Layout
from vlmrl.envs.tabletop.scene import HALF
from vlmrl.envs.tabletop.states import starts, target
from vlmrl.envs.tabletop.truth import done, gaps, nearness

ACROSS = {"left of", "right of", "left", "right"}


def coordinate(low, high):
    return st.floats(low, high)


@st.composite
def layouts(draw):
    """Any arrangement at all, blocks on each other or in the air included."""
    place = st.tuples(coordinate(-0.25, 0.25), coordinate(-0.2, 0.12), st.sampled_from([HALF, HALF, 3 * HALF, 0.15]))
    zones = st.tuples(coordinate(-0.2, 0.2), coordinate(-0.15, 0.1))
    reach = st.tuples(coordinate(-0.2, 0.2), coordinate(-0.15, 0.1), coordinate(0.02, 0.2))
    return Layout(
        np.array([[draw(place) for _ in range(4)]]),
        np.zeros((1, 4)),
        np.array([[draw(zones) for _ in range(2)]]),
        np.array([draw(coordinate(0, 0.105))]),
        np.array([draw(coordinate(0, 0.02))]),
        np.array([draw(reach)]),
        np.array([draw(coordinate(0, 0.086))]),
    )


def mirrored(layout):
    """Left for right."""
    flip = np.array([-1.0, 1.0, 1.0])
    return layout.but(blocks=layout.blocks * flip, zones=layout.zones * flip[:2], hand=layout.hand * flip)


def mirror_of(asked):
    """What is asked in the mirrored scene."""
    turned = {word: OPPOSITE[word] if word in ACROSS else word for word in (asked.relation, asked.place)}
    return Instruction(asked.verb, asked.thing, turned[asked.relation], turned[asked.place])


def same_in_a_mirror(asked):
    return asked.thing not in ("button", "drawer", "handle") and asked.place != "drawer"


@given(layouts(), st.sampled_from([asked for asked in instructions() if same_in_a_mirror(asked)]))
def test_a_mirror_swaps_left_and_right(layout, asked):
    here, there = layout.state(), mirrored(layout).state()
    if asked.verb != "reach":  # the hand comes out of sines, which are not the same to the last bit
        np.testing.assert_array_equal(done(here, asked), done(there, mirror_of(asked)))
    np.testing.assert_allclose(nearness(here, asked), nearness(there, mirror_of(asked)), atol=1e-9)


@given(layouts(), st.sampled_from(instructions()))
def test_it_is_a_conjunction(layout, asked):
    state = layout.state()
    facts, near = gaps(state, asked), nearness(state, asked)[0]
    assert 0 <= near <= 1
    assert done(state, asked)[0] == all(fact.size[0] == 0 for fact in facts) == (near == 1)
    assert near <= min(fact.closed[0] for fact in facts), "one fact far from holding must keep all of it down"


@given(layouts(), st.sampled_from(instructions()))
def test_one_state_gives_the_numbers_of_many(layout, asked):
    many = Layout.joined([layout] * 7).state()
    alone = many[3]
    assert nearness(alone, asked) == nearness(many, asked)[3]
    assert done(alone, asked) == done(many, asked)[3]


@given(layouts())
def test_left_and_right_exclude_each_other(layout):
    state = layout.state()
    left, right = (done(state, Instruction("put", "red", side, "blue")) for side in ("left of", "right of"))
    assert not (left & right).any()


@pytest.mark.parametrize(
    "asked",
    [
        Instruction("put", "red", "in", "purple"),
        Instruction("put", "red", "behind", "blue"),
        Instruction("push", "red", "to", "left"),
    ],
)
def test_nearer_is_better(asked):
    """Carried along the straight way to where it belongs, low over the table, the score only rises."""
    layout = starts(asked, np.random.default_rng(2), 1)
    begin, end = layout.blocks[:, 0], target(asked, layout.state())
    ways = [layout.moved("red", begin + share * (end - begin)) for share in np.linspace(0, 1, 12)]
    held = Layout.joined([one.but(hand=one.blocks[:, 0]) for one in ways])
    scores = nearness(held.state(), asked)
    assert (np.diff(scores) >= -1e-9).all()
    assert scores[-1] == 1
    assert scores[0] < 0.95
