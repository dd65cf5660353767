"""Heads against their formulas, as slowly as they read."""

import numpy as np
import pytest
import torch

from vlmrl.agents.vla.bins import middles
from vlmrl.agents.vla.heads import PERIODS, FlowHead, TokenHead, waves
from vlmrl.agents.vla.settings import Form
from vlmrl.errors import ConfigError

FORM = Form(width=16, heads=2, chunk=3, replan=1, bins=7, flow_steps=5)


def read(asked):
    return torch.tanh(asked) + torch.linspace(-1, 1, asked.shape[-1])


@pytest.fixture
def wanted():
    return torch.rand(4, 3, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_tokens_are_lost_by_the_cross_entropy_of_their_bins(wanted):
    head = TokenHead(FORM, 2)
    loss = head.loss(read, wanted)
    logits = head.logits(read(torch.zeros(4, 3, 16))).view(4, 3, 2, 7)
    for place in np.ndindex(4, 3, 2):
        index = min(int((wanted[place].item() + 1) / 2 * 7), 6)
        row = logits[place]
        slow = torch.log(torch.exp(row).sum()) - row[index]
        assert loss[place].item() == pytest.approx(slow.item(), abs=1e-5)


def test_the_likelihoods_of_all_bins_sum_to_one():
    head = TokenHead(FORM, 2)
    every = [middles(torch.full((1, 3, 2), index), 7) for index in range(7)]
    total = sum(head.log_likelihood(read, done).exp() for done in every)
    torch.testing.assert_close(total, torch.ones(1, 3, 2))


def test_tokens_act_by_the_likeliest_bin_and_draw_by_likelihood(wanted):
    head = TokenHead(FORM.model_copy(update={"decode": "mode"}), 2)
    best = head.act(read, 1)
    every = torch.stack([head.log_likelihood(read, middles(torch.full((1, 3, 2), i), 7)) for i in range(7)])
    torch.testing.assert_close(best, middles(every.argmax(0), 7))
    drawn = head.act(read, 4000, torch.Generator().manual_seed(0))
    share = (drawn == best).float().mean(0)
    torch.testing.assert_close(share, every.max(0).values.exp()[0], atol=0.04, rtol=0)


def test_tokens_act_by_the_mean_over_bins(wanted):
    head = TokenHead(FORM, 2)
    every = [middles(torch.full((1, 3, 2), index), 7) for index in range(7)]
    mean = sum(head.log_likelihood(read, done).exp() * done for done in every)
    torch.testing.assert_close(head.act(read, 1), mean)


def test_the_flow_is_lost_as_the_formula_reads(wanted):
    head = FlowHead(FORM, 2)
    generator = torch.Generator().manual_seed(3)
    noise, time = torch.randn(wanted.shape, generator=generator), torch.tensor([0.001, 0.3, 0.7, 1.0])
    loss = head.loss_at(read, wanted, noise, time)
    for row in range(4):
        t = time[row].item()
        mixed = t * noise[row] + (1 - t) * wanted[row]
        velocity = head.velocity(read, mixed[None], time[row : row + 1])[0]
        torch.testing.assert_close(loss[row], (velocity - (noise[row] - wanted[row])) ** 2)


def test_times_of_the_flow_are_drawn_as_pi_zero_draws_them(wanted):
    seen = []

    class Telling(FlowHead):
        def loss_at(self, read, wanted, noise, time):
            seen.append(time)
            return super().loss_at(read, wanted, noise, time)

    Telling(FORM, 2).loss(read, torch.zeros(20_000, 3, 2), torch.Generator().manual_seed(0))
    assert seen[0].min() >= 0.001
    assert seen[0].max() <= 1.0
    assert seen[0].mean().item() == pytest.approx(0.001 + 0.999 * 0.6, abs=0.01)  # of Beta(1.5, 1)


def test_the_right_velocity_leads_from_noise_to_the_actions(wanted):
    class Knowing(FlowHead):
        def velocity(self, read, mixed, time):
            return (mixed - wanted) / time[:, None, None]  # of the straight way on which mixed lies

    torch.testing.assert_close(Knowing(FORM, 2).act(read, 4), wanted, atol=1e-5, rtol=0)


def test_without_a_generator_a_flow_always_tells_the_same():
    head = FlowHead(FORM, 2)
    torch.testing.assert_close(head.act(read, 2), head.act(read, 2))
    assert not torch.equal(head.act(read, 2, torch.Generator().manual_seed(0)), head.act(read, 2))


def test_a_flow_tells_no_likelihood(wanted):
    with pytest.raises(ConfigError, match=r"agent\.params\.head=tokens"):
        FlowHead(FORM, 2).log_likelihood(read, wanted)


def test_waves_have_their_periods():
    shortest, longest = PERIODS
    for period, column in ((shortest, 0), (longest, 7)):
        there = waves(torch.tensor([0.1, 0.1 + period]), 16)
        torch.testing.assert_close(there[0, column], there[1, column], atol=2e-3, rtol=0)
