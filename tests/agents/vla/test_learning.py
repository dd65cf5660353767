"""What an update draws and is lost by: early steps, and what the robot will feel at the end."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.agents.vla.conftest import SMALL, shown, squares
from vlmrl.agents.vla.learning import EARLY, Learner, since_begin
from vlmrl.agents.vla.lexicon import Lexicon
from vlmrl.agents.vla.model import Network, Sizes
from vlmrl.agents.vla.settings import Settings


@given(st.lists(st.integers(1, 6), min_size=1, max_size=8))
def test_steps_are_counted_from_their_episodes_beginning(lengths):
    episode = np.repeat(np.arange(len(lengths)), lengths)
    assert since_begin(episode).tolist() == [step for length in lengths for step in range(length)]


def two_steps(count=750):
    """Of each episode a step at the middle, where nothing is felt, and one at the end, where the place is felt."""
    one = shown(count, 0)
    _, ways = squares(count, 0)
    there = ways[np.arange(count), one.task]
    rows = np.repeat(np.arange(count), 2)
    state = np.stack([np.zeros_like(there), there], axis=1).reshape(-1, 2)
    left = np.tile([2, 1], count)
    names = ("actions", "task", "episode", "held", "weight")
    return replace(
        one,
        pictures=tuple(frames[rows] for frames in one.pictures),
        state=state.astype(np.float32),
        left=left,
        **{name: getattr(one, name)[rows] for name in names},
    )


@pytest.fixture
def learner(toy_encoder):
    def made(demos, **settings):
        torch.manual_seed(0)
        chosen = Settings(**{**SMALL, "learning_rate": 3e-3, "averaging": 0.98, **settings})
        lexicon = Lexicon.of([one for several in demos.sentences for one in several], toy_encoder)
        network = Network(chosen.form, Sizes(2, demos.state.shape[1], lexicon.dim))
        return Learner(network, demos, lexicon, chosen, 400, seed=0)

    return made


@pytest.mark.parametrize(("early", "lowest", "highest"), [(1.0, 1.0, 1.0), (0.5, 0.5, 0.8), (0.0, 0.0, 0.4)])
def test_as_many_steps_as_asked_are_early_ones(learner, early, lowest, highest):
    demos = shown(200)
    demos = replace(
        demos, episode=np.arange(200) // 20, left=np.tile(np.arange(20, 0, -1), 10), held=np.zeros(200, bool)
    )
    taught = learner(demos, early=early, batch_size=64)
    rows = taught._drawn(np.random.default_rng(0))
    assert len(rows) == 64
    assert lowest <= (since_begin(demos.episode)[rows] < EARLY).mean() <= highest


def test_without_early_steps_that_count_others_are_drawn(learner):
    demos = shown(40)
    demos = replace(demos, episode=np.zeros(40, np.int64), left=np.arange(40, 0, -1), held=np.zeros(40, bool))
    taught = learner(replace(demos, weight=(np.arange(40) >= EARLY).astype(np.float32)), early=0.5)
    assert (taught._drawn(np.random.default_rng(0)) >= EARLY).all()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_it_foresees_where_the_robot_will_be_from_the_picture_and_the_sentence(learner):
    demos = two_steps()
    taught = learner(demos, foresight=5.0)
    for _ in range(400):
        taught.update()
    begins = np.flatnonzero(demos.held & (demos.left == 2))
    with taught.averaged() as network, torch.no_grad():
        seen = taught._seen(begins, np.random.default_rng(0), 0.0)
        told = taught.proprio.from_unit(network.foresee(network.gist(seen)).numpy())
    wanted = demos.state[begins + 1]
    missed = ((told - wanted) ** 2).mean() / wanted.var()
    assert missed < 0.3
