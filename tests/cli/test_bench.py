"""``vlmrl bench`` and ``vlmrl collect`` as a person calls them."""

import json

import pytest

from tests.judge.synthetic import episodes
from vlmrl.cli import main
from vlmrl.cli._entries import entries, settings_of
from vlmrl.errors import ConfigError, UnknownName
from vlmrl.judge.recorded import Recorded

OWN = """
def height(frames):
    return -frames[..., 0].astype(float).mean(axis=(1, 2))
"""
PROMPTS = """
sideways:
  pendulum/upright: {goal: a pendulum pointing sideways, baseline: a pendulum}
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    path = tmp_path_factory.mktemp("episodes") / "pendulum.npz"
    episodes(count=4).save(path)
    return path


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(OWN, encoding="utf-8")
    (tmp_path / "prompts.yaml").write_text(PROMPTS, encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_a_leaderboard_from_the_command_line(here, kept, capsys):
    line = [f"episodes={kept}", "rewards=goal_baseline,cosine:,mine.py:height", "moments=8", "resamples=10"]
    line[1] = "rewards=goal_baseline,goal_baseline:alpha=0,mine.py:height"
    assert main(["bench", *line, "prompts=shipped,prompts.yaml", "out=b", "part=all", "json=told.json"]) == 0
    out = capsys.readouterr().out
    assert "[sideways]" in out
    assert "oracle (control)" in out
    told = json.loads((here / "told.json").read_text())
    assert told == json.loads((here / "b/bench.json").read_text())
    assert told["notes"]["episodes"] == {"pendulum/upright": {"failure": 10, "near miss": 2, "success": 4}}
    by_words = {
        (cell["contender"]["reward"], cell["contender"]["prompts"]): cell["measures"]["auroc_trained"]["mean"]
        for cell in told["cells"]
    }
    assert by_words["goal_baseline", "shipped"] > by_words["goal_baseline", "sideways"]
    assert "Which reward means anything?" in (here / "b/leaderboard.html").read_text()
    assert main(["bench", "compare", "b", "b"]) == 0
    assert "0 got worse and 0 better" in capsys.readouterr().out


@pytest.mark.slow
def test_agents_are_trained_where_it_is_asked_for(here, kept, capsys):
    line = [f"episodes={kept}", "rewards=goal_baseline,mine.py:height", "moments=6", "resamples=5", "out=b", "part=all"]
    assert main(["bench", *line, "seeds=1", "steps=256"]) == 0
    out = capsys.readouterr().out
    assert "not trained with: mine.py:height" in out
    told = json.loads((here / "b/bench.json").read_text())
    assert [(one["contender"]["reward"], one["seed"], one["episodes"]) for one in told["trained"]] == [
        ("goal_baseline", 0, 50)
    ]
    assert "What agents learned from them" in (here / "b/leaderboard.html").read_text()


def test_episodes_are_collected_into_a_file(here, capsys):
    assert main(["collect", "task=pendulum/upright", "episodes=2", "out=sub/one.npz"]) == 0
    found = Recorded.load(here / "sub/one.npz")
    assert len(found) == 8
    assert set(found.actor) == {"random", "still", "push", "shake"}
    assert "8 episodes of 200 steps" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (["bench", "tasks=cartpol"], "cartpole"),
        (["bench", "rewards=goal_baselin"], "goal_baseline"),
        (["bench", "rewards=goal_baseline:alpha"], "goal_baseline:alpha=0.5"),
        (["bench", "rewards=goal_baseline:alpha=7"], "alpha=7"),
        (["bench", "rewards=cosine,cosine"], "twice"),
        (["bench", "rewards=gone.py:f"], "no such file"),
        (["bench", "prompts=mine"], "FILE.yaml"),
        (["bench", "prompts=gone.yaml"], "cannot be read"),
        (["bench", "prompts=bad.yaml"], "goal, baseline or negative"),
        (["bench", "encoders=sim_clap"], "sim_clip"),
        (["bench", "episodes=gone.npz"], "vlmrl collect"),
        (["bench", "part=some"], "part"),
        (["bench", "compare", "a"], "two folders"),
        (["bench", "compare", "a", "b"], "no leaderboard"),
        (["collect", "out=x.npz"], "task"),
        (["collect", "task=pendulum/upright", "out=x.csv"], ".npz"),
        (["collect", "task=pendulum/upright", "runs/none", "out=x.npz"], "runs/none"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line(line, says, here, capsys):
    (here / "bad.yaml").write_text("mine:\n  pendulum/upright: {gaol: x}\n", encoding="utf-8")
    assert main(line) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.startswith("vlmrl: ")
    assert "Traceback" not in error


def test_settings_follow_a_reward_after_colons():
    assert settings_of("goal_baseline:alpha=0.5:min_distance=0.1") == (
        "goal_baseline",
        {"alpha": 0.5, "min_distance": 0.1},
    )
    assert settings_of("cosine") == ("cosine", {})


def test_own_functions_need_no_encoder(here):
    found = entries("mine.py:height", "no-such-encoder", "shipped")
    assert [one.contender.reward for one in found] == ["mine.py:height"]
    with pytest.raises(UnknownName):
        entries("cosine", "no-such-encoder", "shipped")
    with pytest.raises(ConfigError):
        entries("cosine", "sim_clip", "gone.yaml")
