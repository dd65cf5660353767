"""Small models of each family, written with random weights as open_clip directories; nothing is downloaded."""

import gzip
from typing import Any

import pytest

from tests.conftest import TOY

SIGLIP: dict[str, dict[str, Any]] = {
    "model_cfg": {
        "embed_dim": 24,
        "init_logit_bias": -10,
        "custom_text": True,
        "vision_cfg": {
            "image_size": 48,
            "layers": 2,
            "width": 32,
            "head_width": 16,
            "patch_size": 16,
            "no_ln_pre": True,
            "pool_type": "avg",
            "final_ln_after_pool": True,
        },
        "text_cfg": {
            "context_length": 16,
            "vocab_size": 32,
            "width": 32,
            "heads": 2,
            "layers": 2,
            "hf_tokenizer_name": "toy",
            "tokenizer_kwargs": {"clean": "canonicalize"},
            "no_causal_mask": True,
            "pool_type": "last",
            "proj_bias": True,
        },
    },
    "preprocess_cfg": {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bicubic", "resize_mode": "squash"},
}

RESNET: dict[str, dict[str, Any]] = {
    "model_cfg": {
        "embed_dim": 16,
        "vision_cfg": {
            "timm_model_name": "resnet10t",
            "timm_model_pretrained": False,
            "timm_pool": "avg",
            "timm_proj": "linear",
            "image_size": 64,
        },
        "text_cfg": {"context_length": 40, "vocab_size": 512 + 3 + 2, "width": 32, "heads": 2, "layers": 2},
    },
    "preprocess_cfg": {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bilinear", "resize_mode": "longest"},
}


@pytest.fixture(scope="session")
def write_bpe():
    """Writes a vocabulary of 512 letters, three merges and two marks, as open_clip's SimpleTokenizer reads it."""

    def write(directory):
        merges = ["t h", "th e</w>", "p o"]
        with gzip.open(directory / "bpe.txt.gz", "wt", encoding="utf-8") as opened:
            opened.write("\n".join(["#version: 0.2", *merges]))

    return write


@pytest.fixture(scope="session")
def write_hf_tokenizer():
    """Writes a word-level Hugging Face tokenizer that ends each sentence with a mark."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    def write(directory):
        known = [
            "<pad>",
            "</s>",
            "<unk>",
            "a",
            "pole",
            "cart",
            "on",
            "the",
            "standing",
            "upright",
            "is",
            "hanging",
            "down",
        ]
        tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(known)}, unk_token="<unk>"))
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
        marks = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
        PreTrainedTokenizerFast(tokenizer_object=tokenizer, **marks).save_pretrained(directory)

    return write


@pytest.fixture(scope="session")
def siglip_directory(save_model, write_hf_tokenizer, tmp_path_factory):
    """A SigLIP: sigmoid bias, mean and std of a half, squashed pictures, a Hugging Face tokenizer."""
    directory = save_model(tmp_path_factory.mktemp("siglip"), SIGLIP)
    write_hf_tokenizer(directory)
    return directory


@pytest.fixture(scope="session")
def resnet_directory(save_model, write_bpe, tmp_path_factory):
    """A convolutional image tower from timm, and a BPE vocabulary of its own beside the weights."""
    directory = save_model(tmp_path_factory.mktemp("resnet"), RESNET)
    write_bpe(directory)
    return directory


@pytest.fixture(scope="session")
def wide_directory(save_model, tmp_path_factory):
    """A CLIP that reads pictures half as tall as wide."""
    config = {key: dict(section) for key, section in TOY.items()}
    config["model_cfg"]["vision_cfg"] = {**TOY["model_cfg"]["vision_cfg"], "image_size": [32, 64]}
    return save_model(tmp_path_factory.mktemp("wide"), config)


@pytest.fixture(params=["toy", "siglip", "resnet", "wide"])
def directory(request):
    """Each of the small models in turn."""
    return request.getfixturevalue(f"{request.param}_directory")
