"""The training: it learns, it stops and goes on, and it refuses what it cannot do."""

import hashlib
import json
import shutil

import numpy as np
import open_clip
import pytest
import torch
from safetensors.torch import load_file
from torch.nn import functional as F

from vlmrl.errors import ConfigError, UnknownName
from vlmrl.sim_clip import towers, train
from vlmrl.sim_clip.settings import Settings


class ToyTeacher:
    """Sentences as the mean of a fixed random vector a word: alike words, alike sentences."""

    def words(self):
        return ["the", "pole", "cart", "upright", "left", "right", "robot", "ball", "standing", "arm"]

    def vectors(self, sentences):
        rows = []
        for sentence in sentences:
            seeds = [int(hashlib.sha256(word.encode()).hexdigest()[:8], 16) for word in sentence.lower().split()]
            row = np.mean([np.random.default_rng(seed).normal(size=384) for seed in seeds], axis=0)
            rows.append(row / np.linalg.norm(row))
        return np.array(rows, np.float32)


def tiny(path, **changes):
    numbers = {
        "frames": 24,
        "image_steps": 3,
        "image_batch": 4,
        "text_steps": 2,
        "singles": 6,
        "pairs": 10,
        "corpus": 60,
        "vocabulary": 1024,
        "domains": "cartpole,reacher,tabletop",
    }
    return Settings(out=path / "out", work=path / "work", threads=1, **(numbers | changes))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    path = tmp_path_factory.mktemp("sim_clip")
    train.train(tiny(path), lambda line: None, ToyTeacher)
    return path


@pytest.mark.slow
def test_stock_open_clip_reads_the_directory(trained):
    model, preprocess = open_clip.create_model_from_pretrained(f"local-dir:{trained / 'out'}")
    ours = towers.load(trained / "out")
    tokens = open_clip.tokenizer.SimpleTokenizer(
        bpe_path=str(trained / "out/bpe.txt.gz"), context_length=towers.CONTEXT
    )(["a pole on a cart"])
    with torch.no_grad():
        torch.testing.assert_close(
            model.encode_text(tokens, normalize=True), towers.embed_tokens(ours, tokens), atol=1e-5, rtol=0
        )
    assert preprocess is not None
    assert json.loads((trained / "out/training.json").read_text())["recipe"]["frames"] == 24


@pytest.mark.slow
def test_a_stopped_training_goes_on_and_ends_at_the_same_weights(trained, tmp_path, monkeypatch):
    shutil.copytree(trained / "work", tmp_path / "work", ignore=shutil.ignore_patterns("*.safetensors"))
    monkeypatch.setattr(train, "SAVE_EVERY", 1)
    calls = []

    def stop_after_two(line):
        calls.append(line)
        if line.startswith("images: step 2"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train.train(tiny(tmp_path), stop_after_two, ToyTeacher)
    train.train(tiny(tmp_path), calls.append, ToyTeacher)
    assert sum(line.startswith("images: step") for line in calls) == 3
    whole, pieces = (load_file(path / "out/open_clip_model.safetensors") for path in (trained, tmp_path))
    for name in whole:
        torch.testing.assert_close(pieces[name], whole[name], atol=2e-3, rtol=1e-2)


@pytest.mark.slow
def test_another_recipe_does_not_overwrite_a_training(trained):
    with pytest.raises(ConfigError, match="holds a training with another recipe"):
        train.train(tiny(trained, seed=1), lambda line: None, ToyTeacher)


def test_cutting_the_padding_changes_no_embedding():
    torch.manual_seed(0)
    model = towers.build(1024).eval()
    tokens = torch.zeros(3, towers.CONTEXT, dtype=torch.long)
    for row, length in enumerate((3, 9, 20)):
        tokens[row, :length] = torch.randint(1, 1000, (length,))
        tokens[row, length] = 1023
    with torch.no_grad():
        torch.testing.assert_close(
            towers.embed_tokens(model, tokens), model.encode_text(tokens, normalize=True), atol=1e-6, rtol=0
        )


def test_a_blurred_teacher_is_near_what_it_was_and_never_the_same_twice():
    vectors = F.normalize(torch.from_numpy(np.random.default_rng(0).standard_normal((64, 384), np.float32)), dim=-1)
    blurred = train.blurred(vectors, np.random.default_rng(1))
    torch.testing.assert_close(blurred.norm(dim=-1), torch.ones(64))
    likeness = (blurred * vectors).sum(-1)
    # Noise of deviation s in each of D dimensions leaves a cosine of about 1 / sqrt(1 + D s^2).
    assert likeness.min() > (1 + 384 * train.NOISE**2) ** -0.5 - 0.05
    assert 0.85 < likeness.mean() < 0.99
    assert likeness.std() > 0.02
    assert not torch.equal(blurred, train.blurred(vectors, np.random.default_rng(2)))


def test_the_learning_rate_warms_up_and_ends_low():
    assert train.rate(0, 1000, 1.0) == pytest.approx(0.01)
    assert train.rate(100, 1000, 1.0) > 0.95
    assert train.rate(1000, 1000, 1.0) == pytest.approx(0.01)


def test_settings_are_checked():
    assert Settings.parse(["frames=2_000", "out=x/y"]).frames == 2000
    with pytest.raises(UnknownName, match="did you mean frames"):
        Settings.parse(["frame=3"])
    with pytest.raises(ConfigError, match="must read key=value"):
        Settings.parse(["frames"])
    with pytest.raises(ConfigError, match="frames=many: must be a whole number"):
        Settings.parse(["frames=many"])
    with pytest.raises(ConfigError, match="frames=0: must be at least 1"):
        Settings.parse(["frames=0"])
    with pytest.raises(ConfigError, match="vocabulary=600: must be at least 1024"):
        Settings.parse(["vocabulary=600"])
    with pytest.raises(UnknownName, match="domains=cartpol: is not known; did you mean cartpole"):
        Settings.parse(["domains=walker,cartpol"])
    with pytest.raises(ConfigError, match="precision=fp64: must be one of bf16, fp32"):
        Settings.parse(["precision=fp64"])
    with pytest.raises(ConfigError, match=r"^device=gpu: is no device; auto, cpu, cuda or cuda:1"):
        Settings.parse(["device=gpu"])


@pytest.mark.slow
def test_half_the_digits_train_nearly_the_same_model(trained, tmp_path):
    work = shutil.ignore_patterns("*.safetensors", "recipe.json")
    shutil.copytree(trained / "work", tmp_path / "work", ignore=work)
    train.train(tiny(tmp_path, precision="fp32"), lambda line: None, ToyTeacher)
    half, full = (load_file(path / "out/open_clip_model.safetensors") for path in (trained, tmp_path))
    differ = [name for name in full if not torch.equal(half[name], full[name])]
    assert differ
    for name in differ:
        torch.testing.assert_close(half[name].float(), full[name].float(), atol=0.02, rtol=0.1)
