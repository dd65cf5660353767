"""``vlmrl reward train``: from datasets to weights that a reward reads, measured on episodes that it did not see."""

import json
import re
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from vlmrl import rewards
from vlmrl.cli import main
from vlmrl.config.parts import part
from vlmrl.datasets import minari
from vlmrl.datasets.sheet import Sheet
from vlmrl.envs.make import find_task
from vlmrl.judge.cast import cast
from vlmrl.judge.collect import episodes_of
from vlmrl.learned.evaluation import MEASURES
from vlmrl.learned.teach import learnable
from vlmrl.rewards.progress import Progress

SMALL = ["reward.window=4", "reward.width=8", "reward.layers=1", "reward.heads=2", "reward.bins=5"]
QUICK = ["steps=20", "every=10", "batch=4"]


@pytest.fixture(scope="module")
def task():
    return find_task("reacher/touch")


@pytest.fixture(scope="module")
def episodes(task):
    """Eight short ones of a random agent, half of which are said to have done it from their tenth step on."""
    played = episodes_of(task.but(horizon=30), cast(task, ("random",), 8))
    done = np.arange(31) >= 10
    return [replace(one, success=done if at % 2 else ~done & done) for at, one in enumerate(played)]


@pytest.fixture
def keep(task, tmp_path, monkeypatch):
    """Writes a dataset of some episodes into a folder here."""
    monkeypatch.chdir(tmp_path)

    def write(name, some):
        minari.write(tmp_path / name, task, some, Sheet.of(task, some))
        return name

    return write


def line(toy_directory, *more):
    encoder = [f"encoder=local-dir:{toy_directory}", "encoder.precision=fp32", "encoder.device=cpu"]
    return ["reward", "train", "reward=progress", "out=w.safetensors", *encoder, *SMALL, *QUICK, *more]


def test_it_writes_weights_that_every_verb_reads(keep, episodes, toy_directory, toy_encoder, tmp_path, capsys):
    data = keep("data", episodes)
    assert main(line(toy_directory, data, "json=told.json")) == 0
    shown = capsys.readouterr().out
    assert "data: 8 episodes of reacher/touch, 248 frames drawn and embedded" in shown
    assert "evaluated on 2 episodes that it did not see" in shown
    told = json.loads((tmp_path / "told.json").read_text())
    assert [row["measure"] for row in told["rows"]] == list(MEASURES)
    assert (told["data"]["episodes"], told["data"]["successes"], told["data"]["taught"]) == (8, 4, 6)
    assert not list(tmp_path.glob("*.training"))
    model = rewards.load("progress", toy_encoder, weights=tmp_path / "w.safetensors")
    assert isinstance(model, Progress)
    film = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)
    np.save("film.npy", film)
    encoder = [f"encoder=local-dir:{toy_directory}", "encoder.precision=fp32", "encoder.device=cpu"]
    asked = ["score", "film.npy", "goal=the finger touches the ball", "reward=progress", "reward.weights=w.safetensors"]
    assert main([*asked, *encoder, "json=scores.json"]) == 0
    rows = json.loads((tmp_path / "scores.json").read_text())["rows"]
    assert [row["frame"] for row in rows] == list(range(6))
    assert all(0 <= row["score"] <= 1 for row in rows)
    assert main(["rescore", data, "reward=progress", "reward.weights=w.safetensors", *encoder, "out=scores"]) == 0
    assert len(list(tmp_path.glob("scores/episode_*.npy"))) == 8
    capsys.readouterr()
    train = ["train", "task=reacher/touch", "reward=progress", "reward.weights=w.safetensors", "agent.n_envs=2"]
    assert main([*train, *encoder, "dry_run=true"]) == 0
    assert "frames/s scored: 0." in capsys.readouterr().out
    train[1] = "task=cartpole/upright"
    assert main([*train, *encoder, "dry_run=true"]) == 2
    assert "was taught through another camera" in capsys.readouterr().err


