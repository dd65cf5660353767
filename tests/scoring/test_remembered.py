import numpy as np
import pytest
import torch

from vlmrl import rewards
from vlmrl.errors import ConfigError
from vlmrl.scoring.remembered import Remembered


def test_it_gives_what_the_encoder_gives_and_asks_for_each_frame_once(toy_encoder, frames, words):
    once = Remembered(toy_encoder)
    several = np.concatenate([frames, frames[::-1]])
    assert torch.equal(once.images(several), torch.cat([toy_encoder.images(frames), toy_encoder.images(frames[::-1])]))
    assert once.embedded == len(frames)
    for name in ("goal_baseline", "cosine", "softmax_negatives"):
        ours = rewards.load(name, once).score_frames(frames, words)
        theirs = rewards.load(name, toy_encoder).score_frames(frames, words)
        assert torch.allclose(ours, theirs, atol=1e-6)
    assert once.embedded == len(frames)
    assert once.fingerprint == toy_encoder.fingerprint


def test_no_frame_gives_no_row(toy_encoder, frames):
    assert Remembered(toy_encoder).images(frames[:0]).shape == (0, toy_encoder.dim)


def test_the_same_bytes_in_another_shape_are_another_frame(toy_encoder):
    picture = np.arange(32 * 32 * 3, dtype=np.uint8).reshape(1, 32, 32, 3)
    once = Remembered(toy_encoder)
    once.images(picture)
    once.images(picture.reshape(1, 64, 16, 3))
    assert once.embedded == 2


def test_memory_is_bounded(toy_encoder, frames):
    once = Remembered(toy_encoder, max_bytes=4 * toy_encoder.dim * 3)
    first = once.images(frames)
    assert torch.allclose(once.images(frames), first, atol=1e-6)
    assert once.embedded > len(frames)
    asked = once.embedded
    once.images(frames[-3:])
    assert once.embedded == asked


def test_room_for_not_one_embedding_is_refused(toy_encoder):
    with pytest.raises(ConfigError, match="max_bytes=1"):
        Remembered(toy_encoder, max_bytes=1)
