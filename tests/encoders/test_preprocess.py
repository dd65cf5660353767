"""Preprocessing is open_clip's own transform, and resizing is Pillow's, to the last bit."""

from dataclasses import asdict

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image

from vlmrl.encoders._preprocess import Preprocess
from vlmrl.encoders._resize import resize
from vlmrl.errors import ConfigError

SHAPES = {"portrait": (75, 40), "landscape": (60, 91), "smaller": (20, 17), "larger": (240, 320), "fits": (32, 32)}


def smooth(height, width):
    y, x = np.mgrid[:height, :width]
    return np.stack([255 * x / width, 255 * y / height, (3 * x + 5 * y) % 256], axis=-1).astype(np.uint8)


def noise(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def edges(height, width):
    """Black and white: a cubic filter overshoots most here."""
    return (noise(height, width) // 128 * 255).astype(np.uint8)


@pytest.mark.parametrize("draw", [smooth, noise, edges])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [(32, 32), (24, 40), (40, 24)])
@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("kind", ["bicubic", "bilinear"])
def test_equals_the_transform_of_open_clip(kind, mode, size, shape, draw):
    config = PreprocessCfg(size=size, interpolation=kind, resize_mode=mode, fill_color=7)
    frame = draw(*SHAPES[shape])
    theirs = image_transform_v2(config, is_train=False)(Image.fromarray(frame))
    ours = Preprocess.of(asdict(config))(torch.from_numpy(frame)[None])[0]
    assert ours.dtype == torch.float32
    assert torch.equal(ours, theirs)


@pytest.mark.parametrize(("mean", "std"), [(0.5, 0.5), ((0.48, 0.46, 0.41), (0.27, 0.26, 0.28))])
def test_mean_and_std_are_the_models_own(mean, std):
    config = PreprocessCfg(size=32, mean=mean, std=std)
    theirs = image_transform_v2(config, is_train=False)(Image.fromarray(noise(32, 32)))
    assert torch.equal(Preprocess.of(asdict(config))(torch.from_numpy(noise(32, 32))[None])[0], theirs)


@settings(max_examples=60)
@given(
    before=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    after=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    kind=st.sampled_from(["bicubic", "bilinear"]),
    draw=st.sampled_from([noise, edges]),
)
def test_any_size_resizes_to_the_bytes_of_pillow(before, after, kind, draw):
    frame = draw(*before)
    theirs = np.asarray(Image.fromarray(frame).resize(after[::-1], getattr(Image.Resampling, kind.upper())))
    ours = resize(torch.from_numpy(frame).permute(2, 0, 1)[None], after[0], after[1], kind)[0].permute(1, 2, 0)
    np.testing.assert_array_equal(ours.numpy(), theirs)


def test_many_pictures_resize_like_one():
    many = torch.from_numpy(np.random.default_rng(1).integers(0, 256, (9, 3, 300, 400), dtype=np.uint8))
    one_by_one = torch.cat([resize(many[i : i + 1], 224, 224, "bicubic") for i in range(9)])
    assert torch.equal(resize(many, 224, 224, "bicubic"), one_by_one)


def test_a_mode_that_open_clip_does_not_have_is_named():
    known = asdict(PreprocessCfg())
    with pytest.raises(ConfigError, match=r"resize_mode=stretch.*shortest, longest or squash"):
        Preprocess.of({**known, "resize_mode": "stretch"})
    with pytest.raises(ConfigError, match=r"interpolation=nearest.*bicubic or bilinear"):
        Preprocess.of({**known, "interpolation": "nearest"})


def test_a_filter_drawn_at_random_in_training_is_cubic():
    assert Preprocess.of({**asdict(PreprocessCfg()), "interpolation": "random"}).interpolation == "bicubic"


def test_identity_tells_settings_apart():
    known = asdict(PreprocessCfg())
    assert Preprocess.of(known).identity == Preprocess.of(known).identity
    assert Preprocess.of(known).identity != Preprocess.of({**known, "mean": (0.5, 0.5, 0.5)}).identity
