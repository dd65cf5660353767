"""An encoder is the model that open_clip would load, on open_clip's own pictures and tokens."""

import json
import pickle
import shutil
import sys

import numpy as np
import open_clip
import pytest
import torch
from open_clip.tokenizer import SimpleTokenizer
from PIL import Image
from torch.nn.functional import cosine_similarity, normalize

from vlmrl.encoders._weights import locate
from vlmrl.encoders.open_clip import OpenClip
from vlmrl.errors import ConfigError, UnknownName, WeightsMissing

SENTENCES = ("a pole standing upright on a cart", "the pole is hanging down", "the upright pole")


def encoder(directory, **settings):
    return OpenClip(f"local-dir:{directory}", **{"precision": "fp32", "device": "cpu", **settings})


@pytest.fixture
def copy(toy_directory, tmp_path):
    """A directory of the toy model that a test may spoil."""
    return shutil.copytree(toy_directory, tmp_path / "copy")


def rewrite(directory, section, **changes):
    path = directory / "open_clip_config.json"
    config = json.loads(path.read_text())
    config[section].update(changes)
    path.write_text(json.dumps(config))


# ---- equal to open_clip


@pytest.mark.parametrize("shape", [(75, 40), (60, 91), (20, 17), (240, 320), (48, 48)])
def test_a_frame_is_embedded_as_open_clip_embeds_it(directory, shape):
    model, preprocess = open_clip.create_model_from_pretrained(f"local-dir:{directory}")
    frames = np.random.default_rng(0).integers(0, 256, (3, *shape, 3), dtype=np.uint8)
    with torch.no_grad():
        theirs = model.eval().encode_image(torch.stack([preprocess(Image.fromarray(frame)) for frame in frames]))
    ours = encoder(directory).images(frames)
    assert cosine_similarity(ours, theirs).min() > 0.9999
    torch.testing.assert_close(ours, normalize(theirs, dim=-1), atol=1e-5, rtol=0)


def test_a_sentence_is_embedded_as_open_clip_embeds_it(directory):
    model, _ = open_clip.create_model_from_pretrained(f"local-dir:{directory}")
    bpe = directory / "bpe.txt.gz"
    tokenizer = (
        SimpleTokenizer(bpe_path=str(bpe), context_length=40)
        if bpe.is_file()
        else open_clip.get_tokenizer(f"local-dir:{directory}")
    )
    with torch.no_grad():
        theirs = normalize(model.eval().encode_text(tokenizer(list(SENTENCES))), dim=-1)
    torch.testing.assert_close(encoder(directory).texts(SENTENCES), theirs, atol=1e-5, rtol=0)


def test_size_and_dimension_are_the_models_own(wide_directory, siglip_directory):
    assert encoder(wide_directory).image_size == (32, 64)
    assert encoder(siglip_directory).image_size == (48, 48)
    assert encoder(siglip_directory).dim == 24


# ---- precision and speed


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_narrow_numbers_stay_near_the_wide_ones(directory, precision, frames):
    wide, narrow = encoder(directory), encoder(directory, precision=precision)
    rows = narrow.images(frames[:3])
    assert rows.dtype == torch.float32
    assert cosine_similarity(rows, wide.images(frames[:3])).min() > 0.999
    assert torch.equal(narrow.texts(SENTENCES), wide.texts(SENTENCES)), "sentences are embedded in fp32"


def test_auto_is_fp32_on_a_cpu(toy_directory):
    assert encoder(toy_directory, precision="auto").precision == "fp32"


def test_precision_is_the_encoders_not_the_callers(toy_encoder, frames):
    alone = toy_encoder.images(frames)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(toy_encoder.images(frames), alone)


def test_the_size_of_its_batches_changes_nothing(toy_directory, toy_encoder, frames):
    in_threes = encoder(toy_directory, batch_size=3).images(frames)
    torch.testing.assert_close(in_threes, toy_encoder.images(frames), atol=1e-5, rtol=0)


def test_embeddings_can_be_learned_from(toy_encoder, frames):
    head = torch.nn.Linear(toy_encoder.dim, 1)
    head(toy_encoder.images(frames)).sum().backward()
    assert head.weight.grad is not None


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler on a CPU")
def test_compiled_gives_the_same_numbers(toy_directory, toy_encoder, frames):
    compiled = encoder(toy_directory, compile=True)
    torch.testing.assert_close(compiled.images(frames), toy_encoder.images(frames), atol=1e-5, rtol=0)
    torch.testing.assert_close(compiled.images(frames[:5]), toy_encoder.images(frames[:5]), atol=1e-5, rtol=0)


