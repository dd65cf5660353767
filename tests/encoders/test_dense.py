"""Maps of a picture: each place's vector is what the tower's own pooling would give of that place alone."""

import numpy as np
import pytest
import timm
import torch
from open_clip.modified_resnet import ModifiedResNet
from open_clip.timm_model import TimmModel
from open_clip.transformer import VisionTransformer
from torch.nn.functional import normalize

from vlmrl import encoders
from vlmrl.encoders._dense import dense, finer
from vlmrl.encoders.base import Encoder
from vlmrl.encoders.open_clip import OpenClip
from vlmrl.errors import ConfigError
from vlmrl.scoring.remembered import Remembered


def encoder(directory, **settings):
    return OpenClip(f"local-dir:{directory}", **{"precision": "fp32", "device": "cpu", **settings})


@pytest.fixture
def pictures():
    return torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def settled(tower):
    """Batch norms that would change something, as those of a trained tower do."""
    torch.manual_seed(1)
    for part in tower.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(part.weight, 0.5, 1.5)
            torch.nn.init.normal_(part.running_mean, std=0.1)
    return tower.eval().requires_grad_(False)


# ---- each kind of tower


@pytest.mark.parametrize("name", ["resnet10t", "regnetx_002"])
def test_the_mean_of_places_is_the_picture_where_the_tower_averages(pictures, name):
    tower = settled(TimmModel(name, 16, image_size=64, pool="avg", proj="linear"))
    places = dense(tower, pictures)
    assert tuple(places.shape) == (3, 2, 2, 16)
    torch.testing.assert_close(places.mean((1, 2)), tower(pictures), atol=1e-5, rtol=1e-5)


def test_the_mean_of_places_is_the_picture_where_a_transformer_averages(pictures):
    tower = settled(VisionTransformer(64, 16, 32, 2, 2, 2.0, pool_type="avg", output_dim=16))
    places = dense(tower, pictures)
    assert tuple(places.shape) == (3, 4, 4, 16)
    torch.testing.assert_close(places.mean((1, 2)), tower(pictures), atol=1e-5, rtol=1e-5)


