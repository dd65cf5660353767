"""The clipped loss, number by number; what has no more to gain moves nothing."""

import math

import pytest
import torch

from vlmrl.agents.vla.online.losses import apart, clipped, outside

LOW, HIGH = 0.2, 0.28


@pytest.fixture
def told():
    """Likelihoods of four plans of three actions of two numbers, the last action of the second not carried out."""
    generator = torch.Generator().manual_seed(0)
    before = -torch.rand(4, 3, 2, generator=generator)
    now = before + 0.6 * torch.randn(4, 3, 2, generator=generator)
    there = torch.ones(4, 3)
    there[1, 2] = 0.0
    return now, before, torch.tensor([1.0, -2.0, 0.5, -0.1]), there


def surrogate(ratio: float, advantage: float) -> float:
    return min(ratio * advantage, min(max(ratio, 1 - LOW), 1 + HIGH) * advantage)


def test_each_number_has_its_own_ratio(told):
    now, before, advantages, there = told
    found = []
    for plan in range(4):
        for step in range(3):
            for number in range(2):
                if there[plan, step]:
                    ratio = math.exp(float(now[plan, step, number] - before[plan, step, number]))
                    found.append(surrogate(ratio, float(advantages[plan])))
    assert float(clipped(now, before, advantages, there, (LOW, HIGH))) == pytest.approx(
        -sum(found) / len(found), abs=1e-6
    )


def test_or_a_plan_has_one_for_all_that_was_carried_out(told):
    now, before, advantages, there = told
    found = []
    for plan in range(4):
        change = sum(float((now - before)[plan, step].sum()) for step in range(3) if there[plan, step])
        found.append(surrogate(math.exp(change), float(advantages[plan])))
    assert float(clipped(now, before, advantages, there, (LOW, HIGH), "chunk")) == pytest.approx(
        -sum(found) / 4, abs=1e-6
    )


@pytest.mark.parametrize(
    ("ratio", "advantage", "moves"),
    [(1.25, 1.0, True), (1.3, 1.0, False), (0.75, -1.0, False), (0.85, -1.0, True), (1.3, -1.0, True)],
)
def test_there_is_more_room_above_than_below(ratio, advantage, moves):
    now = torch.tensor([[[math.log(ratio)]]], requires_grad=True)
    clipped(now, torch.zeros(1, 1, 1), torch.tensor([advantage]), torch.ones(1, 1), (LOW, HIGH)).backward()
    assert bool(now.grad.any()) == moves


def test_the_distance_is_that_of_the_distributions():
    """k3 is unbiased: its mean under the one policy is the KL of it from the other."""
    one, other = torch.tensor([0.6, 0.3, 0.1]), torch.tensor([0.2, 0.5, 0.3])
    exact = float((one * (one / other).log()).sum())
    drawn = torch.multinomial(one, 200_000, replacement=True, generator=torch.Generator().manual_seed(0))
    found = apart(one.log()[drawn][:, None, None], other.log()[drawn][:, None, None], torch.ones(200_000, 1))
    assert float(found) == pytest.approx(exact, rel=0.02)
    assert float(apart(one.log()[None, None], one.log()[None, None], torch.ones(1, 1))) == 0.0


def test_what_was_not_carried_out_counts_nowhere(told):
    now, before, advantages, there = told
    other = now.clone()
    other[1, 2] = 5.0
    for likelihood in ("token", "chunk"):
        one, two = (clipped(some, before, advantages, there, (LOW, HIGH), likelihood) for some in (now, other))
        assert one == two
    assert apart(now, before, there) == apart(other, before, there)
    assert outside(now, before, there, (LOW, HIGH)) == outside(other, before, there, (LOW, HIGH))
