"""Runs that are paid by the words and by the task itself: said so everywhere, and taken up again where they were."""

import json
from typing import Any

import numpy as np
import pytest

from tests.agents import plugin
from vlmrl.agents.deferred import aligning
from vlmrl.agents.runs.checkpoint import Checkpoints
from vlmrl.agents.train import train
from vlmrl.cli.record import _caption
from vlmrl.config.parts import privileged
from vlmrl.errors import ConfigError
from vlmrl.report import html

pytestmark = pytest.mark.usefixtures("dots")


def shaping(**settings: Any) -> dict[str, Any]:
    return {"name": "mine", "score": {}, "blend": {"own": "reward", **settings}}


@pytest.mark.parametrize("algorithm", ["SAC", "PPO"])
def test_a_run_goes_on_with_the_weight_and_the_parts_that_it_had(
    tmp_path: Any, lines: list[str], algorithm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aligning, "WINDOW", 64)
    looks: list[float] = []
    real = aligning.moved

    def noted(weight: float, *rest: Any) -> Any:
        looks.append(weight)
        return real(weight, *rest)

    monkeypatch.setattr(aligning, "moved", noted)

    def go_on(steps: int) -> tuple[dict[str, Any], Any]:
        dark = {"name": "light", "dark": True}
        config = plugin.config(tmp_path / "run", algorithm, steps=steps, shaping=shaping(rate=0.3), reward=dark)
        train(config, lines.append)
        newest = Checkpoints(tmp_path / "run" / "checkpoints").paths()[-1]
        return json.loads((newest / "state.json").read_text())["notes"], np.load(newest / "arrays.npz")

    notes, _ = go_on(160)
    assert 0 <= notes["weight"] < 1.0  # these words pay for the dark, and the task for light
    seen = len(looks)
    later, arrays = go_on(320)
    assert looks[0] == 1.0
    assert looks[seen] == notes["weight"]
    assert later["weight"] <= notes["weight"]
    if algorithm == "SAC":
        own, words = arrays["buffer/own_rewards"], arrays["buffer/word_rewards"]
        np.testing.assert_allclose(own, arrays["buffer/next_observations"][..., 0], atol=1e-6)
        np.testing.assert_allclose(arrays["buffer/rewards"], own + later["weight"] * words, atol=1e-6)
        assert (words[:80] != 0).any()


def test_the_log_the_report_and_the_film_say_that_ground_truth_paid(tmp_path: Any, lines: list[str]) -> None:
    config = plugin.config(tmp_path / "run", "PPO", steps=64, shaping=shaping())
    train(config, lines.append)
    said = "\n".join(lines)
    assert "shaping.blend.own=reward: the task's own reward is paid beside the words, so a result is privileged" in said
    assert "and by the task's own reward (shaping.blend.own=reward)" in said
    page = html.write(tmp_path / "run").read_text()
    assert "paid by the words and by the task&#x27;s own reward" in page or "by the task's own reward (<b>" in page
    assert "this is no result from words alone" in page
    assert "never reached the learner" not in page.replace("\n", " ")
    one = type("Agent", (), {"config": config})()
    assert _caption(one) == "trained on words and ground truth"


def test_what_pays_no_truth_is_called_by_no_such_name(tmp_path: Any) -> None:
    assert privileged(plugin.config(tmp_path / "run")) == ""
    assert privileged(plugin.config(tmp_path / "run", shaping={"name": "mine", "gone": {}})) == ""
    assert privileged(plugin.config(tmp_path / "run", shaping=shaping())) == "shaping.blend.own=reward"
    alone = {"name": "mine", "blend": None}
    assert privileged(plugin.config(tmp_path / "run", shaping=alone)) == "shaping.blend.own=success"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"shaping": shaping(own="success")}, r"shaping\.blend\.own=success: asks for the task's own success"),
        ({"shaping": shaping(), "scoring": {"every": 4, "between": "late"}}, r"how well the words pay is not known"),
        ({"shaping": {"name": "mine", "blend": {}}}, r"has no base reward"),
        ({"shaping": shaping(weigth=2.0)}, r"shaping\.blend\.weigth=2\.0.*weight"),
    ],
)
def test_what_cannot_be_paid_is_refused(tmp_path: Any, lines: list[str], changes: Any, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        train(plugin.config(tmp_path / "run", "PPO", steps=64, **changes), lines.append)


def test_a_unit_measured_over_a_random_agent_knows_the_tasks_own_pay(tmp_path: Any, lines: list[str]) -> None:
    chain = shaping(rate=0.0) | {"spread": {"unit": None}}
    train(plugin.config(tmp_path / "run", "PPO", steps=32, shaping=chain), lines.append)
    assert any("what a random agent is paid differs by" in line for line in lines)
