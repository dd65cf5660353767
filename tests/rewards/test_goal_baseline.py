"""The fast formula is the paper's, and what gives no direction is refused."""

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch.nn.functional import normalize

from vlmrl.errors import ConfigError
from vlmrl.rewards.goal_baseline import GoalBaseline, goal_baseline_score
from vlmrl.types import Words


def as_written(images, goal, baseline, alpha):
    """Section 3.2 of arXiv 2310.12921, with the matrix: project on the line through baseline and goal, mix, measure."""
    line = (goal - baseline)[:, None]
    project = line @ line.T / (line.T @ line)
    mixed = alpha * project + (1 - alpha) * np.eye(len(goal))
    return np.array([1 - 0.5 * np.sum((mixed @ (image - goal)) ** 2) for image in images])


def unit(rng, *shape):
    rows = rng.normal(size=shape)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


@settings(max_examples=100)
@example(seed=0, dim=2, alpha=1.0, near=0.515625)
@given(seed=st.integers(0, 2**32 - 1), dim=st.integers(2, 64), alpha=st.floats(0, 1), near=st.floats(0.05, 1))
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-6), (torch.float32, 1e-5)])
def test_equals_the_matrix_of_the_paper(dtype, tolerance, seed, dim, alpha, near):
    rng = np.random.default_rng(seed)
    images, goal, other = unit(rng, 7, dim), unit(rng, dim), unit(rng, dim)
    baseline = goal + near * (other - goal)
    baseline /= np.linalg.norm(baseline)
    s, g, b = (torch.tensor(side, dtype=dtype) for side in (images, goal, baseline))
    fast = goal_baseline_score(s, g, b, alpha)
    assert fast.dtype == dtype
    # The same numbers for both: where goal and baseline are close, their rounding alone turns the line between them.
    slow = as_written(s.double().numpy(), g.double().numpy(), b.double().numpy(), alpha)
    np.testing.assert_allclose(fast.numpy(), slow, atol=tolerance, rtol=0)


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_scores_frames_as_the_paper_does(toy_encoder, frames, words, alpha):
    goal, baseline = (
        normalize(toy_encoder.texts(side).double().mean(0), dim=0).numpy() for side in (words.goal, words.baseline)
    )
    slow = as_written(toy_encoder.images(frames).double().numpy(), goal, baseline, alpha)
    fast = GoalBaseline(toy_encoder, alpha).score_frames(frames, words)
    np.testing.assert_allclose(fast.numpy(), slow, atol=1e-5, rtol=0)


def test_without_alpha_it_is_the_cosine_with_the_goal():
    rng = np.random.default_rng(0)
    images, goal, baseline = (torch.tensor(unit(rng, *shape)) for shape in [(5, 8), (8,), (8,)])
    torch.testing.assert_close(goal_baseline_score(images, goal, baseline, 0.0), images @ goal)


def test_with_alpha_one_what_lies_across_the_line_does_not_count():
    goal, baseline = torch.eye(3, dtype=torch.float64)[:2]
    across = torch.tensor([0.6, 0.0, 0.8], dtype=torch.float64)
    mirrored = torch.tensor([0.6, 0.0, -0.8], dtype=torch.float64)
    scores = goal_baseline_score(torch.stack([across, mirrored, goal, baseline]), goal, baseline, 1.0)
    torch.testing.assert_close(scores, torch.tensor([1 - 0.04, 1 - 0.04, 1.0, 0.0], dtype=torch.float64))


def test_several_sentences_a_side_count_as_one_direction(toy_encoder, frames):
    twice = Words.of(("a pole", "a pole"), ("a cart", "a cart", "a cart"))
    once = Words.of("a pole", "a cart")
    model = GoalBaseline(toy_encoder)
    torch.testing.assert_close(model.score_frames(frames, twice), model.score_frames(frames, once))


@pytest.mark.parametrize("count", [0, 3])
def test_goal_and_baseline_too_near_are_refused(toy_encoder, frames, count):
    model, same = GoalBaseline(toy_encoder), Words.of("a pole on a cart", "a pole on a cart")
    with pytest.raises(ConfigError, match=r"goal='a pole on a cart', baseline=.*are 0\.0000 apart"):
        model.check(same)
    with pytest.raises(ConfigError, match=r"too near to give a direction \(reward\.min_distance=0\.005\)"):
        model.score_frames(frames[:count], same)


def test_how_near_is_too_near_can_be_set(toy_encoder, words):
    GoalBaseline(toy_encoder, min_distance=0.01).check(words)
    with pytest.raises(ConfigError, match=r"too near"):
        GoalBaseline(toy_encoder, min_distance=0.9).check(words)


@pytest.mark.parametrize("alpha", [1.5, -0.1, float("nan"), "0.5", True])
def test_alpha_outside_its_range_is_named(toy_encoder, alpha):
    with pytest.raises(ConfigError, match=rf"reward\.alpha={alpha}: must be a number between 0\.0 and 1\.0"):
        GoalBaseline(toy_encoder, alpha=alpha)


def test_its_fingerprint_follows_its_settings(toy_encoder):
    assert GoalBaseline(toy_encoder, 0.5).fingerprint == GoalBaseline(toy_encoder).fingerprint
    assert GoalBaseline(toy_encoder, 0.6).fingerprint != GoalBaseline(toy_encoder).fingerprint
