"""Nets that learn from comparisons: the loss as the paper reads, what they learn, and their file."""

import numpy as np
import pytest
import torch

from vlmrl.errors import ConfigError
from vlmrl.rewards._taught.bradley_terry import (
    Label,
    Lesson,
    Nets,
    _stacked,
    bradley_terry,
    disagreement,
    foretold,
    load,
    save,
)

DIM = 6


def embedded(count, seed=0):
    rows = np.random.default_rng(seed).normal(size=(count, DIM)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def labels(count, frames=(1, 1), seed=0):
    """Answers of somebody who likes the first number of an embedding."""
    found = []
    for pair in range(count):
        a, b = (embedded(frames[side], seed + 2 * pair + side) for side in (0, 1))
        found.append(Label(a, b, float(b[:, 0].mean() > a[:, 0].mean())))
    return found


def one_by_one(nets, rows):
    """What each net says of each row, a neuron at a time."""
    said = np.empty((nets.members, len(rows)))
    for member in range(nets.members):
        for at, row in enumerate(rows):
            x = (row.astype(float) - nets.weights["middle"].numpy()) / float(nets.weights["spread"])
            for layer in range(3):
                weights, bias = (nets.weights[f"{kind}{layer}"][member].numpy() for kind in "wb")
                x = np.array([sum(x[i] * weights[i, j] for i in range(len(x))) + bias[0, j] for j in range(bias.size)])
                x = np.array([one if layer == 2 or one > 0 else 0.01 * one for one in x])
            said[member, at] = np.tanh(x[0])
    return said


def test_each_net_is_what_its_neurons_say():
    nets = Nets(DIM, members=2, width=5, seed=3)
    nets.center_on(torch.from_numpy(embedded(9, seed=5)))
    rows = embedded(4)
    np.testing.assert_allclose(nets(torch.from_numpy(rows)).numpy(), one_by_one(nets, rows), atol=1e-5)
    np.testing.assert_allclose(nets.score(rows), one_by_one(nets, rows).mean(0), atol=1e-5)


def test_the_loss_is_bradley_and_terrys():
    """``-log P(what was said)`` with ``P(b) = exp(R(b)) / (exp(R(a)) + exp(R(b)))``, as the paper writes it."""
    nets, temperature = Nets(DIM, members=2, width=5), 0.5
    some = [*labels(3, (1, 1)), *labels(2, (4, 2), seed=50), Label(embedded(1, 98), embedded(1, 99), 0.3)]
    rows = torch.tensor([[0, 2, 4, 5], [3, 3, 1, 5]])
    losses = []
    for member in range(2):
        for place in rows[member].tolist():
            one = some[place]
            worth_a, worth_b = (one_by_one(nets, side)[member].mean() / temperature for side in (one.a, one.b))
            chance = np.exp(worth_b) / (np.exp(worth_a) + np.exp(worth_b))
            losses.append(-(one.better * np.log(chance) + (1 - one.better) * np.log(1 - chance)))
    fast = bradley_terry(nets, *_stacked(some), rows, temperature)
    assert float(fast) == pytest.approx(np.mean(losses), abs=1e-5)


def test_disagreement_is_the_deviation_of_what_the_nets_believe():
    nets = Nets(DIM, members=4, width=5)
    a, b = embedded(5, 1), embedded(5, 2)
    chances = 1 / (1 + np.exp(-(one_by_one(nets, b) - one_by_one(nets, a)) / 0.5))
    slow = np.sqrt(((chances - chances.mean(0)) ** 2).mean(0))
    np.testing.assert_allclose(disagreement(nets, a, b, 0.5), slow, atol=1e-5)


def test_the_nets_learn_what_somebody_likes():
    nets = Nets(DIM, seed=1)
    before = nets.digest
    right = Lesson().teach(nets, labels(300), np.random.default_rng(0))
    assert right > 0.95
    assert nets.digest != before
    assert foretold(nets, labels(200, seed=10_000)) > 0.9
    seen = embedded(200, 77_777)
    assert np.corrcoef(nets.score(seen), seen[:, 0])[0, 1] > 0.85
    assert np.abs(nets.score(seen)).max() < 1


def test_films_teach_as_frames_do():
    nets = Nets(DIM, seed=1)
    Lesson().teach(nets, labels(300, (3, 5)), np.random.default_rng(0))
    assert foretold(nets, labels(200, seed=10_000)) > 0.85


def test_learning_is_the_same_twice_and_draws_nothing_from_others():
    twice = []
    for _ in range(2):
        nets = Nets(DIM, seed=1)
        torch.manual_seed(0)
        Lesson(passes=3).teach(nets, labels(40), np.random.default_rng(0))
        twice.append((nets.digest, torch.rand(1).item()))
    torch.manual_seed(0)
    assert twice[0] == twice[1]
    assert twice[0][1] == torch.rand(1).item()


def test_nothing_is_learned_from_no_answer():
    with pytest.raises(ConfigError, match="labels: are none"):
        Lesson().teach(Nets(DIM), [], np.random.default_rng(0))


def test_a_file_gives_the_same_nets(tmp_path):
    nets = Nets(DIM, members=2, width=5)
    Lesson(passes=2).teach(nets, labels(10), np.random.default_rng(0))
    save(tmp_path / "nets.safetensors", nets, {"encoder": "abc", "goal": "the pole is up"})
    again, about = load(tmp_path / "nets.safetensors", "abc", DIM)
    assert (again.digest, about["goal"]) == (nets.digest, "the pole is up")
    np.testing.assert_array_equal(again.score(embedded(5)), nets.score(embedded(5)))


def test_a_file_that_is_none_or_for_others_is_refused(tmp_path):
    path = tmp_path / "nets.safetensors"
    with pytest.raises(ConfigError, match=r"reward\.nets=.*nets.safetensors: cannot be read"):
        load(path, "abc", DIM)
    save(path, Nets(DIM), {"encoder": "abc"})
    with pytest.raises(ConfigError, match=r"is for embeddings of another encoder \(abc, this is xyz\)"):
        load(path, "xyz", DIM)
    with pytest.raises(ConfigError, match="is for embeddings of another encoder"):
        load(path, "abc", DIM + 1)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ConfigError, match="cannot be read"):
        load(path, "abc", DIM)
    import safetensors.torch

    safetensors.torch.save_file({"other": torch.zeros(3)}, path)
    with pytest.raises(ConfigError, match="they are not ours"):
        load(path, "abc", DIM)
