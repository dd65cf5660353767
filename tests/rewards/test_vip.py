"""VIP's value, and that its differences add up."""

import numpy as np
import pytest

from vlmrl.errors import ConfigError
from vlmrl.rewards.vip import Vip
from vlmrl.shaping.base import Steps
from vlmrl.shaping.delta import Delta


def test_is_minus_the_distance_from_the_picture(toy_encoder, frames, words):
    goal = toy_encoder.images(frames[4:5])[0].double().numpy()
    expected = []
    for frame in frames:
        off = toy_encoder.images(frame[None])[0].double().numpy() - goal
        expected.append(-np.sqrt(sum(number**2 for number in off)))
    scores = Vip(toy_encoder, frames[4]).score_frames(frames, words).numpy()
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    assert int(scores.argmax()) == 4
    assert -2 <= scores.min() < scores.max() <= 0


def test_with_delta_an_episode_is_paid_how_much_nearer_it_came(toy_encoder, frames, words):
    value = Vip(toy_encoder, frames[0]).score_frames(frames, words).numpy()[:, None]
    ends = np.zeros((len(value) - 1, 1), dtype=bool)
    paid = Delta()(Steps(value[:-1], value[1:], ends, 0.99)).reward
    np.testing.assert_allclose(paid.sum(), value[-1, 0] - value[0, 0], atol=1e-5)


def test_without_a_picture_it_is_refused(toy_encoder):
    with pytest.raises(ConfigError, match=r"reward\.image: is missing; give reward\.image=picture\.png, or a task"):
        Vip(toy_encoder)