@pytest.mark.parametrize("reward", ["vlac", "timerewarder", "dopamine"])
def test_rewards_of_pairs_are_taught_by_the_same_command_and_score_films(
    keep, episodes, toy_directory, reward, tmp_path
):
    data = keep("data", episodes)
    encoder = [f"encoder=local-dir:{toy_directory}", "encoder.precision=fp32", "encoder.device=cpu"]
    small = ["reward.width=8", "reward.bins=5", "reward.pairs=4", "out=w.safetensors", "json=told.json"]
    assert main(["reward", "train", f"reward={reward}", data, *small, *encoder, *QUICK]) == 0
    told = json.loads((tmp_path / "told.json").read_text())
    assert [row["measure"] for row in told["rows"]] == list(MEASURES)
    np.save("film.npy", np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8))
    taught = [f"reward={reward}", "reward.weights=w.safetensors", *encoder]
    assert main(["score", "film.npy", "goal=the finger touches the ball", *taught, "json=scores.json"]) == 0
    rows = json.loads((tmp_path / "scores.json").read_text())["rows"]
    assert [row["frame"] for row in rows] == list(range(6))
    assert all(-1 <= row["score"] <= 1 for row in rows)
    shaping = "shaping=[reached,potential]" if reward == "dopamine" else "shaping=delta"
    assert main(["train", "task=reacher/touch", *taught, "agent.n_envs=2", shaping, "dry_run=true"]) == 0


def test_what_was_embedded_is_kept_and_a_damaged_file_of_it_made_anew(keep, episodes, toy_directory, tmp_path, capsys):
    data = keep("data", episodes)
    assert main(line(toy_directory, data)) == 0
    first = (tmp_path / "w.safetensors").read_bytes()
    kept = sorted((tmp_path / data / "embeddings").glob("*.safetensors"))
    assert len(kept) == 8
    kept[3].write_bytes(kept[3].read_bytes()[:50])
    capsys.readouterr()
    assert main(line(toy_directory, data)) == 0
    assert "data: 8 episodes of reacher/touch, 31 frames drawn and embedded" in capsys.readouterr().out
    assert (tmp_path / "w.safetensors").read_bytes() == first


@pytest.mark.parametrize("name", [name for name in learnable() if name != "progress"])
def test_every_reward_that_learns_is_taught_by_one_command_and_scores(
    keep, episodes, toy_directory, tmp_path, capsys, name
):
    data, known = keep("data", episodes), {field.name for field in fields(part("reward", name).lesson)}
    given = [one for one in line(toy_directory, data) if one.split("=")[0].removeprefix("reward.") not in known]
    small = [one for one in SMALL if one.split("=")[0].removeprefix("reward.") in known]
    given = [one for one in given if not one.startswith("reward")] + [f"reward={name}", *small]
    assert main(["reward", "train", *given[1:], "json=told.json"]) == 0
    told = json.loads((tmp_path / "told.json").read_text())
    assert [row["measure"] for row in told["rows"]] == list(MEASURES)
    np.save("film.npy", np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8))
    encoder = [one for one in given if one.startswith("encoder")]
    asked = ["score", "film.npy", "goal=the finger touches the ball", f"reward={name}", "reward.weights=w.safetensors"]
    assert main([*asked, *encoder, "json=scores.json"]) == 0
    assert len(json.loads((tmp_path / "scores.json").read_text())["rows"]) == 6
    train = ["train", "task=reacher/touch", f"reward={name}", "reward.weights=w.safetensors", "agent.n_envs=2"]
    assert main([*train, *encoder, "dry_run=true"]) == 0