def test_a_place_of_a_transformer_with_one_token_is_its_own_value(pictures):
    """MaskCLIP's last block: no queries, no keys; values, their projection, and the rest as it is."""
    tower = settled(VisionTransformer(64, 16, 32, 3, 2, 2.0, output_dim=16))
    places = dense(tower, pictures)
    tokens = tower._embeds(pictures)
    for block in tower.transformer.resblocks[:-1]:
        tokens = block(tokens)
    last, width = tower.transformer.resblocks[-1], 32
    for place in range(16):
        token = tokens[:, 1 + place]
        value = last.ln_1(token) @ last.attn.in_proj_weight[2 * width :].T + last.attn.in_proj_bias[2 * width :]
        token = token + value @ last.attn.out_proj.weight.T + last.attn.out_proj.bias
        token = token + last.mlp(last.ln_2(token))
        expected = tower.ln_post(token) @ tower.proj
        torch.testing.assert_close(places[:, place // 4, place % 4], expected, atol=1e-5, rtol=1e-4)


def test_a_place_of_clips_resnet_is_its_value_too(pictures):
    tower = settled(ModifiedResNet([1, 1, 1, 1], 16, 4, image_size=64, width=8))
    places = dense(tower, pictures)
    seen = tower.layer4(tower.layer3(tower.layer2(tower.layer1(tower.stem(pictures)))))
    for row in range(2):
        for column in range(2):
            expected = tower.attnpool.c_proj(tower.attnpool.v_proj(seen[:, :, row, column]))
            torch.testing.assert_close(places[:, row, column], expected, atol=1e-5, rtol=1e-4)


def test_a_place_of_a_siglip_is_what_its_pool_says_of_it_alone(pictures):
    tower = TimmModel("resnet10t", 16, image_size=64)
    tower.trunk = timm.create_model(
        "vit_tiny_patch16_224", img_size=64, depth=2, num_classes=0, class_token=False, global_pool="map"
    )
    tower.head = torch.nn.Sequential()
    tower = settled(tower)
    tokens = tower.trunk.forward_features(pictures)
    places = dense(tower, pictures)
    assert tuple(places.shape) == (3, 4, 4, 192)
    for place in (0, 5, 15):
        expected = tower.trunk.forward_head(tokens[:, place : place + 1])
        torch.testing.assert_close(places[:, place // 4, place % 4], expected, atol=1e-5, rtol=1e-4)


# ---- finer grids, and frames


def test_a_finer_grid_is_the_same_tower_on_shifted_pictures(pictures):
    tower = settled(TimmModel("resnet10t", 16, image_size=64))
    places = finer(tower, pictures, 2)
    assert tuple(places.shape) == (3, 4, 4, 16)
    padded = np.pad(pictures.numpy(), ((0, 0), (0, 0), (16, 16), (16, 16)), mode="edge")
    for down, top in ((0, 8), (1, 24)):  # a step is 32 pixels: half a step apart, around where it was
        for across, left in ((0, 8), (1, 24)):
            window = torch.from_numpy(padded[:, :, top : top + 64, left : left + 64].copy())
            torch.testing.assert_close(places[:, down::2, across::2], dense(tower, window), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("shape", [(64, 64), (40, 90), (90, 40)])
def test_a_map_of_pixels_lies_where_the_encoder_saw_them(directory, shape):
    """Each place is given the mean of the rows and columns that it read; in pixels these are where they were."""
    model = encoder(directory)
    height, width = shape
    seen = model._preprocess.seen(height, width)
    top, left, bottom, right = seen
    fine = 8
    rows = top + (torch.arange(fine) + 0.5) * (bottom - top) / fine
    columns = left + (torch.arange(fine) + 0.5) * (right - left) / fine
    maps = torch.stack([rows[:, None].expand(fine, fine), columns[None].expand(fine, fine)])
    found = model.on_frame(maps, shape)
    down, across = np.mgrid[:height, :width] + 0.5
    inside = (down > rows[0].item()) & (down < rows[-1].item())
    inside &= (across > columns[0].item()) & (across < columns[-1].item())
    np.testing.assert_allclose(found[0].numpy()[inside], down[inside], atol=1e-3)
    np.testing.assert_allclose(found[1].numpy()[inside], across[inside], atol=1e-3)
    cut = (down < top) | (down > bottom) | (across < left) | (across > right)
    assert np.array_equal(np.isnan(found[0].numpy()), cut)


@pytest.mark.parametrize("shape", [(64, 64), (40, 90), (90, 40), (200, 120)])
def test_what_is_seen_is_what_preprocessing_reads(directory, shape):
    """A frame whose levels are its rows, or its columns: what arrives tells where it comes from."""
    preprocess = encoder(directory)._preprocess
    height, width = shape
    seen = preprocess.seen(height, width)
    for axis, length in enumerate(shape):
        levels = np.linspace(0, 200, length).round().astype(np.uint8)
        frame = np.broadcast_to(levels[:, None] if axis == 0 else levels[None], shape)
        pixels = preprocess(torch.from_numpy(np.repeat(frame[None, ..., None], 3, axis=-1)))[0, 0]
        got = (pixels * preprocess.std[0] + preprocess.mean[0]) * 255
        line = got[:, got.shape[1] // 2] if axis == 0 else got[got.shape[0] // 2]
        wide = len(line)
        where = seen[axis] + (np.arange(wide) + 0.5) * (seen[axis + 2] - seen[axis]) / wide - 0.5
        inside = (where > 2) & (where < length - 3)
        np.testing.assert_allclose(line.numpy()[inside], 200 * where[inside] / (length - 1), atol=3.0)


def test_similarity_is_the_cosine_of_each_place_with_the_mean_sentence(directory, frames):
    model = encoder(directory)
    sentences = ["a pole on a cart", "the upright pole"]
    maps = model.similarity(frames[:2], sentences)
    meant = model.texts(sentences).mean(0)
    expected = model.patches(frames[:2]) @ meant / meant.norm()
    torch.testing.assert_close(maps, expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(model.patches(frames[:2]).norm(dim=-1), torch.ones(maps.shape), atol=1e-5, rtol=0)
    whole = model.similarity(frames[:2], sentences, pixels=True)
    assert tuple(whole.shape) == (2, *frames.shape[1:3])
    torch.testing.assert_close(Remembered(model).similarity(frames[:2], sentences, pixels=True), whole, equal_nan=True)


def test_a_place_does_not_depend_on_its_batch(directory, frames):
    together = encoder(directory).patches(frames, 2)
    alone = encoder(directory, batch_size=3)
    torch.testing.assert_close(alone.patches(frames, 2), together, atol=1e-5, rtol=0)
    assert tuple(alone.patches(frames[:0]).shape[1:]) == tuple(alone.patches(frames[:1]).shape[1:])
    assert len(alone.patches(frames[:0])) == 0


def test_sim_clips_places_average_to_what_it_says_of_the_frame(frames):
    model = encoders.load("sim_clip", device="cpu", precision="fp32")
    pixels = model._preprocess(torch.from_numpy(frames))
    with torch.no_grad():
        places = dense(model._towers.visual, pixels).mean((1, 2))
    torch.testing.assert_close(normalize(places, dim=-1), model.images(frames), atol=1e-5, rtol=0)


# ---- what has no map


def test_an_encoder_without_dense_features_says_so(frames):
    whole = encoders.load("sim_clip", device="cpu", precision="int8")
    with pytest.raises(ConfigError, match=r"encoder: its image tower \(.*\) has no dense features.*other than int8"):
        whole.similarity(frames, ["a pole"])


def test_an_encoder_of_ones_own_without_dense_features_says_so(frames):
    class Own(Encoder):
        dim, image_size = 3, (8, 8)

        def images(self, frames):
            return torch.zeros(len(frames), 3)

        def texts(self, sentences):
            return torch.zeros(len(sentences), 3)

    with pytest.raises(ConfigError, match=r"encoder: Own has no dense features"):
        Own().similarity(frames, ["a pole"])
    with pytest.raises(ConfigError, match=r"encoder: Own has no dense features"):
        Own().on_frame(torch.zeros(1, 2, 2), (8, 8))


def test_a_trunk_with_a_class_token_is_refused_for_its_pool_cannot_be_asked_of_one_place(pictures):
    tower = TimmModel("resnet10t", 16, image_size=64)
    tower.trunk = timm.create_model("vit_tiny_patch16_224", img_size=64, depth=1, num_classes=0)
    with pytest.raises(ConfigError, match=r"\(VisionTransformer\) has no dense features"):
        dense(tower.eval(), pictures)


def test_no_sentence_and_a_grid_that_is_none_are_refused(toy_encoder, frames):
    with pytest.raises(ConfigError, match=r"sentences=\[\]: say what to look for"):
        toy_encoder.similarity(frames, [])
    for fine in (0, 17, 1.5, True):
        with pytest.raises(ConfigError, match=rf"fine={fine}: must be a whole number from 1 to 16"):
            toy_encoder.patches(frames, fine)
