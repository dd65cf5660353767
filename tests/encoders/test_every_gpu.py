"""Several devices embed what one would; without a GPU the CPU stands in for each of them."""

import numpy as np
import pytest
import torch

from vlmrl.encoders import load
from vlmrl.encoders.every_gpu import EveryGpu
from vlmrl.errors import ConfigError


@pytest.fixture(scope="module")
def both(toy_directory):
    return EveryGpu(f"local-dir:{toy_directory}", device=["cpu", "cpu"], batch_size=2)


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_the_rows_are_those_of_one_device_in_their_order(both, toy_encoder, count):
    frames = np.random.default_rng(0).integers(0, 256, (count, 40, 50, 3), dtype=np.uint8)
    np.testing.assert_allclose(both.images(frames), toy_encoder.images(frames), atol=1e-6)
    assert both.images(frames).shape == (count, both.dim)


def test_each_device_gets_its_share(both, monkeypatch):
    seen = []

    def embed(part):
        seen.append(len(part))
        return torch.zeros(len(part), both.dim)

    for encoder in both._encoders:
        monkeypatch.setattr(encoder, "_embed", embed)
    both.images(np.zeros((7, 8, 8, 3), np.uint8))
    assert seen == [2, 2, 2, 1]


def test_it_is_the_same_model_to_whoever_asks(both, toy_encoder):
    assert both.fingerprint == toy_encoder.fingerprint
    assert (both.dim, both.image_size, both.device) == (toy_encoder.dim, toy_encoder.image_size, toy_encoder.device)
    sentences = ["a pole standing upright", "a cart"]
    torch.testing.assert_close(both.texts(sentences), toy_encoder.texts(sentences))


def test_it_is_a_family_by_its_name(toy_directory):
    found = load(f"local-dir:{toy_directory}", family="every_gpu", device="cpu")
    assert isinstance(found, EveryGpu)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_machine_without_a_gpu_is_told_so(toy_directory):
    with pytest.raises(ConfigError, match=r"encoder\.device=auto: this machine has no CUDA device"):
        EveryGpu(f"local-dir:{toy_directory}")
