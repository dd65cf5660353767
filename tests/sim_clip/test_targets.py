"""The cosines that training aims at."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from vlmrl.sim_clip.grammar import near
from vlmrl.sim_clip.targets import HIGH, LOW, NEUTRAL, NEUTRAL_UNSEEN, cosines


def one(near, seen, first, second):
    return float(
        cosines(torch.tensor([near]), torch.tensor([seen]), torch.tensor([first]), torch.tensor([second]))[0, 0]
    )


def test_a_true_caption_is_high_and_the_farthest_low():
    assert one([1.0, 0.2], 1.0, 0, -1) == pytest.approx(HIGH)
    assert one([0.0, 0.2], 1.0, 0, -1) == pytest.approx(LOW)


def test_two_facts_are_a_product_and_not_a_mean():
    half = one([1.0, 0.5], 1.0, 0, 1)
    assert abs(half - (LOW + (HIGH - LOW) * 0.5)) < 1e-6
    assert abs(one([1.0, 0.0], 1.0, 0, 1) - LOW) < 1e-6


def test_a_neutral_caption_says_nothing_of_the_state():
    assert one([1.0, 0.0], 1.0, -1, -1) == one([0.0, 1.0], 1.0, -1, -1) == pytest.approx(NEUTRAL)


@given(st.floats(0, 1), st.integers(-1, 1))
def test_out_of_view_every_goal_is_at_its_lowest_and_neutral_below_its_own(near, first):
    low = one([near, near], 0.0, first, -1)
    assert abs(low - (NEUTRAL_UNSEEN if first < 0 else LOW)) < 1e-6


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_the_target_stays_in_its_range_and_rises_with_nearness(near, other, seen):
    value = one([near, other], seen, 0, 1)
    assert LOW - 1e-6 <= value <= HIGH + 1e-6
    assert one([min(1.0, near + 0.1), other], seen, 0, 1) >= value - 1e-6


def test_vectors_of_length_one_can_have_all_these_cosines_at_once():
    """Two independent facts with five places each, a sentence for every place and every two, and a neutral one."""
    torch.manual_seed(0)
    places = (-1.0, -0.5, 0.0, 0.5, 1.0)
    facts = np.random.default_rng(0).uniform(-1, 1, (300, 2))
    close = torch.tensor(np.stack([near(facts[:, fact], at, -1, 1) for fact in (0, 1) for at in places], 1)).float()
    pairs = [(a, b) for a in range(5) for b in range(5, 10)]
    first = torch.tensor([-1, *range(10), *(a for a, _ in pairs)])
    second = torch.tensor([-1] * 11 + [b for _, b in pairs])
    wanted = cosines(close, torch.ones(300), first, second)
    frames, sentences = (torch.randn(n, 64).requires_grad_() for n in (300, len(first)))
    optimiser = torch.optim.Adam([frames, sentences], lr=0.03)
    for _ in range(400):
        had = F.normalize(frames, dim=1) @ F.normalize(sentences, dim=1).T
        loss = (had - wanted).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert float(loss.detach()) ** 0.5 < 0.02 * (HIGH - LOW)
