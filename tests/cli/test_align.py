"""``vlmrl align``: from films and preferences to a file that a reward reads."""

import json
import re

import numpy as np
import pytest

from vlmrl.cli import main
from vlmrl.rewards._taught.align import load
from vlmrl.rewards.rapl import Rapl


@pytest.fixture
def films(tmp_path, frames):
    """A folder with three films and two preferences."""
    for name, clip in {"a": frames[:5], "b": frames[4:9], "c": frames[8:]}.items():
        np.save(tmp_path / f"{name}.npy", clip)
    np.save(tmp_path / "short.npy", frames[:1])
    (tmp_path / "said.yaml").write_text("- [a.npy, b.npy]\n- [a.npy, c.npy]\n")
    return tmp_path


def asked(films, toy_directory, *more):
    encoder = [f"encoder=local-dir:{toy_directory}", "encoder.precision=fp32", "encoder.device=cpu"]
    return ["align", *encoder, "steps=5", *more]


def test_it_writes_what_the_reward_reads(films, toy_directory, toy_encoder, frames, words, capsys):
    out = films / "aligned.safetensors"
    line = asked(
        films, toy_directory, f"{films}/said.yaml", f"demo={films}/a.npy", f"out={out}", f"json={films}/o.json"
    )
    assert main(line) == 0
    told = capsys.readouterr().out
    assert "of 2 preferences" in told
    assert "too few preferences to hold any out" in told
    assert json.loads((films / "o.json").read_text())["preferences"] == 2
    assert load(out, toy_encoder.fingerprint, toy_encoder.dim)[0].shape == (16, 16)  # no more than an embedding has
    model = Rapl(toy_encoder, frames[:5], projection=out)
    assert model.score_clip(frames[:5], words) > model.score_clip(frames[4:9], words)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["said.yaml", "demo=a.npy"], "out=None: is no file to write"),
        (["said.yaml", "demo=a.npy", "out=a.npz"], "out=.*a.npz: is no file to write"),
        (["said.yaml", "out=a.safetensors"], "demo: is missing"),
        (["demo=a.npy", "out=a.safetensors"], "preferences: are none"),
        (["none.yaml", "demo=a.npy", "out=a.safetensors"], "preferences=.*none.yaml: cannot be read"),
        (["odd.yaml", "demo=a.npy", "out=a.safetensors"], "preferences=.*odd.yaml: .* is no pair"),
        (["said.yaml", "demo=short.npy", "out=a.safetensors"], "demo=.*short.npy: a film of 1 frames"),
        (["lost.yaml", "demo=a.npy", "out=a.safetensors"], "preferences=.*z.npy: is no file"),
        (["both.yaml", "demo=a.npy", "out=a.safetensors"], "are each preferred to the other"),
    ],
)
def test_what_it_cannot_learn_from_is_refused_by_name(films, toy_directory, capsys, monkeypatch, more, message):
    (films / "odd.yaml").write_text("- a.npy\n")
    (films / "lost.yaml").write_text("- [a.npy, z.npy]\n")
    (films / "both.yaml").write_text("- [a.npy, b.npy]\n- [b.npy, a.npy]\n")
    monkeypatch.chdir(films)
    assert main(asked(films, toy_directory, *more)) == 2
    assert re.search(message, capsys.readouterr().err)
    assert not (films / "a.safetensors").exists()
