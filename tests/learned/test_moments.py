"""What an optimiser remembers comes back under flat names: the steps after are those of one that never stopped."""

import torch

from vlmrl.learned import moments


def stepped(weight, optimiser, steps):
    for _ in range(steps):
        optimiser.zero_grad()
        (weight.square().sum() + weight.sum()).backward()
        optimiser.step()


def test_it_goes_on_where_it_was():
    whole = torch.nn.Parameter(torch.arange(3.0))
    told = torch.optim.AdamW([whole], 0.1)
    assert moments.flat(told) == {}
    stepped(whole, told, 3)
    kept = {name: value.clone() for name, value in moments.flat(told).items()}
    assert set(kept) == {"0/step", "0/exp_avg", "0/exp_avg_sq"}
    again = torch.nn.Parameter(whole.detach().clone())
    other = torch.optim.AdamW([again], 0.1)
    moments.put(other, kept)
    stepped(whole, told, 2)
    stepped(again, other, 2)
    assert torch.equal(whole, again)


def test_names_are_parted_at_the_first_slash():
    one, two = torch.ones(1), torch.zeros(1)
    assert moments.under("a", {"a/b/c": one, "ab/c": two, "a": two}) == {"b/c": one}
