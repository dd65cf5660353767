"""What every encoder promises. Of one whose weights are not on this disk it is only asked whether open_clip has it."""

from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
import yaml

import vlmrl
from vlmrl import encoders
from vlmrl.config import packaged
from vlmrl.config.parts import check_keywords, part
from vlmrl.encoders.base import Encoder
from vlmrl.errors import ConfigError, ShapeError
from vlmrl.find import names

ROOT = Path(vlmrl.__file__).parent
CONFIGS = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((ROOT / "conf/encoder").glob("[!_]*.yaml"))}
LOCAL = [
    name
    for name, config in CONFIGS.items()
    if config["model"] in packaged.MODELS or config["model"].startswith("local-dir:")
]
PACKED = (ROOT / "sim_clip/weights/open_clip_config.json").is_file()


@pytest.fixture(
    scope="module",
    params=[
        "toy",
        *(pytest.param(name, marks=pytest.mark.skipif(not PACKED, reason="not trained yet")) for name in LOCAL),
    ],
)
def encoder(request, toy_encoder):
    if request.param == "toy":
        return toy_encoder
    return encoders.load(request.param, device="cpu", precision="fp32")


@pytest.fixture(scope="module")
def pictures(encoder):
    """uint8 (9, H, W, 3) at the size that the encoder reads."""
    height, width = encoder.image_size
    coarse = np.random.default_rng(0).integers(0, 256, (9, 4, 4, 3), dtype=np.uint8)
    blocks = np.ones((1, -(-height // 4), -(-width // 4), 1), dtype=np.uint8)
    return np.kron(coarse, blocks)[:, :height, :width]


@pytest.mark.parametrize("family", names("encoder"))
def test_every_family_is_one_encoder(family):
    assert issubclass(part("encoder", family), Encoder)


@pytest.mark.parametrize("name", CONFIGS)
def test_every_config_fits_its_family_and_names_a_model_that_exists(name):
    config = dict(CONFIGS[name])
    check_keywords("encoder", config, part("encoder", config.pop("family")))
    if name not in LOCAL:
        assert tuple(config["model"].rsplit("/", 1)) in open_clip.list_pretrained()


def test_rows_are_float32_of_length_one(encoder, pictures):
    rows = encoder.images(pictures)
    assert (rows.dtype, tuple(rows.shape)) == (torch.float32, (9, encoder.dim))
    assert rows.device == encoder.device
    torch.testing.assert_close(rows.norm(dim=-1), torch.ones(9), atol=1e-5, rtol=0)


def test_a_row_does_not_depend_on_its_batch(encoder, pictures):
    together = encoder.images(pictures)
    alone = torch.cat([encoder.images(pictures[i : i + 1]) for i in range(9)])
    torch.testing.assert_close(alone, together, atol=1e-5, rtol=0)
    torch.testing.assert_close(encoder.images(pictures[::-1]), together.flip(0), atol=1e-5, rtol=0)


def test_frames_of_any_size_and_place_in_memory_are_read(encoder, pictures):
    larger = np.kron(pictures, np.ones((1, 2, 3, 1), dtype=np.uint8))
    assert tuple(encoder.images(larger).shape) == (9, encoder.dim)
    frozen = pictures[:, ::-1].copy()[:, ::-1]
    frozen.flags.writeable = False
    rows = encoder.images(torch.from_numpy(pictures))
    torch.testing.assert_close(encoder.images(frozen), rows, atol=1e-5, rtol=0)


def test_no_frame_and_no_sentence_give_no_row(encoder, pictures):
    assert tuple(encoder.images(pictures[:0]).shape) == (0, encoder.dim)
    assert tuple(encoder.texts(()).shape) == (0, encoder.dim)


def test_the_same_frames_give_the_same_rows(encoder, pictures):
    assert torch.equal(encoder.images(pictures), encoder.images(pictures))


def test_sentences_are_rows_of_length_one_in_their_order(encoder):
    rows = encoder.texts(("a pole standing upright", "a cart", "a pole standing upright"))
    assert (rows.dtype, tuple(rows.shape)) == (torch.float32, (3, encoder.dim))
    torch.testing.assert_close(rows.norm(dim=-1), torch.ones(3), atol=1e-5, rtol=0)
    assert torch.equal(rows[0], rows[2])
    assert not torch.equal(rows[0], rows[1])
    torch.testing.assert_close(encoder.texts(("a cart",))[0], rows[1], atol=1e-5, rtol=0)


def test_a_sentence_longer_than_the_context_is_refused(encoder):
    with pytest.raises(ConfigError, match=r"sentence='pole pole.*has \d+ tokens"):
        encoder.texts((" ".join(["pole"] * 200),))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.uint16])
def test_frames_that_are_not_uint8_are_refused(encoder, pictures, dtype):
    with pytest.raises(ShapeError, match=rf"frames {np.dtype(dtype)}: must be uint8"):
        encoder.images(pictures.astype(dtype))


@pytest.mark.parametrize("shape", [(32, 32, 3), (2, 32, 32), (2, 32, 32, 4), (2, 3, 32, 32), (2, 32, 0, 3)])
def test_frames_of_another_shape_are_refused(encoder, shape):
    with pytest.raises(ShapeError, match=r"must be \(B, H, W, 3\)"):
        encoder.images(np.zeros(shape, dtype=np.uint8))


def test_a_list_of_frames_is_refused(encoder, pictures):
    with pytest.raises(ShapeError, match=r"frames list: must be one NumPy array.*np\.stack"):
        encoder.images(list(pictures))


def test_its_fingerprint_is_sixteen_hex_digits(encoder):
    assert len(encoder.fingerprint) == 16
    assert int(encoder.fingerprint, 16) >= 0
