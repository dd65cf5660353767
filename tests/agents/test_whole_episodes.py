"""A run that is paid by whole episodes, from the settings to the weights."""

import numpy as np
import pytest

from tests.agents import plugin
from vlmrl.agents.train import train
from vlmrl.errors import ConfigError
from vlmrl.metrics.evaluation import Comparison

pytestmark = pytest.mark.usefixtures("dots")
ROBOCLIP = {"name": "roboclip", "frames": 8}


@pytest.mark.parametrize("algorithm", ["PPO", "SAC"])
def test_an_agent_learns_from_roboclip_and_is_judged_by_it(tmp_path, lines, algorithm):
    result = train(plugin.config(tmp_path / "run", algorithm, reward=ROBOCLIP), lines.append)
    assert result.steps == 160
    judged = Comparison.load(tmp_path / "run" / "evaluation.json")
    assert all(-1 <= one.vlm_return <= 1 for one in judged.evaluations[0].episodes)
    assert len({one.vlm_return for one in judged.evaluations[0].episodes}) > 1
    (monitored,) = (tmp_path / "run").glob("*monitor*.csv")
    paid = [float(line.split(",")[0]) for line in monitored.read_text().splitlines()[2:]]
    assert len(paid) == 8  # 160 steps of 20 an episode
    assert all(0 < one <= 1 for one in paid)


def test_a_run_of_whole_episodes_goes_on_where_it_stopped(tmp_path, lines):
    run = tmp_path / "run"
    train(plugin.config(run, reward=ROBOCLIP, steps=80), lines.append)
    settings = plugin.settings(run, reward=ROBOCLIP, steps=160)
    assert (
        train(plugin.config(run, **{key: settings[key] for key in ("reward",)}, steps=160), lines.append).steps == 160
    )
    with np.load(sorted((run / "checkpoints").rglob("arrays.npz"))[-1]) as arrays:
        rewards, done = arrays["buffer/rewards"], arrays["buffer/dones"]
    assert ((rewards != 0) == (done != 0)).all()
    assert (rewards != 0).sum() == 8


def test_a_rehearsal_watching_and_frames_left_out_know_of_it(tmp_path, lines):
    train(plugin.config(tmp_path / "dry", reward=ROBOCLIP, dry_run=True), lines.append)
    assert "dry run of Dot-v0" in "".join(lines)
    assert "their one number then comes sooner" in "".join(lines), "nobody knows whether this world ends early"
    watched = {"every": 80, "episodes": 2, "final_episodes": 3, "watch": 2}
    run = plugin.config(tmp_path / "run", reward=ROBOCLIP, evaluation=watched, scoring={"every": 3})
    assert train(run, lines.append).steps == 160
    assert "not watched for signs of hacking: the alarms ask about frames" in "".join(lines)


@pytest.mark.parametrize(
    ("shaper", "settings"),
    [("delta", {}), ("calibrate", {"goal_like": None, "baseline_like": None}), ("spread", {"unit": None})],
)
def test_a_shaper_that_compares_frames_is_refused(tmp_path, lines, shaper, settings):
    shaping = {"name": shaper, shaper: settings}
    with pytest.raises(ConfigError, match=rf"shaping\.{shaper}: looks at .* RoboClip scores whole episodes; take sh"):
        train(plugin.config(tmp_path / "run", reward=ROBOCLIP, shaping=shaping), lines.append)
