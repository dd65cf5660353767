"""Optimal transport against the exact one, and an alignment that must find what preferences are about."""

import json

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment, linprog
from torch.nn.functional import normalize

from vlmrl.errors import ConfigError
from vlmrl.rewards._taught.align import Aligner, load, save, sinkhorn
from vlmrl.rewards._taught.align import likeness as likenesses
from vlmrl.rewards.rapl import Rapl
from vlmrl.types import Words


def directions(count, dim=6, seed=0):
    return normalize(torch.randn(count, dim, generator=torch.Generator().manual_seed(seed)), dim=-1)


def likeness(film, demo, epsilon):
    """Of one film and one demonstration."""
    return likenesses([film], [demo], epsilon, 2000)[0, 0]


# ---- transport


@pytest.mark.parametrize("count", [2, 5, 12])
def test_with_as_many_frames_it_is_the_best_assignment(count):
    film, demo = directions(count, seed=1), directions(count, seed=2)
    costs = (1 - film.double() @ demo.double().T).numpy()
    rows, columns = linear_sum_assignment(costs)
    exact = -costs[rows, columns].sum() / count
    assert likeness(film, demo, 0.002).item() == pytest.approx(exact, abs=2e-3)


def test_with_other_lengths_it_is_the_exact_transport():
    film, demo = directions(4, seed=3), directions(7, seed=4)
    costs = (1 - film.double() @ demo.double().T).numpy()
    marginals = np.zeros((11, 28))
    for row in range(4):
        marginals[row, row * 7 : row * 7 + 7] = 1
    for column in range(7):
        marginals[4 + column, column::7] = 1
    exact = linprog(costs.ravel(), A_eq=marginals, b_eq=np.repeat([1 / 4, 1 / 7], [4, 7])).fun
    assert likeness(film, demo, 0.002).item() == pytest.approx(-exact, abs=2e-3)


def test_the_plan_is_the_fixed_point_of_scaling_rows_and_columns():
    """Cuturi's algorithm as it reads, with a thousand rounds and no logarithms."""
    costs = 1 - directions(5, seed=5) @ directions(3, seed=6).T
    kernel = np.exp(-costs.double().numpy() / 0.1)
    u, v = np.ones(5), np.ones(3)
    for _ in range(1000):
        u = (1 / 5) / (kernel @ v)
        v = (1 / 3) / (kernel.T @ u)
    plan = sinkhorn(costs, torch.full((5,), 1 / 5), torch.full((3,), 1 / 3), 0.1, 1000)
    np.testing.assert_allclose(plan.numpy(), u[:, None] * kernel * v, atol=1e-4)


def test_many_films_of_any_lengths_cost_together_what_each_costs_alone():
    films = [directions(length, seed=length) for length in (2, 5, 3)]
    demos = [directions(length, seed=10 + length) for length in (4, 1)]
    together = likenesses(films, demos, 0.05)
    alone = torch.stack([torch.stack([likeness(film, demo, 0.05) for demo in demos]) for film in films])
    torch.testing.assert_close(together, alone, atol=1e-3, rtol=0)


def test_a_film_laid_over_itself_costs_nothing_and_over_its_opposite_all():
    film = directions(6)
    assert likeness(film, film, 0.002).item() == pytest.approx(0, abs=1e-3)
    assert likeness(film, film.flip(0), 0.002).item() == pytest.approx(0, abs=1e-3)
    one = film[:1].expand(4, -1)
    assert likeness(one, -one, 0.05).item() == pytest.approx(-2, abs=1e-5)


def test_its_derivative_is_that_of_the_least_cost():
    """The plan is held fixed; where films change a little the cost changes as if it were."""
    film, demo, change = directions(4, seed=7), directions(4, seed=8), 1e-3 * directions(4, seed=9)
    moved = film.clone().requires_grad_()
    likeness(moved, demo, 0.002).backward()
    ahead, behind = (likeness(film + side * change, demo, 0.002).item() for side in (1, -1))
    assert (ahead - behind) / 2 == pytest.approx((moved.grad * change).sum().item(), abs=2e-5)


# ---- the reward


def test_is_minus_the_cost_of_the_film_that_is_most_like(toy_encoder, frames, words):
    films = np.stack([frames[:4], frames[5:9]])
    model = Rapl(toy_encoder, films, epsilon=0.01)
    seen = toy_encoder.images(frames[8:])
    expected = max(likeness(seen, toy_encoder.images(film), 0.01).item() for film in films)
    assert model.score_clip(frames[8:], words).item() == pytest.approx(expected, abs=1e-5)
    assert model.score_clip(frames[8:], Words.of("else")) == model.score_clip(frames[8:], words)
    assert model.score_clip(frames[:4], words) > model.score_clip(frames[9:], words)


