"""The card is written from what was measured of the very model beside it."""

import json
import shutil

import pytest

from vlmrl.sim_clip import card
from vlmrl.sim_clip.towers import WEIGHTS


@pytest.mark.slow
def test_a_model_is_measured_and_its_card_written_from_that(tmp_path):
    for name in ("open_clip_model.safetensors", "open_clip_config.json", "tokenizer.json", "bpe.txt.gz", "known.json"):
        shutil.copy(WEIGHTS / name, tmp_path)
    training = json.loads((WEIGHTS / "training.json").read_text())
    (tmp_path / "training.json").write_text(json.dumps(training | {"minutes": 12.0}))
    text = card.measure(tmp_path, frames=60).read_text()
    found = json.loads((tmp_path / "evaluation.json").read_text())
    assert "12 minutes on two cores" in text
    for task, facts in found["tasks"].items():
        assert facts["spearman"]["neutral"] > 0.7, task
        assert f"| {task} | {facts['spearman']['neutral']} |" in text