# ---- sentences


def test_sentences_come_in_the_order_asked_for_however_often(toy_directory):
    fresh = encoder(toy_directory)
    first, second, third = fresh.texts(SENTENCES)
    again = fresh.texts((SENTENCES[2], SENTENCES[0], SENTENCES[2]))
    assert torch.equal(again, torch.stack([third, first, third]))
    torch.testing.assert_close(encoder(toy_directory).texts(SENTENCES[1:2])[0], second, atol=1e-5, rtol=0)
    assert fresh.texts(()).shape == (0, 16)


def test_a_sentence_is_embedded_once(toy_directory):
    fresh, asked = encoder(toy_directory), []
    fresh._towers.transformer.register_forward_hook(lambda *_: asked.append(1))
    fresh.texts(SENTENCES)
    fresh.texts(SENTENCES[::-1])
    assert len(asked) == 1


@pytest.mark.parametrize(("name", "limit"), [("toy", 24), ("siglip", 16), ("resnet", 40)])
def test_a_sentence_too_long_is_refused_with_its_length(request, name, limit):
    model = encoder(request.getfixturevalue(f"{name}_directory"))
    spare = limit - model.tokens("pole")
    each = model.tokens("pole pole") - model.tokens("pole")
    fits = " ".join(["pole"] * (1 + spare // each))
    assert model.texts((fits,)).shape == (1, model.dim)
    with pytest.raises(
        ConfigError, match=rf"sentence='pole pole.*has {model.tokens(fits) + each} tokens.* reads {limit};"
    ):
        model.texts((fits + " pole",))


def test_an_empty_sentence_is_refused(toy_encoder):
    with pytest.raises(ConfigError, match=r"sentence='  ': is empty"):
        toy_encoder.texts(("  ",))


def test_one_string_in_place_of_several_is_refused(toy_encoder):
    with pytest.raises(ConfigError, match=r"sentences='up': is one string"):
        toy_encoder.texts("up")


def test_a_tokenizer_without_its_package_says_what_to_install(siglip_directory, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ConfigError, match=r"not installed \(transformers\); pip install 'vlmrl\[hf\]'"):
        encoder(siglip_directory)


def test_a_bpe_file_stands_in_for_the_package(siglip_directory, write_bpe, tmp_path, monkeypatch, save_model):
    from tests.encoders.conftest import SIGLIP

    text = {**SIGLIP["model_cfg"]["text_cfg"], "vocab_size": 517, "tokenizer_kwargs": {"clean": "lower"}}
    save_model(tmp_path, {**SIGLIP, "model_cfg": {**SIGLIP["model_cfg"], "text_cfg": text}})
    write_bpe(tmp_path)
    monkeypatch.setitem(sys.modules, "transformers", None)
    assert encoder(tmp_path).texts(("the pole",)).shape == (1, 24)


def test_a_vocabulary_of_another_model_is_refused(copy, write_bpe):
    write_bpe(copy)
    with pytest.raises(ConfigError, match=r"vocabulary has 517 entries and its text tower 49408"):
        encoder(copy)


# ---- fingerprint


def test_a_fingerprint_follows_what_is_embedded_not_where_it_lies(copy, toy_encoder):
    assert encoder(copy).fingerprint == toy_encoder.fingerprint
    assert len(toy_encoder.fingerprint) == 16
    assert encoder(copy, precision="bf16").fingerprint != toy_encoder.fingerprint
    rewrite(copy, "preprocess_cfg", mean=[0.5, 0.5, 0.5])
    assert encoder(copy).fingerprint != toy_encoder.fingerprint


def test_other_weights_have_another_fingerprint(copy, toy_encoder):
    from safetensors.torch import load_file, save_file

    weights = load_file(copy / "open_clip_model.safetensors")
    weights["visual.proj"][0, 0] += 1e-3
    save_file(weights, copy / "open_clip_model.safetensors")
    assert encoder(copy).fingerprint != toy_encoder.fingerprint


# ---- what is missing or wrong


def test_a_missing_directory_is_named(tmp_path):
    with pytest.raises(WeightsMissing, match=r"no open_clip_config.json in .*nowhere; put open_clip_config.json and"):
        encoder(tmp_path / "nowhere")


def test_a_directory_without_weights_says_which_file_is_missing(copy):
    (copy / "open_clip_model.safetensors").unlink()
    with pytest.raises(WeightsMissing, match=r"no open_clip_model.safetensors in"):
        encoder(copy)


class Planted:
    """Unpickling this writes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("name", ["open_clip_pytorch_model.bin", "model.pth", "open_clip_model.pt"])
def test_a_pickle_is_never_read(copy, tmp_path, name, toy_encoder):
    (copy / name).write_bytes(pickle.dumps(Planted(tmp_path / "planted")))
    assert encoder(copy).fingerprint == toy_encoder.fingerprint
    (copy / "open_clip_model.safetensors").unlink()
    with pytest.raises(WeightsMissing):
        encoder(copy)
    assert not (tmp_path / "planted").exists()


@pytest.mark.parametrize("kept", [0, 7, 5000])
def test_a_file_cut_short_is_named(copy, kept):
    path = copy / "open_clip_model.safetensors"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(WeightsMissing, match=r"open_clip_model.safetensors cannot be read"):
        encoder(copy)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"model_cfg": 3}', '{"model_cfg": {"embed_dim": 3}}'])
def test_a_config_in_another_format_is_named(copy, text):
    (copy / "open_clip_config.json").write_text(text)
    with pytest.raises(ConfigError, match=r"open_clip_config.json (is not open_clip's format|lacks embed_dim)"):
        encoder(copy)


def test_weights_that_do_not_fit_the_config_are_refused(copy):
    rewrite(copy, "model_cfg", embed_dim=24)
    with pytest.raises(ConfigError, match=r"does not fit its config.*size mismatch"):
        encoder(copy)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """Puts files into a cache of the Hugging Face hub, as a download would have left them."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))

    def put(repository, *paths):
        folder = tmp_path / "hub" / f"models--{repository.replace('/', '--')}"
        snapshot = folder / "snapshots" / ("0" * 40)
        snapshot.mkdir(parents=True)
        (folder / "refs").mkdir()
        (folder / "refs" / "main").write_text(snapshot.name)
        for path in paths:
            shutil.copy(path, snapshot / path.name)
        return snapshot

    return put


def test_a_model_in_the_hubs_cache_needs_no_network(hub, toy_directory, toy_encoder, frames):
    hub("somebody/toy", *toy_directory.iterdir())
    cached = OpenClip("hf-hub:somebody/toy", precision="fp32", device="cpu")
    assert torch.equal(cached.images(frames), toy_encoder.images(frames))
    # Not bit for bit: the toy's texts may have been embedded in another batch, and kept.
    torch.testing.assert_close(cached.texts(SENTENCES), toy_encoder.texts(SENTENCES), atol=1e-6, rtol=0)


def test_a_tag_brings_its_own_pictures_and_activation(hub, toy_directory):
    snapshot = hub("timm/vit_base_patch32_clip_224.openai", toy_directory / "open_clip_model.safetensors")
    source = locate("ViT-B-32/openai")
    assert source.checkpoint == snapshot / "open_clip_model.safetensors"
    assert source.settings["mean"] == open_clip.OPENAI_DATASET_MEAN
    assert source.settings["quick_gelu"]


@pytest.mark.parametrize("model", ["hf-hub:nobody/nothing", "ViT-B-32/laion2b_s34b_b79k"])
def test_weights_that_cannot_be_downloaded_say_where_to_get_and_put_them(model, tmp_path):
    with pytest.raises(
        WeightsMissing, match=r"cannot be downloaded.*https://huggingface.co/.*local-dir:/that/directory"
    ):
        OpenClip(model)


def test_an_unknown_architecture_is_answered_with_the_nearest():
    with pytest.raises(UnknownName, match=r"encoder=ViT-B-33/openai: is not known; did you mean ViT-B-32"):
        OpenClip("ViT-B-33/openai")


@pytest.mark.parametrize("model", ["ViT-B-32", "ViT-B-32/laion2b_s34b"])
def test_an_unknown_tag_is_answered_with_the_nearest(model):
    with pytest.raises(ConfigError, match=r"write ViT-B-32/TAG, (did you mean laion2b_s34b_b79k|known: openai)"):
        OpenClip(model)


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"device": "gpu"}, r"encoder.device=gpu: is no device; auto, cpu, cuda"),
        ({"device": "cuda:99"}, r"encoder.device=cuda:99: this machine has \d+ CUDA devices"),
        ({"precision": "int4"}, r"encoder.precision=int4: is not known; auto, fastest, fp32, bf16, fp16, int8"),
        ({"batch_size": 0}, r"encoder.batch_size=0: must be 1 or more"),
    ],
)
def test_a_setting_out_of_range_is_named(toy_directory, setting, says):
    with pytest.raises(ConfigError, match=says):
        encoder(toy_directory, **setting)