def test_a_projection_changes_what_is_alike(toy_encoder, frames, words, tmp_path):
    pairs, films = [(0, 1)], [toy_encoder.images(frames[:4]), toy_encoder.images(frames[5:9])]
    matrix, learned = Aligner(dim=4, steps=5).learn(films, pairs, films[:1], toy_encoder.fingerprint)
    path = tmp_path / "aligned.safetensors"
    save(path, matrix, learned)
    plain, model = Rapl(toy_encoder, frames[:4]), Rapl(toy_encoder, frames[:4], projection=str(path))
    seen, wanted = (normalize(toy_encoder.images(one) @ matrix, dim=-1) for one in (frames[8:], frames[:4]))
    expected = likeness(seen, wanted, 0.05).item()
    assert model.score_clip(frames[8:], words).item() == pytest.approx(expected, abs=1e-5)
    assert model.fingerprint != plain.fingerprint
    assert str(tmp_path) not in json.dumps({key: str(value) for key, value in vars(model).items()})


def test_films_and_projections_that_are_none_are_refused(toy_encoder, frames, words, tmp_path):
    with pytest.raises(ConfigError, match=r"reward\.film .*: a film of 1 frames; it takes 2 or more"):
        Rapl(toy_encoder, frames[:1])
    with pytest.raises(ConfigError, match=r"reward\.film.*: is 32 x 16 pixels"):
        Rapl(toy_encoder, frames[:, :, :16]).score_clip(frames, words)
    with pytest.raises(ConfigError, match=r"reward\.epsilon=0: must be a number between"):
        Rapl(toy_encoder, frames, epsilon=0)
    path = tmp_path / "a.safetensors"
    with pytest.raises(ConfigError, match=r"reward\.projection=.*cannot be read .*`vlmrl align` writes it"):
        Rapl(toy_encoder, frames, projection=path)
    films = [toy_encoder.images(frames[:4]), toy_encoder.images(frames[5:9])]
    matrix, learned = Aligner(dim=4, steps=1).learn(films, [(0, 1)], films[:1], "another")
    save(path, matrix, learned)
    with pytest.raises(ConfigError, match=r"is for embeddings of another encoder \(another, this is"):
        Rapl(toy_encoder, frames, projection=path)
    save(path, matrix, learned)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(ConfigError, match=r"is not the file that a\.json belongs to"):
        Rapl(toy_encoder, frames, projection=path)
    path.write_bytes(b"half")
    with pytest.raises(ConfigError, match=r"cannot be read"):
        load(path, "another", 16)
    with pytest.raises(ConfigError, match=r"out=.*a\.json: must end in \.safetensors"):
        save(path.with_suffix(".json"), matrix, learned)


# ---- alignment


def scene(rng, done):
    """A film of 6 frames ``(6, 8)``: number 0 says how far the task is done, all others are loud and say nothing."""
    film = rng.normal(size=(6, 8))
    film[:, 0] = np.linspace(0, 1, 6) if done else 0
    return normalize(torch.tensor(film, dtype=torch.float32), dim=-1)


def test_few_preferences_tell_what_matters():
    rng = np.random.default_rng(0)
    films = [scene(rng, done=place % 2 == 0) for place in range(80)]
    pairs = [(place, place + 1) for place in range(0, 80, 2)]
    demos = [scene(rng, True) for _ in range(2)]
    matrix, learned = Aligner(dim=8, steps=150).learn(films, pairs, demos, "x")
    assert (learned.preferences, learned.held) == (32, 8)
    assert learned.right > 0.9
    new = [(scene(rng, True), scene(rng, False)) for _ in range(60)]

    def right(by):
        wanted = [normalize(demo @ by, dim=-1) for demo in demos]
        better, worse = (
            likenesses([normalize(pair[side] @ by, dim=-1) for pair in new], wanted, 0.05).mean(1) for side in (0, 1)
        )
        return (better > worse).float().mean().item()

    assert right(matrix) > right(torch.eye(8)) + 0.1
    assert right(matrix) > 0.75
    weights = matrix.norm(dim=1)
    assert weights[0] == weights.max()


def test_an_alignment_is_the_same_each_time_and_comes_back_from_its_file(tmp_path):
    rng = np.random.default_rng(1)
    films, pairs = [scene(rng, True), scene(rng, False)], [(0, 1)]
    one, learned = Aligner(steps=20).learn(films, pairs, films[:1], "x")
    other, _ = Aligner(steps=20).learn(films, pairs, films[:1], "x")
    assert torch.equal(one, other)
    assert (learned.held, learned.held_right) == (0, None)
    save(tmp_path / "a.safetensors", one, learned)
    again, digest = load(tmp_path / "a.safetensors", "x", 8)
    assert torch.equal(again, one)
    assert len(digest) == 16
    told = json.loads((tmp_path / "a.json").read_text())
    assert (told["encoder"], told["preferences"], told["right"]) == ("x", 1, learned.right)


@pytest.mark.parametrize(
    ("pairs", "demos", "message"),
    [
        ([], 1, "preferences: are none"),
        ([(0, 1)], 0, "demo: is missing"),
        ([(0, 0)], 1, "film 0 and film 0 are each preferred to the other"),
        ([(0, 1), (1, 0)], 1, "are each preferred to the other"),
    ],
)
def test_preferences_that_say_nothing_or_contradict_are_refused(pairs, demos, message):
    films = [directions(3), directions(3, seed=1)]
    with pytest.raises(ConfigError, match=message):
        Aligner().learn(films, pairs, films[:demos], "x")
    with pytest.raises(ConfigError, match="dim=0: must be above 0"):
        Aligner(dim=0)
