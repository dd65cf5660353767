"""LeRobot's format: read back by us, and by LeRobot itself in an environment of its own."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vlmrl.datasets import lerobot
from vlmrl.datasets.lerobot import PROGRESS, state_of, unit_range
from vlmrl.datasets.lerobot_files import LeRobotFiles
from vlmrl.datasets.scene import Scene
from vlmrl.errors import ConfigError, RunError, ShapeError

ROOT = Path(__file__).resolve().parents[2]
OTHER = ROOT / ".cache" / "lerobot"
CAMERA = "observation.images.task"


@pytest.fixture(scope="module")
def views(task):
    return {"task": task.camera}


@pytest.fixture(scope="module")
def told(episodes):
    """The last two were asked for in other words."""
    return [*episodes[:4], *(replace(one, instruction="wave your arm") for one in episodes[4:])]


@pytest.fixture(scope="module")
def folder(task, told, sheet, views, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dataset") / "lerobot"
    lerobot.write(folder, task, told, sheet, views)
    return folder


@pytest.fixture
def broken(folder, tmp_path):
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def test_rows_are_those_of_the_episodes(folder, told):
    files = LeRobotFiles(folder)
    assert len(files) == 6
    assert files.cameras == (CAMERA,)
    assert [row["actor"] for row in files.episodes] == [one.actor for one in told]
    for index, episode in enumerate(told):
        rows = files.rows(index)
        wanted = {
            "action": episode.actions,
            "observation.state": state_of(episode)[:-1],
            "next.reward": episode.rewards.astype(np.float32),
            "next.success": episode.success[1:],
            "progress_sparse": episode.oracle[:-1].astype(np.float32),
            "episode_index": np.full(15, index),
            "index": np.arange(15) + 15 * index,
            "task_index": np.full(15, int(index > 3)),
        }
        for name, values in wanted.items():
            assert rows[name].dtype == values.dtype, name
            assert np.array_equal(rows[name], values), name
        assert list(rows["next.done"]) == [False] * 14 + [True]


def test_films_show_the_states_of_their_rows(folder, task, told):
    files = LeRobotFiles(folder)
    with Scene(task) as scene:
        drawn = scene.frames(told[2], size=(64, 64), profile="vlm").astype(float)
    shown = files.frames(2, CAMERA).astype(float)
    assert shown.shape == (15, 64, 64, 3)
    apart = np.abs(shown[:, None] - drawn[None, :15]).mean(axis=(2, 3, 4))
    assert np.diagonal(apart).max() < 4, "as near as H.264 leaves it"
    assert (apart.argmin(axis=1) == np.arange(15)).mean() > 0.8, "each frame is its own state's"


def test_progress_of_another_judge_is_brought_to_the_unit_range(task, told, sheet, tmp_path):
    scores = [np.linspace(-3, index, 16) for index in range(6)]
    progress = unit_range(scores)
    assert min(one.min() for one in progress) == 0
    assert max(one.max() for one in progress) == 1
    lerobot.write(tmp_path / "out", task, told, replace(sheet, cameras={}), {}, progress)
    rows = LeRobotFiles(tmp_path / "out").rows(5)
    assert np.array_equal(rows["progress_sparse"], progress[5][:-1])
    _, pq = lerobot.arrow()
    table = pq.read_table(tmp_path / "out" / PROGRESS)
    assert table.column_names == ["index", "episode_index", "frame_index", "progress_sparse"]
    assert len(table) == 90
    with pytest.raises(ShapeError, match="progress"):
        lerobot.write(tmp_path / "two", task, told, sheet, {}, progress[:3])
    with pytest.raises(ConfigError, match="there are none"):
        lerobot.write(tmp_path / "three", task, [], sheet, {})


def test_a_broken_file_names_its_episode_and_the_others_can_be_read(broken):
    rows, film = broken / "data/chunk-000/file-003.parquet", broken / f"videos/{CAMERA}/chunk-000/file-001.mp4"
    rows.write_bytes(rows.read_bytes()[:900])
    film.write_bytes(film.read_bytes()[: int(film.stat().st_size * 0.7)])
    (broken / "data/chunk-000/file-005.parquet").unlink()
    files = LeRobotFiles(broken)
    for index, name in ((3, "file-003.parquet"), (5, "file-005.parquet")):
        with pytest.raises(RunError, match=rf"episode {index} of 6 is broken in data/chunk-000/{name}"):
            files.rows(index)
    with pytest.raises(RunError, match=r"episode 1 of 6 is broken in videos/.*file-001.mp4"):
        files.frames(1, CAMERA)
    for index in (0, 1, 2, 4):
        assert len(files.rows(index)["action"]) == 15
    assert len(files.frames(0, CAMERA)) == 15


def test_what_is_no_such_dataset_is_a_clear_error(broken, tmp_path):
    with pytest.raises(RunError, match=r"gone: meta/info.json"):
        LeRobotFiles(tmp_path / "gone")
    table = broken / "meta/episodes/chunk-000/file-000.parquet"
    _, pq = lerobot.arrow()
    pq.write_table(pq.read_table(table).slice(0, 4), table)
    with pytest.raises(RunError, match="lacks episode 4"):
        LeRobotFiles(broken)
    table.write_bytes(table.read_bytes()[:100])
    with pytest.raises(RunError, match="meta/episodes cannot be read"):
        LeRobotFiles(broken)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_lerobot_itself_reads_it(folder, task, told, tmp_path):
    if not (OTHER / ".ready").exists():
        pytest.skip("no LeRobot here: `.ci/lerobot` brings it into .cache/lerobot, with a PyTorch of its own")
    out = tmp_path / "read.npz"
    script = Path(__file__).with_name("read_lerobot.py")
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [OTHER / "bin" / "python", script, folder, out], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    with np.load(out) as read:
        found = json.loads(str(read["told"]))
        assert (found["episodes"], found["frames"], found["fps"]) == (6, 90, 25)
        assert found["tasks"] == [one.instruction for one in told for _ in range(15)]
        assert np.array_equal(read["action"], np.concatenate([one.actions for one in told]))
        assert np.array_equal(read["observation.state"], np.concatenate([state_of(one)[:-1] for one in told]))
        oracle = np.concatenate([one.oracle[:-1] for one in told]).astype(np.float32)
        assert np.array_equal(read["progress_sparse"], oracle)
        assert np.array_equal(np.array(found["progress"], np.float32), oracle)
        assert np.allclose(found["mean"], read["action"].mean(axis=0), atol=1e-6)
        with Scene(task) as scene:
            drawn = np.concatenate([scene.frames(one, size=(64, 64), profile="vlm")[:-1] for one in told])
        shown = 255 * read[CAMERA].transpose(0, 2, 3, 1)
        assert np.abs(shown - drawn).mean(axis=(1, 2, 3)).max() < 4
