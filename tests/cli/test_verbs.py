"""Each verb does what its help says, prints for people, and writes JSON for machines."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from vlmrl.cli import main
from vlmrl.config.compose import compose
from vlmrl.encoders.base import Encoder
from vlmrl.envs.make import find_task, task_names
from vlmrl.find import names
from vlmrl.rewards.goal_baseline import GoalBaseline
from vlmrl.rewards.roboclip import RoboClip
from vlmrl.scoring.scorer import Scorer
from vlmrl.types import Words

KINDS = ("tasks", "rewards", "encoders", "shapings", "agents", "experiments", "questions", "judges", "verbs")
TINY = [
    "task=pendulum/upright", "reward=oracle", "agent.total_steps=160", "agent.n_envs=2", "seed=1", "progress=false",
    "agent.params.learning_starts=100", "agent.params.gradient_steps=1", "agent.params.policy_kwargs={net_arch: [8]}",
    "evaluation.every=0", "evaluation.final_episodes=2", "track.tensorboard=false",
]  # fmt: skip


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", KINDS)
def test_list_tells_people_and_machines_the_same_names(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["list", kind, f"json={tmp_path}/new/a=b.json"]) == 0
    rows = read(tmp_path / "new" / "a=b.json")
    assert len({tuple(row) for row in rows}) == 1  # a table: every row has the same columns
    printed = capsys.readouterr().out
    assert [row["name"] for row in rows if row["name"] not in printed] == []


def test_list_knows_every_task_and_reward(tmp_path: Path) -> None:
    main(["list", "tasks", f"json={tmp_path}/tasks.json"])
    rows = {row["name"]: row for row in read(tmp_path / "tasks.json")}
    assert set(rows) == set(task_names())
    task = find_task("cartpole/upright")
    row = rows["cartpole/upright"]
    assert (row["goal"], row["env_id"], row["hold"]) == (list(task.goal), task.env_id, task.hold_steps)
    main(["list", "rewards", f"json={tmp_path}/rewards.json"])
    rewards = {row["name"]: row for row in read(tmp_path / "rewards.json")}
    assert set(rewards) == {*names("reward"), "oracle"}
    assert rewards["goal_baseline"]["settings"]["alpha"] == 0.5
    assert rewards["goal_baseline"]["needs"] == ["baseline"]


def test_list_alone_names_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", f"json={tmp_path}/all.json"]) == 0
    assert set(read(tmp_path / "all.json")) == set(KINDS)
    assert "cartpole/upright" in capsys.readouterr().out


def test_info_tells_versions_machine_and_renderer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", f"json={tmp_path}/info.json"]) == 0
    told = read(tmp_path / "info.json")
    assert {"packages", "python", "platform", "torch", "rendering"} <= set(told)
    assert "renderer" in told["rendering"] or "error" in told["rendering"]
    assert told["packages"]["vlmrl"] in capsys.readouterr().out


def test_json_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main(["list", "verbs", f"json={tmp_path}/file/a.json"]) == 2
    assert "file/a.json: cannot be written" in capsys.readouterr().err


def test_cfg_prints_the_settings_that_a_run_would_have(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["experiment=demo", "goal=it's, ok", "agent=ppo", "reward.alpha=0.7"]
    assert main(["train", "--cfg", *line]) == 0
    assert yaml.safe_load(capsys.readouterr().out) == compose(line).model_dump(mode="json")


def test_score_gives_the_scorers_own_numbers(
    toy_directory: Path,
    toy_encoder: Encoder,
    frames: NDArray[np.uint8],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    np.save(tmp_path / "a, b.npy", frames)
    said = ["goal=a pole, upright", "goal=it's up", "baseline=a pole", f"encoder=local-dir:{toy_directory}"]
    path = str(tmp_path / "a, b.npy")
    settings = ["encoder.precision=fp32", "encoder.device=cpu", "reward.alpha=0.7", "every=2"]
    assert main(["score", path, *said, *settings, f"json={tmp_path}/out.json"]) == 0
    told = read(tmp_path / "out.json")
    words = Words(("a pole, upright", "it's up"), ("a pole",))
    expected = Scorer(GoalBaseline(toy_encoder, alpha=0.7)).frames(frames[::2], words)
    np.testing.assert_allclose([row["score"] for row in told["rows"]], expected, atol=1e-5)
    assert [row["frame"] for row in told["rows"]] == list(range(0, len(frames), 2))
    assert {row["file"] for row in told["rows"]} == {path}
    assert told["goal"] == list(words.goal)
    assert "score" in capsys.readouterr().out


def test_score_gives_a_film_one_number_by_a_reward_that_reads_it_whole(
    toy_directory: Path,
    toy_encoder: Encoder,
    frames: NDArray[np.uint8],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, clip in {"a": frames, "b": frames[:3], "demo": frames[5:9]}.items():
        np.save(tmp_path / f"{name}.npy", clip)
    settings = ["goal=up", f"encoder=local-dir:{toy_directory}", "encoder.precision=fp32", "encoder.device=cpu"]
    asked = [
        "score",
        f"{tmp_path}/a.npy",
        f"{tmp_path}/b.npy",
        *settings,
        "reward=roboclip",
        f"json={tmp_path}/out.json",
    ]
    assert main([*asked, f"reward.film={tmp_path}/demo.npy"]) == 0
    rows = read(tmp_path / "out.json")["rows"]
    model = RoboClip(toy_encoder, frames[5:9])
    expected = [model.score_clip(clip, Words.of("up")).item() for clip in (frames, frames[:3])]
    np.testing.assert_allclose([row["score"] for row in rows], expected, atol=1e-5)
    assert [(Path(row["file"]).name, row["frames"]) for row in rows] == [("a.npy", 13), ("b.npy", 3)]
    monkeypatch.setattr(RoboClip, "_worth", lambda self, film, words: film.new_tensor(np.nan))
    assert main(asked) == 0
    assert [row["score"] for row in read(tmp_path / "out.json")["rows"]] == [None, None]
    assert "abstained: the reward can say nothing of 2 of 2 films" in capsys.readouterr().out
    assert main([*asked, f"reward.film={tmp_path}/none.npy"]) == 2
    np.save(tmp_path / "empty.npy", frames[:0])
    assert main(["score", f"{tmp_path}/empty.npy", *settings, "reward=roboclip"]) == 2
    assert "empty.npy: holds no frame" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "files: are missing"),
        (["a.png"], "goal: is missing; say in a sentence"),
        (["a.png", "goal=x", "reward=oracle"], "reward=oracle: is the simulator's own reward"),
        (["a.png", "goal=x", "task=a/b"], "task=a/b: is not known"),
        (["a.png", "goal=x", "agent=ppo"], "agent=ppo: is not known"),
    ],
)
def test_score_refuses_what_it_cannot_score(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["score", *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"vlmrl: {message}")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was trained, badly."""
    path = tmp_path_factory.mktemp("runs") / "a run, [odd]"
    assert main(["train", *TINY, f"run_dir={path}"]) == 0
    return path


