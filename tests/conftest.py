"""What all tests share: tiny and real. No test reaches the network."""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # read when huggingface_hub is imported, so before everything else

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from vlmrl.types import Words

settings.register_profile("untimed", deadline=None)  # a busy machine makes no promise false
settings.load_profile("untimed")

TOY: dict[str, dict[str, Any]] = {
    "model_cfg": {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8},
        "text_cfg": {"context_length": 24, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
    },
    "preprocess_cfg": {
        "mean": [0.48, 0.46, 0.41],
        "std": [0.27, 0.26, 0.28],
        "interpolation": "bicubic",
        "resize_mode": "shortest",
    },
}
"""A CLIP of a few thousand numbers beside its vocabulary, in open_clip's own format."""


@pytest.fixture(scope="session")
def save_model():
    """Writes an open_clip directory with random weights; larger than open_clip's own, so that inputs tell apart."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    def save(directory: Path, config: dict) -> Path:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "open_clip_config.json").write_text(json.dumps(config), encoding="utf-8")
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            model = open_clip.create_model(f"local-dir:{directory}", load_weights=False)
            for name, number in model.named_parameters():
                if number.ndim > 1:
                    torch.nn.init.normal_(number, std=0.5 if "embedding" in name else 1.5 * number[0].numel() ** -0.5)
        save_file(
            {name: number.contiguous() for name, number in model.state_dict().items()},
            directory / "open_clip_model.safetensors",
        )
        return directory

    return save


@pytest.fixture(scope="session")
def toy_directory(save_model, tmp_path_factory):
    """The directory of the toy model."""
    return save_model(tmp_path_factory.mktemp("toy"), TOY)


@pytest.fixture(scope="session")
def toy_encoder(toy_directory):
    """A real open_clip model on the CPU, too small to know anything."""
    from vlmrl.encoders.open_clip import OpenClip

    return OpenClip(f"local-dir:{toy_directory}", precision="fp32", device="cpu")


@pytest.fixture
def frames():
    """uint8 (13, 32, 32, 3): shapes and colours that differ, none alike."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (13, 4, 4, 3), dtype=np.uint8)
    return np.kron(coarse, np.ones((1, 8, 8, 1), dtype=np.uint8))


@pytest.fixture
def words():
    """One sentence and a second wording for each side."""
    return Words.of(
        ("a pole standing upright on a cart", "the pole is upright"),
        "a pole on a cart",
        ("a pole hanging down", "a fallen pole"),
    )


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium, to open pages in: ``chromium.new_page()``."""
    from playwright.sync_api import sync_playwright

    found = [path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))]
    if not found:
        pytest.skip("no Chromium on this machine: on Debian 'apt-get install -y chromium'")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found[0], args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium):
    """A page of 1100 x 900 pixels; ``tab.complaints`` has what its scripts complained of, or asked the net for."""
    with chromium.new_context(viewport={"width": 1100, "height": 900}) as context:
        tab = context.new_page()
        tab.complaints = []
        tab.on("pageerror", lambda error: tab.complaints.append(str(error)))
        tab.on("console", lambda line: line.type == "error" and tab.complaints.append(line.text))
        tab.on("request", lambda asked: asked.url.startswith("http") and tab.complaints.append(f"asks for {asked.url}"))
        yield tab