def test_stages_that_somebody_wrote_down_are_taught(keep, episodes, toy_directory, tmp_path, capsys):
    data = keep("data", episodes)
    given = [one for one in line(toy_directory, data, "reward=sarm", "reward.stages=2") if "bins" not in one]
    asked = [one for one in given if one != "reward=progress"]
    assert main(asked) == 0
    found = [json.loads((tmp_path / "w.json").read_text())["data"]["fingerprint"]]
    (tmp_path / data / "stages.json").write_text('{"1": [3], "3": [5], "5": [4], "7": [2]}')
    assert main(asked) == 0
    found.append(json.loads((tmp_path / "w.json").read_text())["data"]["fingerprint"])
    assert found[0] != found[1]
    (tmp_path / data / "stages.json").write_text('{"1": [3]}')
    assert main(asked) == 2
    assert re.search(r"episode \d of data has 1 stages in its stages\.json", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ([], r"data: is missing"),
        (["none"], r"dataset=none: is no dataset"),
        (["won"], r"data: 0 of 4 episodes failed, from episode 0 of won on; 2 must.*agents=random"),
        (["lost"], r"data: 0 of 4 episodes of reacher/touch came to success; 2 or more must"),
        (["short"], r"data: episode 1 of short has 1 step; an episode must have 2 or more"),
        (["all", "out=w.npz"], r"out=w\.npz: is no file to write"),
        (["all", "reward=cosine"], r"reward=cosine: learns nothing from films; these do: .*progress"),
        (
            ["all", "reward.rewind=2"],
            r"reward\.rewind=2\.0: must be a number between|reward\.rewind=2: must be a number",
        ),
        (["all", "reward.rewnd=0"], r"reward\.rewnd=0: .*did you mean reward\.rewind|rewnd.*rewind"),
        (["all", "reward.weights=w.safetensors"], r"reward\.weights=w\.safetensors: is for a reward that was taught"),
        (["all", "steps=0"], r"steps=0"),
    ],
)
def test_what_it_cannot_learn_from_is_refused_by_name(keep, episodes, task, toy_directory, capsys, more, message):
    if more and more[0] in ("won", "lost", "all"):
        won, lost = episodes[1::2], episodes[::2]
        keep(more[0], {"won": won, "lost": lost, "all": episodes}[more[0]])
    elif more == ["short"]:
        short = episodes_of(task.but(horizon=1), cast(task, ("random",), 1))
        keep("short", [episodes[0], *short])
    given = line(toy_directory, *more)
    replaced = {one.split("=")[0] for one in more if "=" in one}
    kept = [one for one in given[2:] if one in more or one.split("=")[0] not in replaced]
    if "reward" in replaced:
        kept = [one for one in kept if not one.startswith("reward.")]
    assert main(["reward", "train", *kept]) == 2
    assert re.search(message, capsys.readouterr().err)


def test_help_and_an_unknown_step(capsys):
    assert main(["reward"]) == 0
    assert "vlmrl reward train reward=progress" in capsys.readouterr().out
    assert main(["reward", "train", "--help"]) == 0
    assert "patience=6" in capsys.readouterr().out
    assert main(["reward", "learn"]) == 2
    assert "reward=learn: is not known" in capsys.readouterr().err


COMPARED = ["reward=preference", "reward.judge=oracle", "reward.ask.questions=20", "reward.ask.most=60"]


def compared(toy_directory, *more):
    encoder = [f"encoder=local-dir:{toy_directory}", "encoder.precision=fp32", "encoder.device=cpu"]
    return ["reward", "train", *COMPARED, "out=nets.safetensors", *encoder, *more]


def test_nets_of_preferences_learn_from_data_and_pay_as_they_are(keep, episodes, toy_directory, tmp_path, capsys):
    data = keep("data", episodes)
    assert main(compared(toy_directory, data, "json=told.json")) == 0
    assert "nets that learned from" in capsys.readouterr().out
    told = json.loads((tmp_path / "told.json").read_text())
    assert [row["measure"] for row in told["rows"]] == ["oracle", "success", "forward", "gap"]
    assert told["told"]["questions"] == 60
    assert told["told"]["answers_right"] == 1
    assert not list(tmp_path.glob("*.training"))
    train = ["train", "task=reacher/touch", "reward=preference", "reward.nets=nets.safetensors", "agent.n_envs=2"]
    train += [one for one in compared(toy_directory) if one.startswith("encoder")]
    assert main([*train, "reward.judge=null", "dry_run=true"]) == 0
    assert "asked up to" not in capsys.readouterr().out
    assert main([*train, "reward.judge=oracle", "dry_run=true"]) == 0
    assert "asked up to" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["steps=5"], r"steps=5: is for|steps: is for rewards that are taught by whole films"),
        (["reward.judge=nobody"], r"nobody: is not known"),
        (["reward.wrong=3"], r"reward\.wrong=3"),
        (["reward.judge=null"], r"reward\.judge, reward\.answers: are both null"),
    ],
)
def test_what_no_comparison_can_do_is_refused_before_a_frame_is_drawn(
    keep, episodes, toy_directory, capsys, more, message
):
    data = keep("data", episodes)
    assert main(compared(toy_directory, data, *more)) == 2
    told = capsys.readouterr()
    assert re.search(message, told.err)
    assert "drawn and embedded" not in told.out


def test_nets_learn_one_goal(keep, episodes, task, toy_directory, capsys):
    other = find_task("cartpole/upright").but(horizon=6)
    some = episodes_of(other, cast(other, ("random",), 2))
    minari.write(Path("other"), other, some, Sheet.of(other, some))
    assert main(compared(toy_directory, keep("data", episodes), "other")) == 2
    assert (
        "data: holds reacher/touch and cartpole/upright; nets of preferences learn one goal" in capsys.readouterr().err
    )