@pytest.mark.slow
def test_train_leaves_an_agent_an_evaluation_and_a_report(finished: Path) -> None:
    for name in ("config.yaml", "command.txt", "last_model.zip", "evaluation.json", "report.html", "progress.csv"):
        assert (finished / name).stat().st_size > 0


@pytest.mark.slow
def test_eval_judges_beside_random_and_oracle(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["eval", str(finished), f"oracle={finished}", "episodes=2", "seed=500", f"json={tmp_path}/e.json"]
    assert main(line) == 0
    told = read(tmp_path / "e.json")
    assert [row["agent"] for row in told["rows"]] == ["agent", "oracle", "random"]
    assert [episode["seed"] for episode in told["evaluations"][0]["episodes"]] == [500, 501]
    assert read(finished / "evaluation.json") == told
    assert "random" in capsys.readouterr().out


@pytest.mark.slow
def test_eval_keeps_away_from_the_seeds_of_training(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", str(finished), "seed=0", "episodes=2"]) == 2
    assert "seed=0: meets the seeds of training, from 1 on" in capsys.readouterr().err


@pytest.mark.slow
def test_record_films_and_report_shows_it(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film = tmp_path / "new" / "a b.gif"
    assert main(["record", f"run={finished}", f"out={film}", "size=[96,96]", f"json={tmp_path}/r.json"]) == 0
    assert film.stat().st_size > 0
    assert read(tmp_path / "r.json")["paths"] == [str(film)]
    assert main(["report", str(finished)]) == 0
    assert str(finished / "report.html") in capsys.readouterr().out


@pytest.mark.slow
def test_a_run_without_an_agent_is_named(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", str(finished), "checkpoint=best"]) == 2
    assert "has no best_model.zip yet" in capsys.readouterr().err


@pytest.mark.slow
def test_a_run_directory_alone_is_enough_to_go_on(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", f"run_dir={finished}"]) == 0
    assert "has taken all its steps already" in capsys.readouterr().out
    assert main(["train", f"run_dir={finished}", "--cfg"]) == 0
    assert "task: pendulum/upright" in capsys.readouterr().out


@pytest.mark.slow
def test_ctrl_c_saves_and_the_same_command_goes_on(tmp_path: Path) -> None:
    line = [*TINY, "agent.total_steps=2_000_000", "agent.params.learning_starts=2_000_000", f"run_dir={tmp_path}/r"]
    command = [sys.executable, "-c", "import sys; from vlmrl.cli import main; sys.exit(main())", "train", *line]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        deadline = time.monotonic() + 90
        while not list((tmp_path / "r" / "checkpoints").glob("step_*")) and time.monotonic() < deadline:
            assert process.poll() is None, process.stdout.read() if process.stdout else ""
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "goes on from there" in said
    newest = max((tmp_path / "r" / "checkpoints").glob("step_*"))
    assert int(newest.name.removeprefix("step_")) > 10_000
